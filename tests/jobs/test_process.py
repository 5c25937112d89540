"""The worker as a process: killed in the middle of a job, and stopped by a signal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from moderation.clock import utc_now
from moderation.jobs.lease import LEASE
from moderation.services import Services
from moderation.tables import JobState
from tests.jobs.workers import add_job, eventually, is_done, read, succeed, working


@contextmanager
def process(services: Services, *module: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "MODERATION_HOME": str(services.settings.home),
        "MODERATION_DATABASE_URL": services.settings.database.render_as_string(hide_password=False),
        "MODERATION_SECRET_KEY": services.secret_key,
    }
    started = subprocess.Popen([sys.executable, "-m", *module], env=environment)
    try:
        yield started
    finally:
        started.kill()
        started.wait()


def test_a_job_whose_worker_is_killed_is_finished_by_another_once_the_lease_has_passed(real: Services) -> None:
    job_id = add_job(real.database)
    with process(real, "tests.jobs.endless") as victim:
        eventually(lambda: read(real.database, job_id).progress > 0, 30)
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait()
    left = read(real.database, job_id)
    assert left.state is JobState.RUNNING
    assert left.lease_until is not None
    assert left.lease_until <= utc_now() + LEASE
    with working(real, {"retrain": succeed}, sweep_every=0.1):
        time.sleep(0.5)
        assert read(real.database, job_id).state is JobState.RUNNING
    later = replace(real, clock=lambda: utc_now() + LEASE + timedelta(seconds=1))
    with working(later, {"retrain": succeed}):
        assert eventually(lambda: is_done(real.database, job_id)) < 5
    assert read(real.database, job_id).attempts == 2


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_works_and_stops_cleanly_on_a_signal(real: Services, number: signal.Signals) -> None:
    job_id = add_job(real.database)
    with process(real, "moderation", "worker") as worker:
        eventually(lambda: read(real.database, job_id).state is JobState.FAILED, 30)
        worker.send_signal(number)
        assert worker.wait(20) == 0
    assert read(real.database, job_id).message.startswith("Nothing can be learnt: nobody has called")
