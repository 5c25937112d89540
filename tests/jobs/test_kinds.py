"""The real jobs, from the request that orders them to the worker that does them."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from sqlalchemy import select

from moderation.app import create_app
from moderation.clock import utc_now
from moderation.jobs.kinds import WORK
from moderation.learning.live import LiveModel
from moderation.learning.registry import install_starter
from moderation.learning.retrain import request_retrain
from moderation.services import Services
from moderation.tables import Comment, Job, JobState, ModelVersion, Status
from tests.factories import CLEAN, make_site, post_id
from tests.jobs.workers import eventually, is_done, read, working


def status_of(services: Services, comment_id: uuid.UUID) -> Status:
    with services.database.reading() as session:
        return session.get_one(Comment, comment_id).status


def test_a_comment_that_came_while_no_model_was_there_is_judged_when_it_is_back(real: Services) -> None:
    without = replace(real, live_model=LiveModel(real.database, real.settings.home / "other"))
    client = create_app(without).test_client()
    comment_id = post_id(client, make_site(real), CLEAN)
    assert status_of(real, comment_id) is Status.PENDING
    with real.database.reading() as session:
        job_id = session.scalars(select(Job.id)).one()
    with working(real, WORK):
        eventually(lambda: "Waiting for a model" in read(real.database, job_id).message)
        assert read(real.database, job_id).state is JobState.QUEUED
        assert read(real.database, job_id).attempts == 0
    with real.database.writing() as session:
        install_starter(session, utc_now())
        session.get_one(Job, job_id).run_after = utc_now()
    with working(real, WORK):
        eventually(lambda: is_done(real.database, job_id))
    assert status_of(real, comment_id) is Status.PUBLISHED


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_comment_that_is_gone_is_no_trouble(real: Services) -> None:
    with real.database.writing() as session:
        install_starter(session, utc_now())
        job = Job(kind="rejudge", payload={"comment_id": str(uuid.uuid4())}, run_after=utc_now(), created_at=utc_now())
        session.add(job)
    with working(real, WORK):
        eventually(lambda: is_done(real.database, job.id))


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_training_without_labels_fails_with_the_reason(real: Services) -> None:
    with real.database.writing() as session:
        job_id = request_retrain(session, None, utc_now())
    with working(real, WORK):
        eventually(lambda: read(real.database, job_id).state is JobState.FAILED)
    assert read(real.database, job_id).message.startswith("Nothing can be learnt")
    with real.database.reading() as session:
        assert session.scalars(select(ModelVersion)).all() == []
