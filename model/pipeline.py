"""The judge as scikit-learn estimators: comments to sparse vectors, and a logistic regression with a Gaussian prior.

`PriorLogisticRegression` is maximum a posteriori: each weight is pulled towards its prior mean with its own precision.
With the starter's weights as means, a site's few labels bend what is already known, and where they are silent the
starter's word stands (the Laplace-approximation update of Chapelle & Li, "An Empirical Evaluation of Thompson
Sampling", NeurIPS 2011, algorithm 3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_array, csr_matrix, issparse
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from model.features import numbers
from model.parts import Doubt, loudest, part_vectors
from model.reading import read
from model.vector import WIDTH, features_of, vectors

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from model.artifact import Weights
    from model.sample import Sample

    Floats = NDArray[np.float64]


_FEW_STEPS = 30


class CommentVectorizer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turns `Sample`s into a sparse matrix of shape ``(n, WIDTH)``; stateless, so it may be used without `fit`.

    ``sites`` are those that have weights of their own (see `vector.features_of`).
    """

    def __init__(self, sites: frozenset[str] = frozenset()) -> None:
        self.sites = sites

    def fit(self, samples: Iterable[Sample], y: object = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Nothing is learnt: the space is hashed."""
        return self

    def transform(self, samples: Iterable[Sample]) -> csr_matrix:
        """Vectors of ``samples``, repeated columns of a row summed."""
        return stacked(vectors([read(sample) for sample in samples], self.sites), np.float64)

    def parts(self, samples: Sequence[Sample]) -> tuple[NDArray[np.int64], csr_matrix]:
        """Vectors of the parts of the texts (see `parts`), and the places of the ``samples`` they are of."""
        readings = [read(sample) for sample in samples]
        found = [
            part_vectors(reading, features, numbers(reading))
            for reading, features in zip(readings, features_of(readings, self.sites), strict=True)
        ]
        owner = np.repeat(np.arange(len(found)), [len(parts) for parts in found])
        return owner, stacked((vector for parts in found for vector in parts), np.float64)

    def __sklearn_is_fitted__(self) -> bool:
        """Stateless: always ready."""
        return True


def stacked(vectors: Iterable[tuple[NDArray[Any], NDArray[Any]]], dtype: type[np.float32 | np.float64]) -> csr_matrix:
    """Sparse vectors as the rows of a matrix of shape ``(n, WIDTH)``."""
    indices: list[NDArray[np.int32]] = [np.zeros(0, dtype=np.int32)]
    values: list[NDArray[Any]] = [np.zeros(0, dtype=dtype)]
    ends = [0]
    for columns, here in vectors:
        indices.append(columns.astype(np.int32))
        values.append(here.astype(dtype))
        ends.append(ends[-1] + len(columns))
    data = np.concatenate(values), np.concatenate(indices), np.array(ends)
    return csr_matrix(data, shape=(len(ends) - 1, WIDTH))


class PriorLogisticRegression(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Binary logistic regression with an independent Gaussian prior on every weight.

    Parameters: ``prior_mean`` and ``prior_precision``, scalars or arrays of shape ``(n_features,)``; the
    intercept's own (``intercept_mean``, ``intercept_precision``); ``tol`` and ``max_iter`` of L-BFGS. Deterministic.
    After `fit`: ``coef_`` of shape ``(1, n_features)``, ``intercept_`` of shape ``(1,)``, ``precision_`` of shape
    ``(n_features,)`` (the diagonal of the posterior's precision), ``n_iter_``, ``classes_``.
    """

    def __init__(
        self,
        prior_mean: ArrayLike = 0.0,
        prior_precision: ArrayLike = 1.0,
        intercept_mean: float = 0.0,
        intercept_precision: float = 1e-3,
        tol: float = 1e-6,
        max_iter: int = 300,
    ) -> None:
        self.prior_mean = prior_mean
        self.prior_precision = prior_precision
        self.intercept_mean = intercept_mean
        self.intercept_precision = intercept_precision
        self.tol = tol
        self.max_iter = max_iter

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn's tags have no public type
        """Binary only; sparse matrices welcome."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.sparse = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Find the posterior's mode.

        Raises:
            ValueError: ``y`` has not exactly two classes, or the shapes do not fit.
        """
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=[np.float64, np.float32])
        check_classification_targets(y)
        self.classes_, signs = np.unique(y, return_inverse=True)
        if len(self.classes_) != 2:
            kind = type_of_target(y)
            text = f"Only binary classification is supported. The type of the target is {kind}."
            if len(self.classes_) == 1:
                text = f"This classifier needs samples of 2 classes, but the data contains only one class: {kind}"
            raise ValueError(text)
        weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
        matrix = csr_array(X) if issparse(X) else X
        # How many threads add up a sum decides how it is rounded: with one, any machine's cores give the same bits.
        with threadpool_limits(1, user_api="blas"):
            self._solve(matrix, signs.astype(np.float64), weight)
        return self

    def _solve(self, matrix: Any, targets: Floats, weight: Floats) -> None:  # noqa: ANN401 - dense or sparse
        width = matrix.shape[1]
        mean = np.array(np.broadcast_to(np.asarray(self.prior_mean, dtype=np.float64), width))
        precision = np.broadcast_to(np.asarray(self.prior_precision, dtype=np.float64), width)
        # A column without a value keeps its prior, so only the others are solved for, in units of their prior's width.
        active = np.flatnonzero(_present(matrix))
        part = _only(matrix, active)
        scale = 1.0 / np.sqrt(precision[active])
        # Products in the matrix's own precision: mixing them would copy the matrix at every step.
        dtype = part.dtype
        base = part @ mean[active].astype(dtype) + self.intercept_mean
        # Turning the matrix over pays off only if many steps use it.
        flipped = part.T.tocsr() if issparse(part) and self.max_iter > _FEW_STEPS else part.T

        hold = np.append(np.ones(len(active)), self.intercept_precision)

        def loss(moved: Floats) -> tuple[float, Floats]:
            logits = base + part @ (moved[:-1] * scale).astype(dtype) + moved[-1]
            fit = weight @ (np.logaddexp(0.0, logits) - targets * logits)
            off = weight * (expit(logits) - targets)
            slope = np.append(scale * (flipped @ off.astype(dtype)), off.sum())
            return float(fit + 0.5 * hold @ moved**2), slope + hold * moved

        options = {"maxiter": self.max_iter, "gtol": self.tol * max(weight.sum(), 1.0), "ftol": 1e-12, "maxcor": 8}
        found = minimize(loss, np.zeros(len(active) + 1), jac=True, method="L-BFGS-B", options=options)
        moved = found.x
        mean[active] += moved[:-1] * scale
        self.coef_ = mean[np.newaxis]
        self.intercept_ = np.array([self.intercept_mean + moved[-1]])
        self.n_iter_ = int(found.nit)
        probability = expit(base + part @ (moved[:-1] * scale).astype(dtype) + moved[-1]).astype(np.float64)
        curvature = weight * probability * (1.0 - probability)
        if issparse(flipped):
            squared = flipped.copy()
            squared.data **= 2
        else:
            squared = flipped**2
        self.precision_ = np.array(precision)
        self.precision_[active] += squared @ curvature

    def decision_function(self, X: ArrayLike) -> Floats:
        """Log-odds, shape ``(n,)``."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=False)
        return np.asarray(X @ self.coef_[0] + self.intercept_[0])

    def predict_proba(self, X: ArrayLike) -> Floats:
        """Probabilities, shape ``(n, 2)``."""
        probability = expit(self.decision_function(X))
        return np.column_stack((1.0 - probability, probability))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The likelier class of each row, shape ``(n,)``."""
        check_is_fitted(self)
        return np.asarray(self.classes_[(self.decision_function(X) > 0).astype(int)])


