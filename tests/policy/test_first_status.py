"""A first status is the gravest thing that any reason asks for, and no judgement never passes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from model.promise import Cuts
from moderation.policy.first_status import GRAVITY, Reason, cuts_in_force, first_status, reason_of_score
from moderation.policy.rules import Rules
from moderation.tables import Status

CUTS = Cuts(publish_below=0.2, spam_above=0.9)
probabilities = st.floats(0, 1)


@pytest.mark.parametrize(
    ("probability", "status", "code"),
    [
        (0.0, Status.PUBLISHED, "model_clean"),
        (0.1999, Status.PUBLISHED, "model_clean"),
        (0.2, Status.PENDING, "model_unsure"),
        (0.8999, Status.PENDING, "model_unsure"),
        (0.9, Status.SPAM, "model_spam"),
        (1.0, Status.SPAM, "model_spam"),
        (None, Status.PENDING, "not_judged"),
    ],
)
def test_the_cuts_divide_the_probabilities(probability: float | None, status: Status, code: str) -> None:
    reason = reason_of_score(probability, CUTS)
    assert (reason.effect, reason.code) == (status, code)


def test_without_cuts_there_is_no_judgement() -> None:
    assert reason_of_score(0.0, None).effect is Status.PENDING


@given(st.lists(st.sampled_from(GRAVITY), min_size=1))
def test_no_reason_is_lighter_than_the_first_status(effects: list[Status]) -> None:
    reasons = [Reason(str(n), "", effect) for n, effect in enumerate(effects)]
    status = first_status(reasons, trusted=False)
    assert status in effects
    assert all(GRAVITY.index(effect) <= GRAVITY.index(status) for effect in effects)
    assert first_status(reasons, trusted=True) is Status.PUBLISHED


@given(st.none() | probabilities, st.none() | probabilities, probabilities, probabilities)
def test_the_sites_own_cut_holds_and_the_cuts_never_cross(
    publish_below: float | None, spam_above: float | None, one: float, other: float
) -> None:
    model_cuts = Cuts(publish_below=min(one, other), spam_above=max(one, other))
    try:
        rules = Rules(publish_below=publish_below, spam_above=spam_above)
    except ValidationError:
        assert publish_below is not None
        assert spam_above is not None
        assert publish_below > spam_above
        return
    cuts = cuts_in_force(rules, model_cuts)
    assert cuts.publish_below <= cuts.spam_above
    assert publish_below is None or cuts.publish_below == publish_below
    assert spam_above is None or cuts.spam_above == spam_above
