"""``moderation evaluate``: the contract's figures, with and without a database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from model.artifact import read_manifest
from model.scoring import STARTER
from moderation.commands import main
from moderation.learning.registry import promote
from moderation.services import Services
from tests.learning.artifacts import add_model
from tests.learning.samples import rows, write

FIGURES = {
    "n",
    "n_spam",
    "roc_auc",
    "average_precision",
    "recall_at_fpr_0.01",
    "recall_at_fpr_0.001",
    "brier",
    "ece",
}


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(write(tmp_path / "labels.jsonl", rows(40)))


def evaluated(runner: CliRunner, *arguments: str) -> dict[str, Any]:
    result = runner.invoke(main, ["evaluate", "--json", *arguments])
    assert result.exit_code == 0, result.output
    record: dict[str, Any] = json.loads(result.stdout)
    return record


def test_the_starter_is_measured_where_there_is_no_database(tmp_path: Path, data: str) -> None:
    home = tmp_path / "nothing"
    record = evaluated(CliRunner(env={"MODERATION_HOME": str(home)}), "--data", data)
    assert record.keys() == FIGURES | {"model", "policies"}
    assert (record["n"], record["n_spam"]) == (40, 20)
    assert record["model"] == read_manifest(STARTER).version
    for shares in record["policies"].values():
        assert shares["published"] + shares["pending"] + shares["spam"] == pytest.approx(1)
        assert {"ham_as_spam", "spam_published"} <= shares.keys()
    assert not home.exists()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_live_model_is_measured_or_the_one_that_is_named(
    runner: CliRunner, services: Services, tmp_path: Path, data: str
) -> None:
    add_model(services.database, tmp_path / "out", "m-1", services.clock(), log_odds=-9.0)
    add_model(services.database, tmp_path / "out", "m-2", services.clock(), log_odds=9.0)
    with services.database.writing() as session:
        promote(session, "m-1", None, services.clock())
    live = evaluated(runner, "--data", data)
    assert (live["model"], live["policies"]["default"]["published"]) == ("m-1", 1.0)
    named = evaluated(runner, "--data", data, "--model", "m-2")
    assert (named["model"], named["policies"]["default"]["spam"]) == ("m-2", 1.0)
    unknown = runner.invoke(main, ["evaluate", "--data", data, "--model", "m-3"])
    assert unknown.exit_code == 1
    assert "no model m-3" in unknown.stderr


def test_data_of_one_class_has_no_ranking(tmp_path: Path) -> None:
    lines = (row for row in rows(20) if row["label"] == "spam")
    runner = CliRunner(env={"MODERATION_HOME": str(tmp_path / "nothing")})
    record = evaluated(runner, "--data", str(write(tmp_path / "spam.jsonl", lines)))
    assert record["roc_auc"] is None
    assert record["brier"] is not None


def test_bad_lines_are_named_and_empty_data_refused(tmp_path: Path) -> None:
    runner = CliRunner(env={"MODERATION_HOME": str(tmp_path / "nothing")})
    data = tmp_path / "bad.jsonl"
    data.write_text('{"body": "x", "label": "maybe"}\n', encoding="utf-8")
    result = runner.invoke(main, ["evaluate", "--data", str(data)])
    assert result.exit_code == 1
    assert "line 1: label" in result.stderr
    result = runner.invoke(main, ["evaluate", "--data", str(data), "--skip-bad"])
    assert result.exit_code == 1
    assert "no labelled comment" in result.stderr
