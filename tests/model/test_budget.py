"""What a review budget buys, and that choosing it does not void it."""

from __future__ import annotations

import numpy as np
import pytest

from model.budget import LADDER, best, offers
from model.held_out import HeldOut
from model.promise import needed, solve_for


def _world(random: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    labels = random.random(n) < 0.4
    return labels, 1 / (1 + np.exp(-random.normal(np.where(labels, 3.0, -3.0), 2.2)))


def test_a_larger_budget_buys_a_stricter_promise() -> None:
    random = np.random.default_rng(1)
    labels, given = _world(random, 20_000)
    _, traffic = _world(random, 3000)
    found = offers(HeldOut.of(labels, given, [""] * 20_000), "", traffic, 30.0)
    assert [offer.reviews_per_day for offer in found] == sorted((o.reviews_per_day for o in found), reverse=True)
    small, large = best(found, 8.0), best(found, 40.0)
    assert small is not None
    assert large is not None
    assert large.terms.max_ham_as_spam < small.terms.max_ham_as_spam
    assert small.reviews_per_day <= 8.0
    assert large.reviews_per_day <= 40.0
    between = (traffic >= large.promise.cuts.publish_below) & (traffic < large.promise.cuts.spam_above)
    assert large.reviews_per_day == pytest.approx(between.sum() / 30)


def test_a_budget_that_buys_nothing_is_told() -> None:
    random = np.random.default_rng(2)
    labels, _ = _world(random, 5000)
    guesses = random.random(5000)
    found = offers(HeldOut.of(labels, guesses, [""] * 5000), "", guesses[:1000], 1.0)
    assert best(found, 1.0) is None


def test_with_too_few_labels_everything_is_read() -> None:
    labels, given = _world(np.random.default_rng(2), 40)
    found = offers(HeldOut.of(labels, given, [""] * 40), "", np.linspace(0, 1, 100), 2.0)
    assert found[0].reviews_per_day == 50.0
    assert found[0].promise.missing_ham > needed(0.0005) - 40


def test_days_must_be_positive() -> None:
    with pytest.raises(ValueError, match="days"):
        offers(HeldOut.of(np.array([True]), np.array([0.5]), [""]), "", [0.5], 0.0)


def test_the_promise_that_was_bought_is_kept_as_often_as_stated() -> None:
    """Two hundred sites choose a rung by what it costs; the true errors at its cuts break it in at most one of twenty."""
    random = np.random.default_rng(13)
    world_labels, world = _world(random, 200_000)
    ham = world[~world_labels]
    broken = 0
    for _ in range(200):
        labels, given = _world(random, 1500)
        _, traffic = _world(random, 600)
        bought = best(offers(HeldOut.of(labels, given, [""] * 1500), "", traffic, 10.0), random.uniform(2.0, 25.0))
        if bought is None:
            continue
        terms = bought.terms
        # What is in force once a site's rules say these terms.
        cuts = solve_for(HeldOut.of(labels, given, [""] * 1500), "", terms).cuts
        assert cuts == bought.promise.cuts
        published = world < cuts.publish_below
        lost = float((ham >= cuts.spam_above).mean()) > terms.max_ham_as_spam
        passed = bool(published.any()) and float(world_labels[published].mean()) > terms.max_spam_in_published
        broken += lost or passed
    # Either side may break it, each at 5 %; two standard errors over 200 sites are 4 points.
    assert len(LADDER) == 10
    assert broken / 200 <= 0.14
