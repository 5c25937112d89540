"""Clients of Akismet that others wrote, unmodified, against the service."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from moderation.exchange.akismet.answers import THANKS
from moderation.services import Services
from moderation.tables import Comment, Status
from tests.api.test_akismet import HAM, JUNK
from tests.clients.far_end import FarEnd, far_end
from tests.exchange.servers import running
from tests.factories import ORIGIN, MadeSite, make_site

FOLDER = Path(__file__).parent
#: Where `make test-clients` puts what npm has.
NPM = FOLDER.parents[1] / ".venv" / "clients" / "node_modules"


@pytest.fixture(params=["sqlite"])
def backend(request: pytest.FixtureRequest) -> str:
    """One database will do: no client sees it."""
    return str(request.param)


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site."""
    return make_site(services)


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    """The service, being served."""
    with running(app) as (address, _server):
        yield address


@pytest.fixture
def far(url: str, tmp_path: Path) -> Iterator[FarEnd]:
    """Where clients go whose host is built in."""
    with far_end(tmp_path, urlsplit(url).port or 0) as end:
        yield end


def run(site: MadeSite, *command: str, **environment: str) -> dict[str, Any]:
    """Run a client on a clean comment and spam; return what it tells."""
    program = shutil.which(command[0])
    assert program, f"This test needs {command[0]}; .ci/run says what to install."
    fields = [{name: value for name, value in one.items() if name != "blog"} for one in (HAM, JUNK)]
    done = subprocess.run(
        [program, *command[1:]],
        input=json.dumps(fields),
        env={**os.environ, "KEY": site.akismet_key, "BLOG": ORIGIN, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=FOLDER,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def standing(services: Services) -> dict[str, tuple[Status, str | None]]:
    """How the clean comment and the spam stand, and what they teach, by their authors."""
    with services.database.reading() as session:
        return {c.author_name: (c.status, c.label) for c in session.scalars(select(Comment).order_by(Comment.id))}


REPORTED = {
    HAM["comment_author"]: (Status.SPAM, "spam"),
    JUNK["comment_author"]: (Status.PUBLISHED, "ham"),
}


def test_akismet_from_pypi(services: Services, site: MadeSite, far: FarEnd) -> None:
    told = run(
        site,
        sys.executable,
        str(FOLDER / "pypi.py"),
        PYTHON_AKISMET_API_KEY=site.akismet_key,
        PYTHON_AKISMET_BLOG_URL=ORIGIN,
        # Its own limit of one second is for a machine that has nothing else to do.
        PYTHON_AKISMET_TIMEOUT="20",
        **far.environment,
    )
    assert told.pop("usage")["limit"] == "none"
    checks = told.pop("checks")
    assert checks[0] == "HAM"
    assert checks[1] in {"SPAM", "DISCARD"}
    assert told.pop("discard") in {"SPAM", "DISCARD"}
    assert told == {"test": "SPAM", "spam": True, "ham": True, "valid": True, "invalid": False}
    assert standing(services) == REPORTED


@pytest.mark.clients
def test_ruby_akismet_from_debian(services: Services, site: MadeSite, far: FarEnd) -> None:
    told = run(site, "ruby", "ruby_akismet.rb", **far.environment)
    assert told.pop("error")
    (ham, spam) = told.pop("checks")
    assert ham == [False, False]
    assert spam[0] is True
    assert told == {"valid": True, "invalid": False, "discard": [True, True]}
    assert standing(services) == REPORTED


@pytest.mark.clients
def test_net_akismet_from_debian(services: Services, site: MadeSite, far: FarEnd) -> None:
    told = run(site, "perl", "net_akismet.pl", **far.environment)
    assert told == {"valid": True, "invalid": False, "checks": ["false", "true"], "spam": THANKS, "ham": THANKS}
    assert standing(services) == REPORTED


@pytest.mark.clients
def test_akismet_api_from_npm(services: Services, site: MadeSite, url: str) -> None:
    host = f"moderation.example.org:{urlsplit(url).port}"
    command = ("node", "--require", "./loopback.cjs", "akismet_api.cjs")
    told = run(site, *command, HOST=host, NODE_PATH=str(NPM))
    assert told.pop("error") == "Invalid API key"
    assert told == {
        "valid": True,
        "invalid": False,
        "checks": [False, True],
        "trapped": True,
        "spam": THANKS,
        "ham": THANKS,
    }
    found = standing(services)
    assert found.pop(HAM["comment_author"]) in {(Status.SPAM, "spam"), (Status.SPAM, None)}
    assert found == {JUNK["comment_author"]: (Status.PUBLISHED, "ham")}


@pytest.mark.clients
def test_cedx_akismet_from_npm(services: Services, site: MadeSite, url: str) -> None:
    told = run(site, "node", "cedx.mjs", BASE=url, NODE_PATH=str(NPM))
    assert told.pop("error")
    checks = told.pop("checks")
    assert checks[0] == "ham"
    assert checks[1] in {"spam", "pervasiveSpam"}
    assert told == {"valid": True, "invalid": False}
    assert standing(services) == REPORTED
