"""The worker, on Huey over both databases: called at once, finding what was forgotten, stopping without loss."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import closing
from datetime import timedelta

from moderation.errors import ConflictError, UnavailableError
from moderation.jobs import lease as leases
from moderation.jobs import wake
from moderation.jobs.kinds import NotNowError, Report
from moderation.jobs.lease import Lease
from moderation.jobs.queue import open_queue
from moderation.services import Services
from moderation.tables import JobState
from tests.jobs.workers import add_job, eventually, is_done, read, succeed, working

NEVER = 3600.0


def test_a_call_wakes_the_worker_at_once(real: Services) -> None:
    with working(real, {"retrain": succeed}, sweep_every=NEVER):
        job_id = add_job(real.database)
        wake(real, job_id)
        assert eventually(lambda: is_done(real.database, job_id)) < 3
    job = read(real.database, job_id)
    assert (job.result, job.progress, job.attempts) == ({"done": True}, 1.0, 1)


def test_a_lost_call_is_made_good_within_seconds(real: Services) -> None:
    with working(real, {"retrain": succeed}):
        job_id = add_job(real.database)
        assert eventually(lambda: is_done(real.database, job_id)) < 5


def test_jobs_from_before_the_start_are_done(real: Services) -> None:
    job_ids = [add_job(real.database) for _ in range(5)]
    with working(real, {"retrain": succeed}, sweep_every=NEVER):
        for job_id in job_ids:
            eventually(lambda job_id=job_id: is_done(real.database, job_id))  # type: ignore[misc]


def test_two_workers_called_many_times_do_each_job_once(real: Services) -> None:
    begun: Counter[str] = Counter()
    lock = threading.Lock()

    def count(services: Services, lease: Lease, report: Report) -> None:
        with lock:
            begun[str(lease.job_id)] += 1
        time.sleep(0.05)
        succeed(services, lease, report)

    with working(real, {"retrain": count}, sweep_every=0.05), working(real, {"retrain": count}, sweep_every=0.05):
        job_ids = [add_job(real.database) for _ in range(12)]
        for job_id in [*job_ids, *job_ids, *job_ids]:
            wake(real, job_id)
        eventually(lambda: all(is_done(real.database, job_id) for job_id in job_ids), 30)
    assert begun == Counter(map(str, job_ids))


def test_a_refusal_fails_the_job_with_its_reason(real: Services) -> None:
    def refuse(_services: Services, _lease: Lease, _report: Report) -> None:
        message = "Nothing can be learnt."
        raise ConflictError(message)

    job_id = add_job(real.database)
    with working(real, {"retrain": refuse}):
        eventually(lambda: read(real.database, job_id).state is JobState.FAILED)
    assert read(real.database, job_id).message == "Nothing can be learnt."


def test_an_unexpected_error_is_tried_again_and_tells_nothing_of_comments(real: Services) -> None:
    def break_down(_services: Services, _lease: Lease, _report: Report) -> None:
        message = "someone@example.com"
        raise RuntimeError(message)

    job_id = add_job(real.database)
    with working(real, {"retrain": break_down}):
        eventually(lambda: read(real.database, job_id).message != "")
    job = read(real.database, job_id)
    assert (job.state, job.attempts, job.message) == (
        JobState.QUEUED,
        1,
        "It failed with RuntimeError; see the log.",
    )
    assert job.run_after > job.created_at


def test_what_cannot_be_done_now_is_tried_again_with_its_reason(real: Services) -> None:
    def full(_services: Services, _lease: Lease, _report: Report) -> None:
        message = "The disk is full."
        raise UnavailableError(message)

    job_id = add_job(real.database)
    with working(real, {"retrain": full}):
        eventually(lambda: read(real.database, job_id).message != "")
    job = read(real.database, job_id)
    assert (job.state, job.attempts, job.message) == (JobState.QUEUED, 1, "The disk is full.")


def test_a_job_that_must_wait_is_done_later_and_has_not_failed(real: Services) -> None:
    tries: list[int] = []

    def wait_twice(services: Services, lease: Lease, report: Report) -> None:
        tries.append(lease.attempts)
        if len(tries) < 3:
            message = "Waiting for a model."
            raise NotNowError(message, timedelta(seconds=0.1))
        succeed(services, lease, report)

    job_id = add_job(real.database)
    with working(real, {"retrain": wait_twice}, sweep_every=0.05):
        eventually(lambda: is_done(real.database, job_id))
    assert tries == [1, 1, 1]


def test_a_worker_that_stops_gives_its_job_back_at_once(real: Services) -> None:
    begun = threading.Event()

    def go_on(_services: Services, _lease: Lease, report: Report) -> None:
        while True:
            report(0.5, "working")
            begun.set()
            time.sleep(0.01)

    job_id = add_job(real.database)
    with working(real, {"retrain": go_on}):
        assert begun.wait(10)
        assert read(real.database, job_id).progress == 0.5
    job = read(real.database, job_id)
    assert (job.state, job.lease_token, job.attempts) == (JobState.QUEUED, None, 0)
    with working(real, {"retrain": succeed}):
        assert eventually(lambda: is_done(real.database, job_id)) < 3


def test_a_job_that_does_not_heed_the_stop_is_given_back_and_its_outcome_ignored(real: Services) -> None:
    begun, end = threading.Event(), threading.Event()
    outcome: list[str] = []

    def deaf(services: Services, lease: Lease, report: Report) -> None:
        begun.set()
        end.wait(20)
        try:
            succeed(services, lease, report)
        except leases.LeaseLostError:
            outcome.append("lost")
            raise

    job_id = add_job(real.database)
    with working(real, {"retrain": deaf}, grace=0.2):
        assert begun.wait(10)
    assert read(real.database, job_id).state is JobState.QUEUED
    end.set()
    eventually(lambda: outcome == ["lost"])
    assert read(real.database, job_id).state is JobState.QUEUED


def test_a_message_we_did_not_sign_is_thrown_away_unread(real: Services) -> None:
    with (
        closing(open_queue(real.settings, "another secret of 32 letters or more")) as forged,
        working(real, {"retrain": succeed}, sweep_every=NEVER),
    ):
        before = add_job(real.database)
        wake(real, before)
        eventually(lambda: is_done(real.database, before))
        job_id = add_job(real.database)
        forged.call(job_id)
        eventually(forged.is_empty)
        time.sleep(0.2)
        assert read(real.database, job_id).state is JobState.QUEUED
        wake(real, job_id)
        eventually(lambda: is_done(real.database, job_id))


def test_the_queue_is_where_the_database_is(real: Services) -> None:
    expected = "SqliteStorage" if real.database.is_sqlite else "PostgresStorage"
    with closing(open_queue(real.settings, real.secret_key)) as queue:
        assert type(queue.huey.storage).__name__ == expected


def test_a_broker_that_is_away_costs_the_caller_nothing(real: Services) -> None:
    away = real.settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    without = Services(away, real.database, real.live_model, real.clock, real.secret_key)
    wake(without, add_job(real.database))
