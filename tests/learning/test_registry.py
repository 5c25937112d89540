"""The registry: what may go live, what is told, and the way back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from moderation.clock import Clock
from moderation.database import Database
from moderation.errors import ConflictError, NotFoundError
from moderation.learning.registry import install_starter, list_versions, live_version, promote, rollback, show
from moderation.tables import ModelFile, ModelVersion, Promotion
from tests.learning.artifacts import METRICS, add_model


def put_live(database: Database, version: str, now: datetime, *, force: bool = False) -> Promotion:
    with database.writing() as session:
        return promote(session, version, None, now, force=force)


def go_back(database: Database, now: datetime) -> Promotion:
    with database.writing() as session:
        return rollback(session, None, now)


def live(database: Database) -> str | None:
    with database.reading() as session:
        return live_version(session)


def test_a_registered_model_is_a_candidate_with_its_record(database: Database, clock: Clock, tmp_path: Path) -> None:
    add_model(database, tmp_path, "m-1", clock(), objections=["too few"])
    with database.reading() as session:
        listed = show(session, "m-1")
        assert (listed.live, listed.promoted_at) == (False, None)
        assert (listed.model.metrics, listed.model.objections) == (METRICS, ["too few"])
        assert live_version(session) is None


def test_registering_the_same_artifact_again_changes_nothing_but_its_objections(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    add_model(database, tmp_path, "m-1", clock(), objections=["too few"])
    add_model(database, tmp_path, "m-1", clock())
    with database.reading() as session:
        assert [listed.model.objections for listed in list_versions(session)] == [[]]


def test_promotion_puts_a_model_live_and_repeating_it_is_harmless(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    add_model(database, tmp_path, "m-1", clock())
    assert put_live(database, "m-1", clock()).number == 1
    assert put_live(database, "m-1", clock()).number == 1
    with database.reading() as session:
        assert show(session, "m-1").live
        assert show(session, "m-1").promoted_at == clock()


def test_an_unknown_model_cannot_be_promoted(database: Database, clock: Clock) -> None:
    with pytest.raises(NotFoundError, match="no model m-9"):
        put_live(database, "m-9", clock())


def test_a_model_with_objections_goes_live_only_by_force_which_is_recorded(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    add_model(database, tmp_path, "m-1", clock(), objections=["too few spam labels", "worse than the live model"])
    with pytest.raises(ConflictError, match="too few spam labels; worse than the live model") as refused:
        put_live(database, "m-1", clock())
    assert refused.value.extra == {"objections": ["too few spam labels", "worse than the live model"]}
    assert live(database) is None
    entry = put_live(database, "m-1", clock(), force=True)
    assert (entry.forced, entry.objections) == (True, ["too few spam labels", "worse than the live model"])
    assert live(database) == "m-1"


def test_rollbacks_go_back_one_by_one_and_promotions_go_on_from_there(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    for version in ("m-1", "m-2", "m-3"):
        add_model(database, tmp_path, version, clock())
        put_live(database, version, clock())
    assert (go_back(database, clock()).version, live(database)) == ("m-2", "m-2")
    assert go_back(database, clock()).version == "m-1"
    with pytest.raises(ConflictError, match="no earlier model"):
        go_back(database, clock())
    put_live(database, "m-3", clock())
    assert go_back(database, clock()).version == "m-1"
    with database.reading() as session:
        history = session.execute(select(Promotion.version, Promotion.undoes).order_by(Promotion.number))
        assert [tuple(row) for row in history] == [
            ("m-1", None),
            ("m-2", None),
            ("m-3", None),
            ("m-2", 3),
            ("m-1", 2),
            ("m-3", None),
            ("m-1", 6),
        ]


def test_a_model_whose_files_are_damaged_never_goes_live(database: Database, clock: Clock, tmp_path: Path) -> None:
    add_model(database, tmp_path, "m-1", clock())
    with database.writing() as session:
        session.execute(update(ModelFile).where(ModelFile.name == "weights.npz").values(content=b"damaged"))
    with pytest.raises(ConflictError, match="damaged"):
        put_live(database, "m-1", clock(), force=True)
    with database.writing() as session:
        session.execute(delete(ModelFile))
    with pytest.raises(ConflictError, match="no files"):
        put_live(database, "m-1", clock(), force=True)
    assert live(database) is None


def test_the_starter_is_installed_once(database: Database, clock: Clock) -> None:
    for _ in range(2):
        with database.writing() as session:
            version = install_starter(session, clock()).version
    assert live(database) == version
    with database.reading() as session:
        assert len(list(session.scalars(select(Promotion)))) == 1


def test_a_newer_starter_replaces_an_older_one(database: Database, clock: Clock, tmp_path: Path) -> None:
    add_model(database, tmp_path, "starter-0", clock(), parent="")
    put_live(database, "starter-0", clock())
    with database.writing() as session:
        newer = install_starter(session, clock()).version
    assert live(database) == newer


def test_a_newer_starter_does_not_replace_a_model_that_someone_promoted(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    add_model(database, tmp_path, "m-1", clock())
    put_live(database, "m-1", clock())
    with database.writing() as session:
        starter = install_starter(session, clock()).version
    assert live(database) == "m-1"
    with database.reading() as session:
        assert session.get(ModelVersion, starter) is not None
