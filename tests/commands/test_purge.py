from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from moderation.clock import Clock
from moderation.commands import main
from moderation.database import Database
from tests.exchange.histories import HAM, SPAM, bring_in, make_site

# The command goes by the real clock: whatever the day, this is long ago.
OLD = "2020-01-01T00:00:00Z"


def test_what_is_old_goes_and_a_dry_run_only_tells(
    database: Database, runner: CliRunner, clock: Clock, tmp_path: Path
) -> None:
    site_id = make_site(database, clock)
    unlabelled = {"kind": "comment", "status": "spam", "body": "Nobody looked.", "created_at": OLD}
    bring_in(database, site_id, clock, tmp_path, [{**SPAM, "created_at": OLD}, {**HAM, "created_at": OLD}, unlabelled])
    told = json.loads(runner.invoke(main, ["purge", "--dry-run", "--json"]).stdout)
    done = json.loads(runner.invoke(main, ["purge", "--json"]).stdout)
    assert {**told, "dry_run": False} == done
    assert (done["spam"], done["rejected"], done["addresses"]) == (1, 0, 2)
    result = runner.invoke(main, ["purge", "--labelled", "--address-days", "1"])
    assert result.stdout.startswith("Removed 1 spam and 0 rejected comments")


def test_days_are_checked(runner: CliRunner) -> None:
    result = runner.invoke(main, ["purge", "--spam-days", "-1"])
    assert result.exit_code == 2
    assert "--spam-days" in result.stderr
