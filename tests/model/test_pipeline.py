"""Our estimators keep scikit-learn's conventions and do what they say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import check_estimator

from model.pipeline import CommentVectorizer, PriorLogisticRegression, unfitted
from model.sample import Label, Sample
from model.vector import WIDTH
from tests.model.conftest import labels


def test_the_classifier_obeys_scikit_learn() -> None:
    check_estimator(PriorLogisticRegression(), on_skip=None)


def _data(n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    data = random.normal(size=(n, 5))
    return data, (random.random(n) < expit(data @ [1.0, -2.0, 0.5, 0.0, 0.0] + 0.3)).astype(int)


def test_with_a_flat_prior_it_is_ridge_logistic_regression() -> None:
    data, target = _data()
    ours = PriorLogisticRegression(prior_precision=0.5, intercept_precision=1e-9, tol=1e-9).fit(data, target)
    theirs = LogisticRegression(C=2.0, tol=1e-9).fit(data, target)
    assert ours.coef_ == pytest.approx(theirs.coef_, abs=1e-4)
    assert ours.intercept_ == pytest.approx(theirs.intercept_, abs=1e-4)


def test_a_firm_prior_is_not_moved_and_a_loose_one_is() -> None:
    data, target = _data()
    firm = PriorLogisticRegression(prior_mean=[5.0, 0, 0, 0, 0], prior_precision=1e9).fit(data, target)
    loose = PriorLogisticRegression(prior_mean=[5.0, 0, 0, 0, 0], prior_precision=1e-3).fit(data, target)
    assert firm.coef_[0, 0] == pytest.approx(5.0, abs=1e-3)
    assert abs(loose.coef_[0, 0] - 1.0) < 0.6


def test_learning_sharpens_the_precision_only_where_there_are_data() -> None:
    data, target = _data()
    data[:, 4] = 0.0
    model = PriorLogisticRegression().fit(data, target)
    assert (model.precision_[:4] > 5).all()
    assert model.precision_[4] == 1.0


def test_weights_count_like_copies() -> None:
    data, target = _data(60)
    weight = np.where(np.arange(60) < 20, 3, 1)
    weighted = PriorLogisticRegression(tol=1e-9).fit(data, target, sample_weight=weight)
    copied = PriorLogisticRegression(tol=1e-9).fit(np.repeat(data, weight, axis=0), np.repeat(target, weight))
    assert weighted.coef_ == pytest.approx(copied.coef_, abs=1e-5)


def test_the_whole_pipeline_learns_from_comments() -> None:
    rows = labels(40)
    pipeline = clone(unfitted(prior_precision=0.1))
    pipeline.fit([row.sample for row in rows], [row.label is Label.SPAM for row in rows])
    fresh = labels(20, seed=5)
    found = pipeline.predict([row.sample for row in fresh])
    assert np.mean(found == np.array([row.label is Label.SPAM for row in fresh])) > 0.8


def test_the_vectorizer_needs_no_fitting_and_takes_nothing() -> None:
    assert CommentVectorizer().transform([]).shape == (0, WIDTH)
    assert CommentVectorizer().transform([Sample("")]).nnz == 0
