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
from tests.exchange.histories import HAM, SPAM, make_site, write
from tests.exchange.imports.reading import fixture


def test_a_history_comes_in_once_however_often_it_is_brought(
    database: Database, runner: CliRunner, clock: Clock, tmp_path: Path
) -> None:
    site_id = make_site(database, clock)
    arguments = ["import", "jsonl", str(write(tmp_path, [SPAM, HAM])), "--site", str(site_id), "--json"]
    first, second = (json.loads(runner.invoke(main, arguments).stdout) for _ in range(2))
    assert first == {
        "site": str(site_id),
        "comments": 2,
        "statuses": {"published": 1, "pending": 0, "spam": 1, "rejected": 0},
        "spam": 1,
        "ham": 1,
        "threads": 1,
        "known": 0,
        "orphans": 0,
        "bad_lines": 0,
        "mended": 0,
        "left_out": {},
    }
    assert (second["comments"], second["known"]) == (0, 2)


def test_bad_lines_are_named_and_left_out_only_when_told(
    database: Database, runner: CliRunner, clock: Clock, tmp_path: Path
) -> None:
    site_id = make_site(database, clock)
    file = write(tmp_path, [SPAM, {"body": "", "label": "ham"}, b"no json", HAM])
    arguments = ["import", "jsonl", str(file), "--site", str(site_id)]
    result = runner.invoke(main, arguments)
    assert result.exit_code == 1
    assert "line 2: body: missing or empty" in result.stderr
    assert "line 3: not JSON" in result.stderr
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Comment)) == 0
    result = runner.invoke(main, [*arguments, "--skip-bad"])
    assert result.exit_code == 0
    assert "Skipped line 2: body: missing or empty" in result.stderr
    assert result.stdout.startswith("Imported 2 comments (1 published, 1 spam) in 1 new threads;")
    assert "2 bad lines were left out." in result.stdout


def test_only_formats_that_work_are_offered(runner: CliRunner, tmp_path: Path) -> None:
    result = runner.invoke(main, ["import", "myspace", str(write(tmp_path, [])), "--site", str(uuid.uuid4())])
    assert result.exit_code == 2
    assert "'myspace' is not" in result.stderr


def test_an_unknown_site_and_a_missing_file_are_told(runner: CliRunner, tmp_path: Path) -> None:
    file = str(write(tmp_path, [HAM]))
    result = runner.invoke(main, ["import", "jsonl", file, "--site", str(uuid.uuid4())])
    assert (result.exit_code, "There is no such site." in result.stderr) == (1, True)
    result = runner.invoke(main, ["import", "jsonl", f"{file}.gone", "--site", str(uuid.uuid4())])
    assert result.exit_code == 2


def test_another_systems_export_is_counted_as_it_came(
    database: Database, runner: CliRunner, clock: Clock, tmp_path: Path
) -> None:
    site_id = make_site(database, clock)
    arguments = ["import", "wordpress", str(fixture("wordpress", tmp_path)), "--site", str(site_id)]
    record = json.loads(runner.invoke(main, [*arguments, "--json"]).stdout)
    assert record["statuses"] == {"published": 6, "pending": 1, "spam": 3, "rejected": 2}
    assert record["left_out"] == {"pingback": 1, "trackback": 1, "order_note": 1}
    told = runner.invoke(main, [*arguments, "--key", "path"]).stdout
    assert "Imported 12 comments (6 published, 1 pending, 3 spam, 2 rejected) in 3 new threads" in told
    assert "Left out, since they are no comments: 1 order_note, 1 pingback, 1 trackback." in told


def test_what_a_file_is_not_is_told_with_its_line(
    database: Database, runner: CliRunner, clock: Clock, tmp_path: Path
) -> None:
    site_id = make_site(database, clock)
    file = tmp_path / "export.xml"
    file.write_text("<rss>\n<channel>\n")
    result = runner.invoke(main, ["import", "wordpress", str(file), "--site", str(site_id)])
    assert result.exit_code == 1
    assert "line 3: the file ends too early" in result.stderr
    assert "Traceback" not in result.stderr
