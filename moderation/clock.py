"""Time and identity, as arguments: the composition root hands out the real ones, tests their own."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import uuid_utils.compat

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def new_id() -> uuid.UUID:
    """Return a time-ordered identifier (UUID version 7)."""
    return uuid_utils.compat.uuid7()
