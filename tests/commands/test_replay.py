from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select
from structlog.testing import capture_logs

from moderation.commands import main
from moderation.services import Services
from moderation.tables import Comment, KeyPurpose, SiteKey
from tests.exchange.histories import HAM, SPAM, write
from tests.exchange.servers import running
from tests.factories import MadeSite, make_site

HISTORY = [
    SPAM,
    HAM,
    {"body": "Only a text, and that is fine.", "label": "ham"},
    {**HAM, "body": "Written tomorrow, it says.", "created_at": "2999-01-01T00:00:00Z"},
    {**SPAM, "author_url": "javascript:alert(1)"},
    HAM,
]


@pytest.fixture(autouse=True)
def _log_apart() -> Iterator[None]:
    """The service runs in the same process as the command, whose output its log would spoil."""
    with capture_logs():
        yield


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site."""
    return make_site(services)


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    """The address of the running service."""
    with running(app) as (url, _):
        yield url


def keys_in_force(services: Services) -> list[SiteKey]:
    with services.database.reading() as session:
        keys = select(SiteKey).where(SiteKey.purpose == KeyPurpose.REPLAY, SiteKey.revoked_at.is_(None))
        return list(session.scalars(keys))


#: Eight are under way at a time, so when this many have come most of them have been answered.
ANSWERED_BEFORE = 40


def slowly(app: Flask, seen: threading.Event) -> WSGIApplication:
    """The same service, so slow that there is time to interrupt; tells when so many comments came that some are answered."""
    came = itertools.count(1)

    def slow(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST" and environ["CONTENT_LENGTH"] != "2":
            if next(came) > ANSWERED_BEFORE:
                seen.set()
            time.sleep(0.1)
        return app(environ, start_response)

    return slow


def test_the_report_tells_spam_and_genuine_apart(
    services: Services, runner: CliRunner, site: MadeSite, url: str, tmp_path: Path
) -> None:
    file = write(tmp_path, HISTORY)
    result = runner.invoke(main, ["replay", str(file), "--site", str(site.id), "--url", url, "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["sent"], told["spam"]["total"], told["genuine"]["total"]) == (6, 2, 4)
    assert told["spam"]["refused"] == told["refused"] == 1
    assert told["genuine"]["duplicates"] == told["duplicates"] == 1
    assert told["failed"] == 0
    assert told["reasons"] == [
        {"reason": "422 author_url: invalid_url", "label": "spam", "outcome": "refused", "count": 1}
    ]
    assert told["complete"]
    with services.database.reading() as session:
        stored = session.scalars(select(Comment)).all()
    assert len(stored) == 4
    assert {comment.label for comment in stored} == {None}
    assert {comment.ip for comment in stored} == {"", SPAM["ip"], HAM["ip"]}
    assert keys_in_force(services) == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_table_is_for_people(runner: CliRunner, site: MadeSite, url: str, tmp_path: Path) -> None:
    file = write(tmp_path, HISTORY)
    arguments = ["replay", str(file), "--site", str(site.id), "--url", url, "--key", site.key, "--limit", "2"]
    result = runner.invoke(main, arguments)
    assert result.exit_code == 0, result.output
    for words in ("published", "held for a moderator", "kept as spam", "refused", "Sent 2 comments in"):
        assert words in result.stdout


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_with_a_bad_line_nothing_is_sent_unless_told_to(
    services: Services, runner: CliRunner, site: MadeSite, url: str, tmp_path: Path
) -> None:
    file = write(tmp_path, [HAM, b"{", {"body": "unjudged"}, SPAM])
    arguments = ["replay", str(file), "--site", str(site.id), "--url", url, "--json"]
    result = runner.invoke(main, arguments)
    assert result.exit_code == 1
    assert "2 lines cannot be read; nothing was sent" in result.stderr
    assert "line 2: not JSON" in result.stderr
    assert "line 3: label" in result.stderr
    with services.database.reading() as session:
        assert session.scalars(select(Comment)).all() == []
    result = runner.invoke(main, [*arguments, "--skip-bad"])
    assert (json.loads(result.stdout)["sent"], json.loads(result.stdout)["bad_lines"]) == (2, 2)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_cannot_work_is_told_in_one_line(
    services: Services, runner: CliRunner, site: MadeSite, url: str, tmp_path: Path
) -> None:
    file = str(write(tmp_path, HISTORY))
    unknown = "00000000-0000-7000-8000-000000000000"
    for arguments, message in (
        (["--site", str(site.id), "--url", "http://127.0.0.1:9"], "Nothing answers at http://127.0.0.1:9"),
        (["--site", unknown, "--url", url], "There is no such site."),
        (["--site", unknown, "--url", url, "--key", site.key], "has no site"),
        (["--site", str(site.id), "--url", url, "--key", "wrong"], "does not take the key"),
    ):
        result = runner.invoke(main, ["replay", file, *arguments])
        assert result.exit_code == 1
        assert "Error: " in result.stderr
        assert message in result.stderr
    with services.database.reading() as session:
        assert session.scalars(select(Comment)).all() == []
    assert keys_in_force(services) == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("sent_signal", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_revokes_its_key_and_tells_how_far_it_came(
    services: Services, runner: CliRunner, site: MadeSite, app: Flask, tmp_path: Path, sent_signal: signal.Signals
) -> None:
    file = write(tmp_path, [{**HAM, "body": f"Note {number}"} for number in range(500)])
    seen = threading.Event()
    with running(slowly(app, seen)) as (url, _):
        process = subprocess.Popen(
            [sys.executable, "-m", "moderation", "replay", str(file), "--site", str(site.id), "--url", url, "--json"],
            env={**os.environ, **{name: value for name, value in runner.env.items() if value is not None}},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            assert seen.wait(120)
            assert len(keys_in_force(services)) == 1
            process.send_signal(sent_signal)
            output, problems = process.communicate(timeout=120)
        finally:
            process.kill()
            process.communicate()
    assert process.returncode == 130, problems.decode()
    told = json.loads(output)
    assert 0 < told["sent"] < 500
    assert (told["complete"], told["stopped"], told["failed"]) == (False, "interrupted", 0)
    assert keys_in_force(services) == []
