"""Calibrating: honest log-odds from held-out ones, whatever one site says."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from model.artifact import Weights
from model.fitting import Labels, calibrate, heard
from model.vector import WIDTH

Floats = NDArray[np.float64]


def _judged(n: int, slope: float, offset: float, seed: int = 1) -> tuple[Floats, NDArray[np.bool_], Floats]:
    """Log-odds of which the honest ones are ``slope`` * log-odds + ``offset``, labels drawn so, and weights."""
    chance = np.random.default_rng(seed)
    logits = chance.normal(0.0, 4.0, n)
    spam = chance.random(n) < 1 / (1 + np.exp(-(slope * logits + offset)))
    return logits, spam, np.ones(n)


@pytest.mark.parametrize(("slope", "offset"), [(1.0, 0.0), (0.5, 1.0), (2.0, -1.5)])
def test_a_map_is_found_again(slope: float, offset: float) -> None:
    found = calibrate(*_judged(4000, slope, offset))

    assert found == pytest.approx((slope, offset), abs=0.3)


def test_the_map_never_turns_over() -> None:
    logits, spam, weight = _judged(400, 1.0, 0.0)

    assert calibrate(-logits, spam, weight)[0] > 0


@pytest.mark.parametrize("honest", [2, 3, 4])
def test_a_site_whose_labels_are_all_wrong_does_not_make_the_others_wrong(honest: int) -> None:
    logits, spam, weight = _judged(300 * (honest + 1), 1.2, 0.5)
    sites = [f"site {place // 300}" for place in range(len(spam))]
    wrong = np.arange(len(spam)) >= 300 * honest

    slope, offset = calibrate(logits, spam ^ wrong, weight, sites)

    assert slope == pytest.approx(1.2, abs=0.35)
    assert offset == pytest.approx(0.5, abs=0.5)
    assert calibrate(logits, spam ^ wrong, weight)[0] < 0.7


def test_beside_one_other_a_wrong_site_leaves_the_scores_as_they_are() -> None:
    logits, spam, weight = _judged(600, 1.2, 0.0)
    wrong = np.arange(600) >= 300

    slope, _ = calibrate(logits, spam ^ wrong, weight, ["right"] * 300 + ["wrong"] * 300)

    assert slope == 1.0


def test_many_small_sites_have_one_voice_together() -> None:
    logits, spam, weight = _judged(4000, 1.5, 0.0)
    sites = [f"site {place % 400}" for place in range(4000)]

    assert calibrate(logits, spam, weight, sites) == calibrate(logits, spam, weight)


#: A judge of one word, which it takes for spam.
_PRIOR = Weights(np.zeros(WIDTH), np.ones(WIDTH), 0.5)
_PRIOR.weights[7] = 1.0


def _of_one_word(logits: Floats) -> csr_matrix:
    place = np.zeros(len(logits), dtype=np.int32), np.arange(len(logits) + 1)
    return csr_matrix((logits - _PRIOR.intercept, place[0] + 7, place[1]), shape=(len(logits), WIDTH))


@pytest.mark.parametrize(("slope", "offset"), [(1.0, 0.0), (0.2, -0.5)])
def test_a_prior_is_heard_as_far_as_the_labels_find_it_right(slope: float, offset: float) -> None:
    logits, spam, weight = _judged(2000, slope, offset)

    found = heard(Labels(_of_one_word(logits), spam, weight, [""] * 2000), _PRIOR)

    assert found.weights[7] == pytest.approx(slope, abs=0.15)
    assert found.intercept == pytest.approx(slope * 0.5 + offset, abs=0.2)


def test_a_site_whose_labels_are_all_wrong_does_not_silence_the_prior_for_two_others() -> None:
    logits, spam, weight = _judged(900, 1.0, 0.0)
    wrong = np.arange(900) >= 600
    sites = [f"site {place // 300}" for place in range(900)]

    found = heard(Labels(_of_one_word(logits), spam ^ wrong, weight, sites), _PRIOR)

    assert found.weights[7] > 0.7
