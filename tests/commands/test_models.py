"""``moderation models``: the registry from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from model.artifact import read_manifest
from model.scoring import STARTER
from moderation.commands import main
from moderation.services import Services
from tests.learning.artifacts import METRICS, add_model

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def starter() -> str:
    return read_manifest(STARTER).version


def called(runner: CliRunner, *arguments: str) -> dict[str, Any]:
    result = runner.invoke(main, ["models", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    record: dict[str, Any] = json.loads(result.stdout)
    return record


def test_list_and_show_tell_what_is_live(runner: CliRunner, services: Services, tmp_path: Path, starter: str) -> None:
    add_model(services.database, tmp_path, "m-1", services.clock())
    listed = called(runner, "list")
    assert listed["live"] == starter
    assert {model["version"]: model["live"] for model in listed["models"]} == {starter: True, "m-1": False}
    shown = called(runner, "show", "m-1")
    assert (shown["metrics"], shown["promoted_at"]) == (METRICS, None)
    text = runner.invoke(main, ["models", "list"]).stdout
    assert [line.split()[0] for line in text.splitlines() if line.endswith("live")] == [starter]


def test_promote_and_rollback(runner: CliRunner, services: Services, tmp_path: Path, starter: str) -> None:
    add_model(services.database, tmp_path, "m-1", services.clock())
    assert called(runner, "promote", "m-1")["version"] == "m-1"
    assert called(runner, "list")["live"] == "m-1"
    back = called(runner, "rollback")
    assert (back["version"], back["undoes"]) == (starter, 2)
    again = runner.invoke(main, ["models", "rollback"])
    assert again.exit_code == 1
    assert "no earlier model" in again.stderr


def test_objections_are_told_and_overridden_only_by_force(
    runner: CliRunner, services: Services, tmp_path: Path
) -> None:
    add_model(
        services.database, tmp_path, "m-1", services.clock(), objections=["learnt from too little: 3 spam labels"]
    )
    refused = runner.invoke(main, ["models", "promote", "m-1"])
    assert refused.exit_code == 1
    assert "learnt from too little: 3 spam labels" in refused.stderr
    forced = called(runner, "promote", "m-1", "--force")
    assert (forced["forced"], forced["objections"]) == (True, ["learnt from too little: 3 spam labels"])


def test_an_unknown_model_is_named(runner: CliRunner, services: Services) -> None:
    result = runner.invoke(main, ["models", "promote", "m-9"])
    assert result.exit_code == 1
    assert "There is no model m-9." in result.stderr
