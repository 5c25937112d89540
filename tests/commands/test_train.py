"""``moderation train``: a candidate and its record, and bad lines that are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from moderation.commands import main
from moderation.learning.registry import live_version, show
from moderation.services import Services
from tests.learning.samples import rows, write

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def test_a_candidate_is_trained_on_the_file_and_nothing_live_changes(
    runner: CliRunner, services: Services, tmp_path: Path
) -> None:
    data = write(tmp_path / "labels.jsonl", rows(80))
    with services.database.reading() as session:
        before = live_version(session)
    result = runner.invoke(main, ["train", "--data", str(data), "--json"])
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert (record["n_spam"], record["n_ham"]) == (40, 40)
    assert 0.5 < record["metrics"]["roc_auc"] <= 1
    with services.database.reading() as session:
        assert show(session, record["version"]).model.metrics == record["metrics"]
        assert live_version(session) == before


def test_people_are_told_the_figures_and_the_next_command(
    runner: CliRunner, services: Services, tmp_path: Path
) -> None:
    result = runner.invoke(main, ["train", "--data", str(write(tmp_path / "few.jsonl", rows(8)))])
    assert result.exit_code == 0, result.output
    assert "ROC AUC" in result.stdout
    assert "learnt from too little: 4 spam labels" in result.stdout
    assert "--force" in result.stdout.splitlines()[-1]


def test_every_bad_line_is_named_and_nothing_is_trained(runner: CliRunner, services: Services, tmp_path: Path) -> None:
    data = write(tmp_path / "labels.jsonl", rows(60))
    with data.open("ab") as file:
        file.write(b'no json\n{"body": "x"}\n\n{"body": "", "label": "spam"}\n\xff\n')
    result = runner.invoke(main, ["train", "--data", str(data), "--json"])
    assert result.exit_code == 1
    assert result.stdout == ""
    for line, reason in ((61, "not JSON"), (62, "label"), (64, "body"), (65, "not UTF-8")):
        assert f"line {line}: {reason}" in result.stderr
    assert runner.invoke(main, ["train", "--data", str(data), "--json", "--skip-bad"]).exit_code == 0


def test_of_many_bad_lines_the_first_are_named_and_the_rest_counted(runner: CliRunner, tmp_path: Path) -> None:
    data = tmp_path / "labels.jsonl"
    data.write_text("no json\n" * 50, encoding="utf-8")
    result = runner.invoke(main, ["train", "--data", str(data)])
    assert result.exit_code == 1
    assert "50 bad lines" in result.stderr
    assert "line 20:" in result.stderr
    assert "line 21:" not in result.stderr
    assert "and 30 more" in result.stderr


def test_without_labels_the_reason_is_told(runner: CliRunner, services: Services) -> None:
    result = runner.invoke(main, ["train"])
    assert result.exit_code == 1
    assert "Nothing can be learnt" in result.stderr


def test_a_file_that_is_not_there_is_named(runner: CliRunner) -> None:
    result = runner.invoke(main, ["train", "--data", "/nowhere.jsonl"])
    assert result.exit_code == 2
    assert "/nowhere.jsonl" in result.stderr


@pytest.mark.parametrize("words", [["train"], ["sites", "list"]])
def test_a_command_that_needs_a_database_makes_none(runner: CliRunner, words: list[str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    result = runner.invoke(main, words, env={"MODERATION_HOME": str(home), "MODERATION_DATABASE_URL": ""})
    assert result.exit_code == 1
    assert not list(home.glob("*.sqlite3*"))