def _only(matrix: Any, active: NDArray[np.int64]) -> Any:  # noqa: ANN401 - dense or sparse
    """The matrix without its empty columns: a renumbering, which is ten times faster than slicing by columns."""
    if not issparse(matrix):
        return matrix
    place = np.zeros(matrix.shape[1], dtype=np.int32)
    place[active] = np.arange(len(active), dtype=np.int32)
    return csr_array((matrix.data, place[matrix.indices], matrix.indptr), shape=(matrix.shape[0], len(active)))


def _present(matrix: Any) -> NDArray[np.bool_]:  # noqa: ANN401 - dense or sparse
    present = np.zeros(matrix.shape[1], dtype=np.bool_)
    if issparse(matrix):
        present[matrix.indices] = True
    else:
        present[:] = True
    return present


def unfitted(sites: frozenset[str] = frozenset(), **prior: Any) -> Pipeline:
    """The judge before it has learnt: comments in, spam probability out. ``prior``: see `PriorLogisticRegression`."""
    return Pipeline([("vector", CommentVectorizer(sites)), ("classifier", PriorLogisticRegression(**prior))])


def fitted(weights: Weights) -> ByParts:
    """A pipeline of scikit-learn's own `LogisticRegression` with given weights: what the fast path must equal."""
    classifier = LogisticRegression()
    classifier.classes_ = np.array([0, 1])
    classifier.coef_ = weights.weights[np.newaxis]
    classifier.intercept_ = np.array([weights.intercept])
    classifier.n_features_in_ = len(weights.weights)
    return ByParts(Pipeline([("vector", CommentVectorizer(weights.sites)), ("classifier", classifier)]), weights.doubt)


class ByParts(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A fitted ``pipeline`` that is asked about parts of a text, too, where its log-odds lie in ``doubt``."""

    def __init__(self, pipeline: Pipeline, doubt: Doubt) -> None:
        self.pipeline = pipeline
        self.doubt = doubt

    def decision_function(self, samples: Sequence[Sample]) -> Floats:
        """Log-odds, shape ``(n,)``."""
        vectorizer, classifier = self.pipeline["vector"], self.pipeline["classifier"]

        def parts(asked: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats]:
            owner, matrix = vectorizer.parts([samples[item] for item in asked.tolist()])
            given = classifier.decision_function(matrix) if len(owner) else np.zeros(0)
            return asked[owner], given

        return loudest(self.pipeline.decision_function(samples), self.doubt, parts)

    def predict_proba(self, samples: Sequence[Sample]) -> Floats:
        """Probabilities, shape ``(n, 2)``."""
        probability = expit(self.decision_function(samples))
        return np.column_stack((1.0 - probability, probability))
