"""Leases: one worker at a time, none for ever, and only its holder writes."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from moderation.database import Database
from moderation.jobs import lease as leases
from moderation.jobs.lease import FIRST_PAUSE, LEASE, MAX_ATTEMPTS, Lease, LeaseLostError
from moderation.outbox import Kind, enqueue
from moderation.tables import Job, JobState
from tests.conftest import FakeClock


def add_job(database: Database, clock: FakeClock, delay: timedelta = timedelta(0)) -> uuid.UUID:
    with database.writing() as session:
        return enqueue(session, Kind.RETRAIN, {"a": 1}, clock(), delay=delay)


def take(database: Database, job_id: uuid.UUID, clock: FakeClock) -> Lease | None:
    with database.writing() as session:
        return leases.take(session, job_id, clock())


def must_take(database: Database, job_id: uuid.UUID, clock: FakeClock) -> Lease:
    lease = take(database, job_id, clock)
    assert lease is not None
    return lease


def read(database: Database, job_id: uuid.UUID) -> Job:
    with database.reading() as session:
        return session.get_one(Job, job_id)


def due(database: Database, clock: FakeClock) -> list[uuid.UUID]:
    with database.reading() as session:
        return leases.due(session, clock())


def test_a_job_is_due_after_its_delay_and_taken_once(database: Database, clock: FakeClock) -> None:
    job_id = add_job(database, clock, timedelta(seconds=5))
    assert due(database, clock) == []
    assert take(database, job_id, clock) is None
    clock.advance(5)
    assert due(database, clock) == [job_id]
    lease = must_take(database, job_id, clock)
    assert (lease.kind, lease.payload, lease.attempts) == ("retrain", {"a": 1}, 1)
    assert due(database, clock) == []
    assert take(database, job_id, clock) is None
    assert take(database, uuid.uuid4(), clock) is None


def test_of_many_who_reach_for_a_job_one_gets_it(database: Database, clock: FakeClock) -> None:
    job_id = add_job(database, clock)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: take(database, job_id, clock), range(24)))
    assert len([lease for lease in taken if lease]) == 1


def test_a_job_whose_lease_has_passed_is_taken_up_by_another_and_the_first_is_locked_out(
    database: Database, clock: FakeClock
) -> None:
    job_id = add_job(database, clock)
    first = must_take(database, job_id, clock)
    clock.advance(LEASE.total_seconds() + 1)
    assert due(database, clock) == [job_id]
    second = must_take(database, job_id, clock)
    assert second.attempts == 2
    with pytest.raises(LeaseLostError), database.writing() as session:
        leases.report(session, first, 0.9, "still here")
    with pytest.raises(LeaseLostError), database.writing() as session:
        leases.succeed(session, first, {"by": "first"}, clock())
    with database.writing() as session:
        leases.succeed(session, second, {"by": "second"}, clock())
    assert read(database, job_id).result == {"by": "second"}


def test_a_renewed_lease_does_not_pass(database: Database, clock: FakeClock) -> None:
    job_id = add_job(database, clock)
    lease = must_take(database, job_id, clock)
    for _ in range(3):
        clock.advance(LEASE.total_seconds() * 0.9)
        assert take(database, job_id, clock) is None
        with database.writing() as session:
            leases.renew(session, lease, clock())


def test_a_job_that_fails_is_tried_again_later_each_time_and_then_given_up(
    database: Database, clock: FakeClock
) -> None:
    job_id = add_job(database, clock)
    pauses = []
    for _ in range(MAX_ATTEMPTS):
        with database.writing() as session:
            lease = leases.take(session, job_id, clock())
            assert lease is not None
            leases.retry(session, lease, "It broke.", clock())
        pauses.append(read(database, job_id).run_after - clock())
        clock.advance(3600)
    assert pauses[:4] == [FIRST_PAUSE * factor for factor in (1, 4, 16, 64)]
    job = read(database, job_id)
    assert (job.state, job.message, job.attempts) == (JobState.FAILED, "It broke.", MAX_ATTEMPTS)
    assert job.finished_at is not None
    assert due(database, clock) == []


def test_a_job_that_kills_its_workers_is_given_up(database: Database, clock: FakeClock) -> None:
    job_id = add_job(database, clock)
    for _ in range(MAX_ATTEMPTS):
        must_take(database, job_id, clock)
        clock.advance(LEASE.total_seconds() + 1)
    assert take(database, job_id, clock) is None
    job = read(database, job_id)
    assert (job.state, job.message) == (JobState.FAILED, "Its worker died each time it was tried.")


def test_a_job_given_back_has_not_failed(database: Database, clock: FakeClock) -> None:
    job_id = add_job(database, clock)
    for _ in range(3 * MAX_ATTEMPTS):
        lease = must_take(database, job_id, clock)
        with database.writing() as session:
            leases.give_back(session, lease, "Not now.", clock(), timedelta(seconds=10))
        assert due(database, clock) == []
        clock.advance(10)
    assert read(database, job_id).state is JobState.QUEUED


def test_progress_stays_between_nothing_and_all(database: Database, clock: FakeClock) -> None:
    job_id = add_job(database, clock)
    lease = must_take(database, job_id, clock)
    for told, stored in ((-1.0, 0.0), (0.5, 0.5), (7.0, 1.0)):
        with database.writing() as session:
            leases.report(session, lease, told, "fitting")
        assert (read(database, job_id).progress, read(database, job_id).message) == (stored, "fitting")
