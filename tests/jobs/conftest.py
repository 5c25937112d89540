"""Services by the real clock: leases and pauses are a matter of time."""

from __future__ import annotations

import pytest

from moderation.database import Database
from moderation.services import Services
from moderation.settings import Settings
from tests.jobs.workers import services_of


@pytest.fixture
def real(settings: Settings, database: Database) -> Services:
    """The service's parts, by the real clock, without a model."""
    return services_of(settings, database)
