"""With a real Redis as the broker of calls and the counter of sign-ins, shared between machines."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from moderation.errors import TooManyError
from moderation.jobs import wake
from moderation.pages.attempts import Attempts
from moderation.services import Services
from tests.jobs.workers import add_job, eventually, is_done, succeed, working

pytestmark = pytest.mark.redis
only_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """A Redis of the test's own, on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    with redis.Redis(port=port) as client:
        for _ in range(100):
            try:
                client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait(10)


@pytest.fixture
def shared(real: Services, redis_url: str) -> Services:
    """The service's parts, with Redis."""
    return replace(real, settings=real.settings.model_copy(update={"redis_url": redis_url}))


@only_sqlite
def test_a_call_through_redis_wakes_a_worker_at_once(shared: Services, redis_url: str) -> None:
    # The sweep would find the job only after a minute: what is quick here is the call.
    with working(shared, {"retrain": succeed}, sweep_every=60):
        time.sleep(1)
        job_id = add_job(shared.database)
        wake(shared, job_id)
        assert eventually(lambda: is_done(shared.database, job_id)) < 5
    assert not (shared.settings.home / "jobs.sqlite3").exists()


@only_sqlite
def test_a_call_that_redis_lost_is_made_up_for(shared: Services, redis_url: str) -> None:
    job_id = add_job(shared.database)
    wake(shared, job_id)
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    with working(shared, {"retrain": succeed}, sweep_every=0.1):
        eventually(lambda: is_done(shared.database, job_id))


def test_attempts_to_sign_in_are_counted_for_all_machines_together(redis_url: str) -> None:
    machines = Attempts(redis_url), Attempts(redis_url)
    for number in range(10):
        machines[number % 2].count("ann@example.org", f"192.0.2.{number}")
    with pytest.raises(TooManyError) as refusal:
        machines[0].count("ann@example.org", "192.0.2.99")
    assert 0 < refusal.value.retry_after <= 15 * 60
    machines[1].forget("ann@example.org")
    machines[0].count("ann@example.org", "192.0.2.99")
