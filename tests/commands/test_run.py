"""The service as a whole, as ``make run`` starts it: real processes, real HTTP, real signals."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.factories import CLEAN

MODERATION = [sys.executable, "-m", "moderation"]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Running:
    """A started service and what it printed."""

    def __init__(self, home: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = (home.parent / f"log{time.monotonic_ns()}").open("w+")
        self.process = subprocess.Popen(
            [*MODERATION, "run", "--port", str(port), "--workers", "1"],
            env={**os.environ, "MODERATION_HOME": str(home)},
            stdout=self.log,
            stderr=self.log,
        )

    def wait(self) -> None:
        """Wait until it answers that it is ready."""
        for _ in range(600):
            assert self.process.poll() is None, self.printed()
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        pytest.fail(self.printed())

    def printed(self) -> str:
        """Return all that it has printed."""
        self.log.seek(0)
        return self.log.read()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[int], Running]]:
    """Start the service on a port; it is stopped at the end."""
    started: list[Running] = []

    def run(port: int) -> Running:
        started.append(Running(tmp_path / "home", port))
        return started[-1]

    yield run
    for running in started:
        if running.process.poll() is None:
            running.process.terminate()
            running.process.wait(30)
        running.log.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_starts_by_itself_stops_cleanly_and_takes_up_what_is_there(
    start: Callable[[int], Running], how: signal.Signals
) -> None:
    port = free_port()
    first = start(port)
    first.wait()
    printed = first.printed()
    assert f"{first.url}/demo" in printed
    assert f"{first.url}/review" in printed
    found = re.search(r"Admin +(\S+)\s+Password +(\S+)", printed)
    assert found
    with httpx.Client(base_url=first.url, headers={"Origin": first.url}) as browser:
        demo = browser.get("/demo")
        assert demo.status_code == 200
        assert "Leave a Reply" in demo.text
        answer = browser.post("/login", data={"email": found[1], "password": found[2]})
        assert answer.status_code == 303
        assert browser.get("/review").status_code == 200
        action = re.search(r'action="(/sites/([0-9a-f-]+)/comments)"', demo.text)
        assert action
        sent = browser.post(f"/api/v1/sites/{action[2]}/comments", json=CLEAN)
        assert sent.status_code == 201
    first.process.send_signal(how)
    assert first.process.wait(30) == 0, first.printed()
    assert "Traceback" not in first.printed()
    second = start(port)
    second.wait()
    assert "Password" not in second.printed()
    thread = httpx.get(f"{second.url}/api/v1/sites/{action[2]}/comments", params={"thread": CLEAN["thread"]})
    shown = [comment["id"] for comment in thread.json()["comments"]]
    assert shown == ([sent.json()["id"]] if sent.json()["status"] == "published" else [])


def test_the_worker_is_replaced_and_never_outlives_the_service(start: Callable[[int], Running]) -> None:
    running = start(free_port())
    running.wait()
    service = psutil.Process(running.process.pid)

    def workers() -> list[psutil.Process]:
        alive = [child for child in service.children() if child.status() != psutil.STATUS_ZOMBIE]
        return [child for child in alive if "worker" in child.cmdline()]

    def until(holds: Callable[[], object]) -> None:
        for _ in range(300):
            if holds():
                return
            time.sleep(0.1)
        pytest.fail(running.printed())

    until(workers)
    [first] = workers()
    first.kill()
    until(lambda: [worker for worker in workers() if worker.pid != first.pid])
    [second] = workers()
    rest = service.children(recursive=True)
    running.process.kill()
    running.process.wait()
    until(lambda: not second.is_running() or second.status() == psutil.STATUS_ZOMBIE)
    for process in rest:
        if process.is_running():
            process.kill()


def test_a_taken_port_is_told(start: Callable[[int], Running]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        running = start(other.getsockname()[1])
        assert running.process.wait(30) == 1
        assert "--port" in running.printed()
        assert "Traceback" not in running.printed()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"MODERATION_HOMME": "x"}, "MODERATION_HOMME is not a setting"),
        ({"MODERATION_TRUSTED_PROXIES": "many"}, "MODERATION_TRUSTED_PROXIES"),
        ({"MODERATION_DATABASE_URL": "mysql://x/y"}, "neither SQLite nor PostgreSQL"),
        ({"MODERATION_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"}, "cannot be reached"),
        ({"MODERATION_HOME": "/dev/null/x"}, "cannot be made"),
        ({}, "moderation init"),
    ],
)
def test_what_is_wrong_at_the_start_is_told_in_one_message(tmp_path: Path, settings: dict[str, str], told: str) -> None:
    env = {**os.environ, "MODERATION_HOME": str(tmp_path / "home"), **settings}
    done = subprocess.run([*MODERATION, "serve"], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
