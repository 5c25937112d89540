"""A service that sends mail, and a worker for its letters."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from moderation.jobs.worker import Worker
from moderation.services import Services
from moderation.settings import Settings
from moderation.tables import Job, JobState
from tests.mail.postbox import Postbox, serving


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    """Where all mail goes."""
    with serving() as postbox:
        yield postbox


@pytest.fixture
def settings(settings: Settings, postbox: Postbox) -> Settings:
    """Settings by which mail is sent."""
    changes = {"smtp_url": SecretStr(postbox.url), "mail_from": "Comments <comments@service.example>"}
    return settings.model_copy(update=changes)


@pytest.fixture
def work(services: Services) -> Callable[[], list[Job]]:
    """Do, when called, all jobs that are due, as a worker does; return all jobs there are."""
    worker = Worker(services, threading.Event())

    def run() -> list[Job]:
        with services.database.reading() as session:
            waiting = session.scalars(select(Job.id).where(Job.state == JobState.QUEUED).order_by(Job.id)).all()
        for job_id in waiting:
            worker.run(job_id)
        with services.database.reading() as session:
            return list(session.scalars(select(Job).order_by(Job.id)))

    return run
