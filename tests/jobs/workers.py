"""A worker in a thread, and jobs to watch it by."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from moderation.clock import utc_now
from moderation.database import Database
from moderation.jobs import lease as leases
from moderation.jobs import run_worker
from moderation.jobs.kinds import Report, Work
from moderation.jobs.lease import Lease
from moderation.learning.live import LiveModel
from moderation.outbox import Kind, enqueue
from moderation.services import Services
from moderation.settings import Settings
from moderation.tables import Job, JobState


def services_of(settings: Settings, database: Database) -> Services:
    """Services by the real clock, without a model."""
    return Services(
        settings=settings,
        database=database,
        live_model=LiveModel(database, settings.models, check_every=0),
        clock=utc_now,
        secret_key=settings.read_secret_key(),
    )


def add_job(database: Database, payload: dict[str, Any] | None = None) -> uuid.UUID:
    """A retrain job, whatever its work is in the test."""
    with database.writing() as session:
        return enqueue(session, Kind.RETRAIN, payload or {}, utc_now())


def succeed(services: Services, lease: Lease, _report: Report) -> None:
    """Work that is done at once."""
    with services.database.writing() as session:
        leases.succeed(session, lease, {"done": True}, services.clock())


@contextmanager
def working(services: Services, work: Mapping[str, Work], **options: float) -> Iterator[threading.Event]:
    """Run a worker; at the end it is stopped."""
    stop = threading.Event()
    thread = threading.Thread(target=run_worker, args=(services, stop), kwargs={"work": work, **options})
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def eventually(holds: Callable[[], bool], seconds: float = 10.0) -> float:
    """Wait until it holds; return how long that took."""
    start = time.monotonic()
    while not holds():
        assert time.monotonic() < start + seconds, "it did not happen in time"
        time.sleep(0.02)
    return time.monotonic() - start


def read(database: Database, job_id: uuid.UUID) -> Job:
    """The job's row."""
    with database.reading() as session:
        return session.get_one(Job, job_id)


def is_done(database: Database, job_id: uuid.UUID) -> bool:
    """Whether the job has succeeded."""
    return read(database, job_id).state is JobState.SUCCEEDED
