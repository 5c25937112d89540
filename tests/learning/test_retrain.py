"""Retraining: a registered candidate with its objections, and nothing live changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from model.sample import LabelledSample
from moderation.errors import ConflictError
from moderation.learning.live import LiveModel
from moderation.learning.registry import live_version, promote, show
from moderation.learning.retrain import request_retrain, retrain
from moderation.services import Services
from moderation.tables import Job, JobState, ModelVersion
from tests.conftest import FakeClock
from tests.learning.samples import flipped, samples

#: Training asks the database for labels alone; one of the two is enough.
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def train(services: Services, extra: list[LabelledSample]) -> dict[str, Any]:
    return retrain(services.database, services.settings.models, services.clock, extra=extra)


def put_live(services: Services, version: str) -> None:
    with services.database.writing() as session:
        promote(session, version, None, services.clock())


def live(services: Services) -> str | None:
    with services.database.reading() as session:
        return live_version(session)


def test_a_candidate_is_registered_and_loadable_everywhere_and_nothing_live_changes(
    services: Services, tmp_path: Path
) -> None:
    before = live(services)
    result = train(services, samples(48))
    assert (result["n_spam"], result["n_ham"], result["objections"]) == (24, 24, [])
    assert result["metrics"]["roc_auc"] > 0.8
    assert live(services) == before
    with services.database.reading() as session:
        listed = show(session, result["version"])
        assert (listed.model.metrics, listed.model.parent) == (result["metrics"], before)
    scorer = LiveModel(services.database, tmp_path / "elsewhere").scorer_for(result["version"])
    assert scorer is not None
    assert scorer.version == result["version"]


@on_sqlite
def test_the_same_labels_give_the_same_judge(services: Services) -> None:
    first = train(services, samples(44))
    second = train(services, samples(44))
    assert first["metrics"] == second["metrics"]
    assert first["version"] == second["version"]


@on_sqlite
def test_too_few_labels_of_a_class_are_objected_to(services: Services) -> None:
    few = [*samples(44)[::2], *samples(8)[1::2]]
    objections = train(services, few)["objections"]
    assert any("4 spam labels" in objection for objection in objections)


@on_sqlite
def test_copies_of_one_text_are_one_label_when_there_are_too_few(services: Services) -> None:
    genuine, spam = samples(50)[::2], samples(2)[1]
    result = train(services, [*genuine, *[spam] * 25])
    assert (result["n_spam"], result["n_ham"]) == (25, 25)
    assert any("1 spam labels" in objection for objection in result["objections"])


@on_sqlite
def test_labels_of_one_class_only_teach_nothing(services: Services) -> None:
    with pytest.raises(ConflictError, match="Nothing can be learnt: there is no spam comment"):
        train(services, samples(20)[::2])


@on_sqlite
def test_labels_that_contradict_the_live_model_are_objected_to(services: Services, clock: FakeClock) -> None:
    put_live(services, train(services, samples(60))["version"])
    clock.advance(60)
    objections = train(services, flipped(samples(60)))["objections"]
    assert any("are spam and ham mixed up?" in objection for objection in objections)


@on_sqlite
def test_a_model_that_learns_the_same_and_more_than_the_live_one_is_not_held_to_be_worse(
    services: Services, clock: FakeClock
) -> None:
    put_live(services, train(services, samples(60))["version"])
    clock.advance(60)
    assert train(services, [*samples(60), *samples(30, seed=1)])["objections"] == []


@on_sqlite
def test_a_training_is_settled_in_the_transaction_that_registers_it(services: Services) -> None:
    def refuse(_session: Session, _result: dict[str, Any]) -> None:
        message = "The lease is lost."
        raise ConflictError(message)

    with pytest.raises(ConflictError, match="lease is lost"):
        retrain(services.database, services.settings.models, services.clock, extra=samples(44), settle=refuse)
    with services.database.reading() as session:
        assert [row.version for row in session.query(ModelVersion)] == [live(services)]


def test_one_training_is_ordered_at_a_time(services: Services) -> None:
    with services.database.writing() as session:
        job_id = request_retrain(session, None, services.clock())
    with pytest.raises(ConflictError, match=str(job_id)) as refused, services.database.writing() as session:
        request_retrain(session, None, services.clock())
    assert refused.value.extra == {"job": str(job_id)}
    with services.database.writing() as session:
        session.get_one(Job, job_id).state = JobState.SUCCEEDED
    with services.database.writing() as session:
        assert request_retrain(session, None, services.clock()) != job_id
