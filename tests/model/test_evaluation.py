"""Metrics, against cases small enough to count by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from model.evaluation import evaluate, policy_shares


def test_a_perfect_judge() -> None:
    found = evaluate([1, 1, 0, 0], [1.0, 1.0, 0.0, 0.0])
    assert found == {
        "n": 4, "n_spam": 2, "roc_auc": 1.0, "average_precision": 1.0, "recall_at_fpr_0.01": 1.0,
        "recall_at_fpr_0.001": 1.0, "brier": 0.0, "ece": 0.0,
    }  # fmt: skip


def test_recall_at_one_in_a_hundred_allows_one_in_a_hundred() -> None:
    labels = [0] * 100 + [1] * 4
    given = [*np.linspace(0, 0.5, 99), 0.9, 0.95, 0.8, 0.7, 0.1]
    found = evaluate(labels, given)
    assert found["recall_at_fpr_0.01"] == 0.75
    assert found["recall_at_fpr_0.001"] == 0.25


def test_one_class_has_no_ranking() -> None:
    found = evaluate([0, 0], [0.1, 0.2])
    assert found["roc_auc"] is None
    assert found["brier"] == pytest.approx(0.025)
    json.dumps(found, allow_nan=False)


def test_no_labels_have_no_metrics() -> None:
    assert evaluate([], [])["brier"] is None


def test_calibration_error_of_an_overconfident_judge() -> None:
    assert evaluate([0, 1] * 50, [0.9] * 100)["ece"] == pytest.approx(0.4, abs=0.1)
    assert evaluate([0, 1] * 500, [0.5] * 1000)["ece"] == pytest.approx(0.0, abs=0.01)


def test_what_a_policy_would_do() -> None:
    found = policy_shares([0, 0, 1, 1, 1], [0.0, 0.95, 0.05, 0.5, 0.99], (0.1, 0.9))
    assert (found["published"], found["pending"], found["spam"]) == (0.4, 0.2, 0.4)
    assert (found["ham_as_spam"], found["spam_published"]) == (1, 1)
    assert found["spam_in_published_share"] == 0.5
    assert found == policy_shares(
        [0, 0, 1, 1, 1], [0.0, 0.95, 0.05, 0.5, 0.99], {"publish_below": 0.1, "spam_above": 0.9}
    )
