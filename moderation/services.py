"""The composition root: the parts that every entrance (web, worker, command line) is built from."""

from __future__ import annotations

from dataclasses import dataclass

from moderation.clock import Clock, utc_now
from moderation.database import Database
from moderation.learning.live import LiveModel
from moderation.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """What the edges hand to the use cases."""

    settings: Settings
    database: Database
    live_model: LiveModel
    clock: Clock
    secret_key: str


def build_services(settings: Settings, clock: Clock = utc_now) -> Services:
    """Open everything once. Touches the disk (secret key, models' folder), not yet the database."""
    settings.prepare_home()
    database = Database(settings.database)
    return Services(
        settings=settings,
        database=database,
        live_model=LiveModel(database, settings.models),
        clock=clock,
        secret_key=settings.read_secret_key(),
    )
