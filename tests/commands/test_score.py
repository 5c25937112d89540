"""``moderation score``: a stream of comments in, a stream of judgements out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from model.artifact import read_manifest
from model.sample import Sample
from model.scoring import STARTER, Scorer
from moderation.commands import main
from moderation.commands.score import MANY
from moderation.learning.registry import promote
from moderation.services import Services
from tests.factories import CLEAN, SPAM
from tests.learning.artifacts import add_model

LINES = "".join(json.dumps(fields) + "\n" for fields in (CLEAN, SPAM, CLEAN))


@pytest.fixture
def alone(tmp_path: Path) -> CliRunner:
    """The command line where there is no database."""
    return CliRunner(env={"MODERATION_HOME": str(tmp_path / "nothing")})


def test_without_a_database_the_starter_judges_in_the_order_of_the_lines(alone: CliRunner, tmp_path: Path) -> None:
    result = alone.invoke(main, ["score"], input=LINES)
    assert result.exit_code == 0, result.output
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record.keys() for record in records] == [{"spam_probability", "status", "model"}] * 3
    assert [record["status"] for record in records] == ["published", "spam", "published"]
    assert {record["model"] for record in records} == {read_manifest(STARTER).version}
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("bad", ["no json", '{"author_name": "x"}', "[]", '{"body": 7}'])
def test_a_bad_line_ends_it_with_its_number_and_reason(alone: CliRunner, bad: str) -> None:
    result = alone.invoke(main, ["score"], input=f'{{"body": "fine"}}\n\n{bad}\n{LINES}')
    assert result.exit_code == 1
    assert "Line 3: " in result.stderr
    assert len(result.stdout.splitlines()) == 1
    skipped = alone.invoke(main, ["score", "--skip-bad"], input=f"{bad}\n{LINES}")
    assert skipped.exit_code == 0
    assert len(skipped.stdout.splitlines()) == 3
    assert "Skipped: Line 1: " in skipped.stderr


def test_half_a_character_or_a_time_outside_the_calendar_is_judged_like_the_rest(alone: CliRunner) -> None:
    halves = dict.fromkeys(("body", "author_name", "author_email", "author_url", "thread"), "x�y�")
    odd = [halves, {"body": "fine", "created_at": "0001-01-01T00:00:00+14:00"}]
    result = alone.invoke(main, ["score"], input="".join(json.dumps(fields) + "\n" for fields in odd))
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == len(odd)


def test_nothing_in_gives_nothing_out(alone: CliRunner) -> None:
    result = alone.invoke(main, ["score"], input="")
    assert (result.exit_code, result.stdout) == (0, "")


def test_the_live_model_judges_where_there_is_a_database(runner: CliRunner, services: Services, tmp_path: Path) -> None:
    add_model(services.database, tmp_path / "out", "m-1", services.clock(), log_odds=9.0)
    with services.database.writing() as session:
        promote(session, "m-1", None, services.clock())
    result = runner.invoke(main, ["score"], input=LINES)
    assert [json.loads(line)["model"] for line in result.stdout.splitlines()] == ["m-1"] * 3


def test_a_database_out_of_reach_is_told_and_the_starter_judges(tmp_path: Path) -> None:
    runner = CliRunner(
        env={
            "MODERATION_HOME": str(tmp_path / "home"),
            "MODERATION_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        }
    )
    result = runner.invoke(main, ["score"], input=LINES)
    assert result.exit_code == 0
    assert "Judging with the starter model" in result.stderr
    assert len(result.stdout.splitlines()) == 3


def test_each_answer_comes_before_the_next_question(tmp_path: Path) -> None:
    environment = {**os.environ, "MODERATION_HOME": str(tmp_path / "nothing")}
    command = [sys.executable, "-m", "moderation", "score"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        for fields, status in ((CLEAN, "published"), (SPAM, "spam")):
            child.stdin.write(json.dumps(fields) + "\n")
            child.stdin.flush()
            assert json.loads(child.stdout.readline())["status"] == status
        child.stdin.close()
        assert child.wait(10) == 0


def test_many_lines_are_judged_by_several_processes_to_the_same_answers_in_the_same_order(tmp_path: Path) -> None:
    lines = [json.dumps({**CLEAN, "body": f"{CLEAN['body']} {number}"}) for number in range(MANY + 500)]
    lines[MANY + 300] = json.dumps(SPAM)
    lines[MANY + 400] = "broken"
    environment = {**os.environ, "MODERATION_HOME": str(tmp_path / "nothing")}
    command = [sys.executable, "-m", "moderation", "score", "--skip-bad"]
    done = subprocess.run(command, input="\n".join(lines), capture_output=True, env=environment, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(lines) - 1
    assert [place for place, answer in enumerate(answers) if answer["status"] == "spam"] == [MANY + 300]
    assert f"Skipped: Line {MANY + 401}: " in done.stderr
    scorer = Scorer.load(STARTER)
    for place in (0, MANY - 1, MANY + 64, MANY + 499 - 1):
        sample = Sample(**json.loads(lines[place + (place > MANY + 399)]))
        assert answers[place]["spam_probability"] == scorer.score(sample, explain=False).probability


def test_a_line_without_end_costs_neither_time_nor_memory(alone: CliRunner) -> None:
    """Read anew with each block, a line of 40 MB would take most of a minute."""
    endless = b'{"body": "' + b"a" * 40_000_000
    began = time.perf_counter()
    result = alone.invoke(main, ["score", "--skip-bad"], input=endless + b'"}\n' + LINES.encode() + endless)
    assert time.perf_counter() - began < 10.0
    assert result.exit_code == 0
    assert [line.split(": ", 2)[1:] for line in result.stderr.splitlines()] == [
        ["Line 1", "longer than 4000000 bytes"],
        ["Line 5", "longer than 4000000 bytes"],
    ]
    assert len(result.stdout.splitlines()) == 3
