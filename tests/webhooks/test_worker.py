"""Deliveries by real workers: one at a time for each webhook, taken up again when a worker is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from moderation.app import create_app
from moderation.clock import utc_now
from moderation.jobs import wake
from moderation.jobs.kinds import WORK
from moderation.jobs.lease import LEASE
from moderation.learning.registry import install_starter
from moderation.review.decisions import decide
from moderation.services import Services
from moderation.tables import Action, DeliveryState, Job, JobState
from moderation.webhooks.endpoints import create_webhook
from tests.factories import MadeSite, make_person, make_site, post_id
from tests.jobs.workers import eventually, services_of, working
from tests.webhooks.conftest import deliveries
from tests.webhooks.receivers import Receiver, receiving


@pytest.fixture
def real(services: Services) -> Services:
    """The service's parts by the real clock."""
    return replace(services, clock=utc_now)


@contextmanager
def worker_process(services: Services) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "MODERATION_HOME": str(services.settings.home),
        "MODERATION_DATABASE_URL": services.settings.database.render_as_string(hide_password=False),
        "MODERATION_SECRET_KEY": services.secret_key,
        "MODERATION_PRIVATE_WEBHOOKS": "true",
    }
    started = subprocess.Popen([sys.executable, "-m", "moderation", "worker"], env=environment)
    try:
        yield started
    finally:
        started.kill()
        started.wait()


def site_with_webhook(services: Services, receiver: Receiver) -> MadeSite:
    site = make_site(services)
    with services.database.writing() as session:
        create_webhook(session, site.id, receiver.url, services.secret_key, services.clock())
    return site


def all_delivered(services: Services) -> bool:
    return all(d.state is DeliveryState.DELIVERED for d in deliveries(services))


def test_several_workers_deliver_one_by_one_and_in_order(real: Services) -> None:
    client = create_app(real).test_client()
    with receiving(seconds=0.02) as receiver, ExitStack() as workers:
        site = site_with_webhook(real, receiver)
        moderator = make_person(real)
        for _ in range(3):
            workers.enter_context(working(real, WORK, sweep_every=0.05))
        ids = [post_id(client, site, body=f"The crust was great, loaf number {number}.") for number in range(4)]
        for action in (Action.SPAM, Action.PUBLISH, Action.REJECT):
            for comment_id in ids:
                with real.database.writing() as session:
                    decide(session, moderator.actor, comment_id, action, utc_now())
        eventually(lambda: len(deliveries(real)) == 16 and all_delivered(real), 30)
    assert receiver.most_at_once == 1
    for comment_id in ids:
        versions = [e["data"]["version"] for e in receiver.events if e["data"]["id"] == str(comment_id)]
        assert versions == [1, 2, 3, 4]


def test_what_a_killed_worker_had_begun_is_sent_again_by_another(real: Services) -> None:
    client = create_app(real).test_client()
    with receiving(seconds=3.0) as receiver:
        site = site_with_webhook(real, receiver)
        post_id(client, site)
        with worker_process(real) as victim:
            eventually(lambda: receiver.most_at_once == 1, 30)
            os.kill(victim.pid, signal.SIGKILL)
            victim.wait()
        assert [d.state for d in deliveries(real)] == [DeliveryState.WAITING]
        receiver.seconds = 0.0
        later = replace(real, clock=lambda: utc_now() + LEASE + timedelta(seconds=1))
        with working(later, WORK, sweep_every=0.1):
            eventually(lambda: all_delivered(real), 20)
        eventually(lambda: len(receiver.bodies) == 2)
    assert len({headers["webhook-id"] for headers in receiver.headers}) == 1


def test_a_receiver_that_is_slow_holds_up_no_other_work(real: Services) -> None:
    client = create_app(real).test_client()
    with receiving(seconds=3.0) as slow, receiving() as quick:
        busy, other = site_with_webhook(real, slow), site_with_webhook(real, quick)
        with working(real, WORK, sweep_every=0.05):
            for number in range(6):
                post_id(client, busy, body=f"The crust was great, loaf number {number}.")
            eventually(lambda: slow.most_at_once == 1)
            post_id(client, other)
            assert eventually(lambda: len(quick.bodies) == 1) < 2.5
        assert slow.most_at_once == 1


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_comment_that_cannot_be_judged_is_asked_for_ever_more_seldom(real: Services) -> None:
    without = services_of(real.settings.model_copy(update={"home": real.settings.home / "empty"}), real.database)
    without.settings.prepare_home()
    with real.database.writing() as session:
        for table in ("promotion", "model_file", "model_version"):
            session.execute(Job.metadata.tables[table].delete())
    client = create_app(without).test_client()
    post_id(client, make_site(without))
    pauses = []
    for _ in range(8):
        with without.database.writing() as session:
            job = session.scalars(select(Job)).one()
            seen, job.run_after = job.deferrals, utc_now()
            session.commit()
        with working(without, WORK, sweep_every=0.05):
            wake(without, job.id)
            eventually(lambda seen=seen: read_job(without).deferrals > seen)  # type: ignore[misc]
        pauses.append(round((read_job(without).run_after - utc_now()).total_seconds(), -1))
    assert pauses == [10, 20, 40, 80, 160, 300, 300, 300]
    assert read_job(without).state is JobState.QUEUED
    with without.database.writing() as session:
        install_starter(session, utc_now())
        session.scalars(select(Job)).one().run_after = utc_now()
    with working(without, WORK, sweep_every=0.05):
        eventually(lambda: read_job(without).state is JobState.SUCCEEDED)


def read_job(services: Services) -> Job:
    with services.database.reading() as session:
        return session.scalars(select(Job)).one()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_waiting_jobs_and_failing_webhooks_are_figures(real: Services) -> None:
    client = create_app(real).test_client()
    with receiving(answers=["500 No"]) as receiver:
        site = site_with_webhook(real, receiver)
        post_id(client, site)
        with working(real, WORK, sweep_every=0.05):
            eventually(lambda: len(receiver.bodies) == 1)
            eventually(lambda: read_job(real).state is JobState.QUEUED)
    figures = client.get("/metrics").text
    assert 'moderation_jobs{kind="deliver",state="queued"} 1.0' in figures
    assert 'moderation_jobs{kind="rejudge",state="queued"} 0.0' in figures
    assert "moderation_webhooks_failing 1.0" in figures
