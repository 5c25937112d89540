"""The live model: exchanged while it is used, and never worse than the last one that could be loaded."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import update

from model.sample import Sample
from moderation.clock import Clock
from moderation.database import Database
from moderation.learning.live import LiveModel
from moderation.learning.registry import promote
from moderation.tables import ModelFile
from tests.jobs.workers import eventually
from tests.learning.artifacts import add_model, make_artifact

SAMPLE = Sample(body="A comment.")


def put_live(database: Database, version: str, clock: Clock) -> None:
    with database.writing() as session:
        promote(session, version, None, clock())


def damage(database: Database, version: str) -> None:
    with database.writing() as session:
        session.execute(
            update(ModelFile)
            .where(ModelFile.version == version, ModelFile.name == "weights.npz")
            .values(content=b"damaged")
        )


def test_without_a_model_there_is_no_scorer_but_the_command_that_helps(database: Database, tmp_path: Path) -> None:
    model = LiveModel(database, tmp_path / "models")
    assert model.scorer() is None
    assert model.problem == "No model is installed. Run: moderation init"


def test_an_empty_database_is_a_problem_that_is_told(bare_database: Database, tmp_path: Path) -> None:
    model = LiveModel(bare_database, tmp_path / "models")
    assert model.scorer() is None
    assert model.problem is not None


def test_warming_up_needs_no_model_and_loads_one_that_is_there(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    cold = LiveModel(database, tmp_path / "models")
    cold.warm_up()
    add_model(database, tmp_path / "out", "m-1", clock())
    put_live(database, "m-1", clock)
    warm = LiveModel(database, tmp_path / "models")
    warm.warm_up()
    scorer = warm.scorer()
    assert scorer is not None
    assert scorer.version == "m-1"


def test_every_thread_is_on_the_promoted_model_within_five_seconds_and_none_fails(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    add_model(database, tmp_path / "out", "m-1", clock(), log_odds=-2.0)
    add_model(database, tmp_path / "out", "m-2", clock(), log_odds=2.0)
    put_live(database, "m-1", clock)
    model = LiveModel(database, tmp_path / "models")
    stop = threading.Event()
    histories: list[list[tuple[str, float]]] = [[] for _ in range(8)]

    def judge(seen: list[tuple[str, float]]) -> None:
        while not stop.is_set():
            scorer = model.scorer()
            assert scorer is not None
            score = scorer.score(SAMPLE, explain=False)
            if seen[-1:] != [(score.version, score.log_odds)]:
                seen.append((score.version, score.log_odds))
            time.sleep(0.002)

    with ThreadPoolExecutor(8) as pool:
        runs = [pool.submit(judge, seen) for seen in histories]
        try:
            eventually(lambda: all(histories), 5)
            put_live(database, "m-2", clock)
            eventually(lambda: all(seen[-1][0] == "m-2" for seen in histories), 5)
        finally:
            stop.set()
        for run in runs:
            run.result()
    assert all(seen == [("m-1", -2.0), ("m-2", 2.0)] for seen in histories)


def test_another_process_with_a_folder_of_its_own_gets_the_files_from_the_database(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    add_model(database, tmp_path / "out", "m-1", clock())
    put_live(database, "m-1", clock)
    for home in ("one", "two"):
        scorer = LiveModel(database, tmp_path / home).scorer()
        assert scorer is not None
        assert scorer.version == "m-1"
        assert [path.name for path in (tmp_path / home).iterdir()] == ["m-1"]


def test_a_damaged_local_copy_is_fetched_again(database: Database, clock: Clock, tmp_path: Path) -> None:
    add_model(database, tmp_path / "out", "m-1", clock())
    put_live(database, "m-1", clock)
    folder = make_artifact(tmp_path / "models", "m-1")
    (folder / "weights.npz").write_bytes(b"damaged")
    model = LiveModel(database, tmp_path / "models")
    assert model.scorer() is not None
    assert model.problem is None


def test_a_damaged_artifact_leaves_the_old_model_in_place_and_is_told(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    add_model(database, tmp_path / "out", "m-1", clock())
    add_model(database, tmp_path / "out", "m-2", clock())
    put_live(database, "m-1", clock)
    model = LiveModel(database, tmp_path / "models", check_every=0)
    before = model.scorer()
    put_live(database, "m-2", clock)
    damage(database, "m-2")
    assert model.scorer() is before
    assert model.problem is not None
    assert "damaged" in model.problem
    put_live(database, "m-1", clock)
    assert model.scorer() is before
    assert model.problem is None


def test_a_database_that_goes_away_leaves_the_old_model_in_place(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    add_model(database, tmp_path / "out", "m-1", clock())
    put_live(database, "m-1", clock)
    model = LiveModel(database, tmp_path / "models", check_every=0)
    before = model.scorer()
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE promotion RENAME TO away")
    assert model.scorer() is before
    assert model.problem is not None


def test_older_models_are_at_hand_to_explain_their_judgements(database: Database, clock: Clock, tmp_path: Path) -> None:
    for number in range(6):
        add_model(database, tmp_path / "out", f"m-{number}", clock(), log_odds=number)
    put_live(database, "m-5", clock)
    model = LiveModel(database, tmp_path / "models")
    assert model.scorer() is model.scorer_for("m-5")
    for number in range(5):
        scorer = model.scorer_for(f"m-{number}")
        assert scorer is not None
        assert scorer.score(SAMPLE).log_odds == number
    assert model.scorer_for("m-4") is model.scorer_for("m-4")
    assert model.scorer_for("gone") is None
    assert model.scorer_for("../etc") is None
