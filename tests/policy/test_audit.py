"""What audits tell: rates with bounds, however the shares were changed, and when the promise is broken."""

from __future__ import annotations

import random

import pytest

from model.promise import upper_bound
from moderation.policy.audit import Rate, is_broken, rate_of
from moderation.policy.rules import Rules

SURE = 0.975


def drawn(share: float, right: int, wrong: int) -> list[tuple[float, bool]]:
    return [(share, False)] * right + [(share, True)] * wrong


def test_of_one_share_the_bounds_are_exact() -> None:
    rate = rate_of(5000, drawn(0.02, 97, 3), SURE)
    assert (rate.decided, rate.audited, rate.errors) == (5000, 100, 3)
    assert rate.estimate == pytest.approx(0.03)
    assert rate.upper == pytest.approx(upper_bound(3, 100, SURE))
    assert rate.lower == pytest.approx(1.0 - upper_bound(97, 100, SURE))
    assert rate_of(5000, [], SURE) == Rate(5000, 0, 0, None, 0.0, 1.0, 1.0)


def test_a_rare_share_weighs_as_much_in_the_bounds_as_in_the_estimate() -> None:
    """All of a thousand were audited and right; of another thousand one in a hundred, and half of those were wrong."""
    rate = rate_of(2000, [*drawn(1.0, 1000, 0), *drawn(0.01, 5, 5)], SURE)
    assert rate.estimate == pytest.approx(0.25)
    assert rate.lower < 0.25 < rate.upper


def test_the_bounds_hold_as_often_as_stated_when_the_share_was_changed() -> None:
    chance = random.Random(11)
    missed = 0
    sites = 400
    for _ in range(sites):
        # The judge got worse, and the owner looked less often.
        answered = []
        for share, n, wrong in ((0.5, 200, 0.01), (0.05, 2000, 0.2)):
            answered += [(share, chance.random() < wrong) for _ in range(n) if chance.random() < share]
        rate = rate_of(2200, answered, SURE)
        truth = (200 * 0.01 + 2000 * 0.2) / 2200
        missed += not rate.lower <= truth <= rate.upper
    assert missed / sites <= 2 * (1.0 - SURE)


def broken(right: int, wrong: int, held: int = 0) -> bool:
    """Of as many spam verdicts as published comments, audited at the shares of a new site."""
    audited = right + wrong
    spam = rate_of(50 * audited, drawn(0.02, right, wrong), SURE)
    published = rate_of(50 * audited, drawn(0.005, audited // 4, 0), SURE)
    return is_broken(spam, published, held, Rules())


def test_a_judge_that_is_always_wrong_breaks_the_promise_after_few_audits() -> None:
    assert broken(0, 5)
    assert broken(10, 10)
    assert broken(500, 200)


def test_want_of_audits_breaks_no_promise() -> None:
    assert not broken(0, 0)
    assert not broken(1, 0)
    assert not broken(300, 0)
    assert not broken(299, 1)


def test_one_error_among_few_audits_may_be_a_slip() -> None:
    assert not broken(0, 1)
    assert broken(0, 2)


def test_what_people_published_by_hand_is_not_lost() -> None:
    """A site that publishes nothing by itself has genuine comments all the same."""
    spam, published = rate_of(100, drawn(0.1, 8, 2), SURE), rate_of(0, [], SURE)
    assert is_broken(spam, published, 0, Rules())
    assert not is_broken(spam, published, 1000, Rules())


def test_where_faultless_audits_would_have_kept_it_the_upper_bound_decides() -> None:
    assert not broken(2000, 0)
    assert broken(1985, 15)
