"""Cuts that keep what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from model.held_out import HeldOut
from model.promise import HOLD, Terms, needed, solve, solve_for, upper_bound


@pytest.mark.parametrize(("errors", "n"), [(0, 10), (0, 600), (3, 400), (17, 1000)])
def test_the_bound_is_exact(errors: int, n: int) -> None:
    """At the bound, seeing so few errors has just the probability that is left over."""
    assert binom.cdf(errors, n, upper_bound(errors, n, 0.95)) == pytest.approx(0.05, abs=1e-9)


def test_all_errors_bound_nothing() -> None:
    assert upper_bound(0, 0) == 1.0
    assert upper_bound(5, 5) == 1.0


def test_needed_is_the_fewest_that_can_promise() -> None:
    n = needed(0.005)
    assert upper_bound(0, n) <= 0.005 < upper_bound(0, n - 1)


def _site(random: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels and scores of an overlapping, honest judge."""
    labels = random.random(n) < 0.4
    logits = random.normal(np.where(labels, 3.0, -3.0), 2.2)
    return labels, 1 / (1 + np.exp(-logits))


def test_too_few_labels_hold_everything_and_say_how_many_are_missing() -> None:
    labels, given = _site(np.random.default_rng(0), 60)
    found = solve(labels, given)
    assert found.cuts == HOLD
    assert found.missing_ham == needed(0.005) - int((~labels).sum())
    assert found.missing_published > 0
    assert str(found.missing_ham) in found.why


def test_promises_are_kept_as_often_as_stated() -> None:
    """Three hundred sites, each with labels of its own: the true error of the cuts breaks the promise in at most 5 %."""
    random = np.random.default_rng(11)
    world_labels, world = _site(random, 200_000)
    ham = world[~world_labels]
    broken_spam = broken_publish = decided = 0
    sites = 300
    for _ in range(sites):
        labels, given = _site(random, 1500)
        cuts = solve(labels, given).cuts
        decided += cuts.spam_above <= 1.0 and cuts.publish_below > 0.0
        broken_spam += float((ham >= cuts.spam_above).mean()) > 0.005
        published = world < cuts.publish_below
        broken_publish += bool(published.any()) and float(world_labels[published].mean()) > 0.02
    # Two standard errors of a 5 % rate over 300 sites are 2.5 points.
    assert broken_spam / sites <= 0.075
    assert broken_publish / sites <= 0.075
    assert decided / sites > 0.9


def test_cuts_do_not_cross() -> None:
    labels = np.array([0] * 2000 + [1] * 2000)
    given = np.array([0.1] * 2000 + [0.9] * 2000)
    cuts = solve(labels, given).cuts
    assert 0.1 < cuts.publish_below <= cuts.spam_above <= 0.9


@pytest.mark.parametrize("bad", [{"max_ham_as_spam": 0.0}, {"confidence": 1.0}, {"max_spam_in_published": 1.5}])
def test_a_promise_that_means_nothing_is_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Terms(**bad)


def test_a_site_with_enough_labels_has_a_promise_of_its_own_and_others_share_theirs() -> None:
    random = np.random.default_rng(3)
    labels, given = _site(random, 4000)
    # The site "hard" is judged worse than the others: its cuts must lie further apart.
    hard_labels = random.random(4000) < 0.4
    hard = 1 / (1 + np.exp(-random.normal(np.where(hard_labels, 1.5, -1.5), 2.2)))
    few_labels, few = _site(random, 200)
    held_out = HeldOut.of(
        np.concatenate([labels, hard_labels, few_labels]),
        np.concatenate([given, hard, few]),
        ["easy"] * 4000 + ["hard"] * 4000 + ["few"] * 200,
    )
    easy_cuts, hard_cuts = solve_for(held_out, "easy"), solve_for(held_out, "hard")
    assert easy_cuts.own
    assert hard_cuts.own
    assert hard_cuts.cuts.spam_above > easy_cuts.cuts.spam_above
    assert easy_cuts.cuts == solve(held_out.at("easy").spam, held_out.at("easy").given).cuts
    shared = solve(held_out.spam, held_out.given)
    assert solve_for(held_out, "few") == shared
    assert solve_for(held_out, "never seen") == shared
    assert not shared.own


def test_held_out_labels_are_kept_as_they_were_solved() -> None:
    labels, given = _site(np.random.default_rng(5), 3000)
    held_out = HeldOut.of(labels, given, ["é"] * 3000)
    read = HeldOut.from_bytes(held_out.as_bytes())
    assert read.sites == ("é",)
    assert solve(read.spam, read.given) == solve(held_out.spam, held_out.given)
    with pytest.raises(ValueError, match="no held-out labels"):
        HeldOut.from_bytes(b"PK\x03\x04 damaged")
    with pytest.raises(ValueError, match="no held-out labels"):
        HeldOut.from_bytes(b"")


def test_a_stricter_promise_decides_less() -> None:
    labels, given = _site(np.random.default_rng(7), 20_000)
    strict, lenient = solve(labels, given, Terms(0.001, 0.01)), solve(labels, given, Terms(0.02, 0.05))
    assert strict.cuts.publish_below < lenient.cuts.publish_below < lenient.cuts.spam_above < strict.cuts.spam_above


def test_what_is_told_of_a_promise_is_of_the_cuts_in_force() -> None:
    """Where both sides could go further, they meet, and nothing is told of comments beyond."""
    labels, given = _site(np.random.default_rng(7), 20_000)
    for terms in (Terms(), Terms(0.02, 0.05), Terms(0.05, 0.3), Terms(0.3, 0.3)):
        found = solve(labels, given, terms)
        published = given < found.cuts.publish_below
        assert found.cuts.publish_below <= found.cuts.spam_above
        assert (found.published, found.spam_in_published) == (published.sum(), labels[published].sum())
        assert found.ham_as_spam == (given[~labels] >= found.cuts.spam_above).sum()
