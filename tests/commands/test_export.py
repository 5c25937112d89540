from __future__ import annotations

import json
import stat
import uuid
from pathlib import Path

from click.testing import CliRunner

from moderation.clock import Clock
from moderation.commands import main
from moderation.database import Database
from tests.exchange.histories import HAM, SPAM, bring_in, make_site


def test_a_site_is_printed_line_by_line(database: Database, runner: CliRunner, clock: Clock, tmp_path: Path) -> None:
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, [SPAM, HAM])
    result = runner.invoke(main, ["export", "--site", str(site_id)])
    assert result.exit_code == 0
    kinds = [json.loads(line)["kind"] for line in result.stdout.splitlines()]
    assert kinds == ["site", "policy", "thread", "comment", "decision", "comment", "decision"]
    labelled = runner.invoke(main, ["export", "--site", str(site_id), "--labelled"]).stdout
    assert [json.loads(line)["label"] for line in labelled.splitlines()] == ["spam", "ham"]


def test_a_file_is_private_and_whole(database: Database, runner: CliRunner, clock: Clock, tmp_path: Path) -> None:
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, [SPAM, HAM])
    out = tmp_path / "out" / "site.jsonl"
    result = runner.invoke(main, ["export", "--site", str(site_id), "--out", str(out)])
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr
    out.parent.mkdir()
    out.write_text("what was there before")
    result = runner.invoke(main, ["export", "--site", str(site_id), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert out.read_text() == runner.invoke(main, ["export", "--site", str(site_id)]).stdout
    assert list(out.parent.iterdir()) == [out]


def test_an_unknown_site_is_told_and_leaves_no_file(runner: CliRunner, tmp_path: Path) -> None:
    out = tmp_path / "site.jsonl"
    result = runner.invoke(main, ["export", "--site", str(uuid.uuid4()), "--out", str(out)])
    assert (result.exit_code, result.stderr) == (1, "Error: There is no such site.\n")
    assert not out.exists()


def test_a_site_is_printed_for_other_systems(
    database: Database, runner: CliRunner, clock: Clock, tmp_path: Path
) -> None:
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, [SPAM, HAM])
    arguments = ["export", "--site", str(site_id), "--format", "wxr"]
    result = runner.invoke(main, arguments)
    assert result.exit_code == 0
    assert result.stdout.startswith('<?xml version="1.0" encoding="UTF-8"?>')
    assert result.stdout.count("<wp:comment>") == 2
    result = runner.invoke(main, [*arguments, "--labelled"])
    assert (result.exit_code, "--labelled is for JSON lines" in result.stderr) == (2, True)
