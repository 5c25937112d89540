"""The running service asked all that its description allows, and much that it does not, by Schemathesis."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from moderation.clock import Clock
from moderation.database import Database
from moderation.people.sites import create_site
from moderation.people.users import create_person, create_token
from moderation.settings import Settings
from moderation.tables import Role
from tests.exchange.histories import HAM, SPAM, bring_in

pytestmark = [pytest.mark.contract, pytest.mark.parametrize("backend", ["sqlite"], indirect=True)]

SEED = os.environ.get("SCHEMATHESIS_SEED", "1")
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "25")
WEBSITES = r"^/api/v1/sites/\{site\}/(comments|counts)$"


@dataclass(frozen=True)
class Running:
    address: str
    site_id: uuid.UUID
    site_key: str
    token: str


@pytest.fixture
def running(
    database: Database, services: object, settings: Settings, clock: Clock, tmp_path: Path
) -> Iterator[Running]:
    """The service as it is served, with a site, its history and an admin."""
    with database.writing() as session:
        site = create_site(session, "Bread blog", ["https://blog.example.org"], clock())
        site_id, site_key = site.site.id, site.key
        admin = create_person(session, "admin@example.org", Role.ADMIN, (), "a long enough password", clock())
        token = create_token(session, admin.email, clock())
    bring_in(database, site_id, clock, tmp_path, [SPAM, HAM])
    port = _free_port()
    environment = {
        **os.environ,
        "MODERATION_HOME": str(settings.home),
        "MODERATION_DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "MODERATION_SECRET_KEY": settings.secret_key or "",
    }
    program = [sys.executable, "-m", "moderation", "serve", "--port", str(port), "--workers", "1"]
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(program, env=environment, stdout=log, stderr=log) as served,
    ):
        try:
            _wait_for(f"http://127.0.0.1:{port}/readyz")
            yield Running(f"http://127.0.0.1:{port}", site_id, site_key, token)
        finally:
            psutil.Process(served.pid).terminate()
            served.wait(20)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_for(address: str) -> None:
    for _ in range(300):
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail("the service did not start")


def ask(running: Running, folder: Path, credential: str, *which: str) -> subprocess.CompletedProcess[str]:
    """Run Schemathesis with the check of everything, and print its summary."""
    config = folder / "schemathesis.toml"
    # An id that is known; and a request too long for the server is refused with 414.
    config.write_text(
        f'[parameters]\n"path.site" = "{running.site_id}"\n'
        '[checks.negative_data_rejection]\nexpected-statuses = ["4xx", "5xx"]\n'
    )
    found = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")),
            f"--config-file={config}",
            "run",
            f"{running.address}/api/v1/openapi.json",
            f"--url={running.address}",
            f"--header=Authorization: Bearer {credential}",
            "--checks=all",
            f"--seed={SEED}",
            f"--max-examples={EXAMPLES}",
            "--continue-on-failure",
            "--warnings=off",
            *which,
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    print(found.stdout[-3000:])  # noqa: T201 -- the summary is what a reader of the run looks for
    return found


def test_nothing_is_found_with_a_personal_token(running: Running, tmp_path: Path) -> None:
    found = ask(running, tmp_path, running.token, f"--exclude-path-regex={WEBSITES}")
    assert found.returncode == 0, found.stdout + found.stderr


def test_nothing_is_found_with_a_sites_key(running: Running, tmp_path: Path) -> None:
    found = ask(running, tmp_path, running.site_key, f"--include-path-regex={WEBSITES}")
    assert found.returncode == 0, found.stdout + found.stderr
