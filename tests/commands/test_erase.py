from __future__ import annotations

import json
import uuid
from pathlib import Path

from click.testing import CliRunner
from sqlalchemy import func, select

from moderation.clock import Clock
from moderation.commands import main
from moderation.database import Database
from moderation.tables import Comment
from tests.exchange.histories import HAM, SPAM, bring_in, make_site


def test_a_person_is_forgotten(database: Database, runner: CliRunner, clock: Clock, tmp_path: Path) -> None:
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, [SPAM, HAM])
    arguments = ["erase", HAM["author_email"].upper(), "--yes", "--json"]
    first, second = (json.loads(runner.invoke(main, arguments).stdout) for _ in range(2))
    assert first == {
        "comments": 1,
        "placeholders": 0,
        "decisions": 1,
        "labels": 1,
        "sites": 1,
        "addresses": 0,
        "has_account": False,
    }
    assert second["comments"] == 0
    assert HAM["author_email"] not in runner.invoke(main, ["export", "--site", str(site_id)]).stdout


def test_without_yes_nobody_is_forgotten_by_mistake(
    database: Database, runner: CliRunner, clock: Clock, tmp_path: Path
) -> None:
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, [SPAM, HAM])
    result = runner.invoke(main, ["erase", HAM["author_email"]])
    assert result.exit_code == 2
    assert "1 comments would be forgotten for good. Say so with --yes." in result.stderr
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Comment)) == 2


def test_who_is_unknown_and_which_site_are_told(database: Database, runner: CliRunner, clock: Clock) -> None:
    make_site(database, clock)
    result = runner.invoke(main, ["erase", "nobody@example.com"])
    assert (result.exit_code, result.stdout.startswith("Forgot 0 comments")) == (0, True)
    result = runner.invoke(main, ["erase", "nobody@example.com", "--site", str(uuid.uuid4())])
    assert (result.exit_code, result.stderr) == (1, "Error: There is no such site.\n")


def test_what_is_no_address_is_told_and_not_taken_for_a_person_forgotten(runner: CliRunner) -> None:
    result = runner.invoke(main, ["erase", "notmail", "--yes"])
    assert result.exit_code == 1
    assert "'notmail' is no e-mail address." in result.stderr
    assert "email: " in result.stderr
    assert result.stdout == ""
