"""Fitting, splitting and calibrating: the arithmetic that training and its measurements share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from model.evaluation import evaluate
from model.hashing import SHARED
from model.parts import loudest
from model.pipeline import CommentVectorizer, PriorLogisticRegression
from model.vector import NUMBERS_FROM

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from model.artifact import Weights
    from model.sample import Sample

    Floats = NDArray[np.float64]

FOLDS: Final = 5
#: Shares of the labels at which the learning curve is measured.
CURVE: Final = (0.125, 0.25, 0.5, 1.0)
#: Platt's map is itself held to "the scores are right as they are", about as firmly as ten labels would hold it.
_SLOPE_PRECISION: Final = 16.0
_OFFSET_PRECISION: Final = 1.0
_LEAST_SLOPE: Final = 0.05
#: So many labels of a site are a voice of their own on what the scores are worth.
_VOICE: Final = 50.0
#: Precision with which labels find a weight held, whatever it was learnt from: loosely, for that was elsewhere.
_HELD: Final = 0.005
#: A site's own columns start unknown, and are held more loosely than those that all share.
_OWN_LOOSENESS: Final = 0.1


def fit(
    matrix: csr_matrix, spam: NDArray[np.bool_], weight: Floats, start: Weights, max_iter: int = 300
) -> PriorLogisticRegression:
    """The posterior's mode, with ``start`` as the prior."""
    return PriorLogisticRegression(
        prior_mean=start.weights,
        prior_precision=start.precision,
        intercept_mean=start.intercept,
        intercept_precision=1.0,
        max_iter=max_iter,
    ).fit(matrix, spam, sample_weight=weight)


def as_prior(start: Weights) -> Weights:
    """The starter as the belief that labels bend: its weights, each held as loosely as the next.

    How firmly the starter's corpora held a weight is left out: what a whole corpus agreed on could not be unlearnt by
    the labels of a site where it is not so. What no label speaks of stays as it is.
    """
    precision = start.precision.copy()
    precision[:NUMBERS_FROM] = _HELD
    precision[SHARED:NUMBERS_FROM] = _OWN_LOOSENESS * _HELD
    return replace(start, precision=precision)


@dataclass(frozen=True, slots=True)
class Labels:
    """What is learnt from: a row of the matrix, a label, a weight and a site for each of n comments."""

    matrix: csr_matrix
    spam: NDArray[np.bool_]
    weight: Floats
    sites: Sequence[str]

    def at(self, chosen: NDArray[Any]) -> Labels:
        """Those at some places, or where a mask is true."""
        sites = np.asarray(self.sites)[chosen].tolist()
        return Labels(self.matrix[chosen], self.spam[chosen], self.weight[chosen], sites)


def bent(labels: Labels, start: Weights, max_iter: int = 300) -> Weights:
    """What labels make of the prior: first how far it holds among them (see `heard`), then what they bend of it."""
    return learnt(labels, heard(labels, start), max_iter)


def learnt(labels: Labels, prior: Weights, max_iter: int = 300) -> Weights:
    """What labels bend of the prior, with all else as it was."""
    model = fit(labels.matrix, labels.spam, labels.weight, prior, max_iter)
    return replace(prior, weights=model.coef_[0], precision=model.precision_, intercept=float(model.intercept_[0]))


def heard(labels: Labels, start: Weights) -> Weights:
    """The prior as loud as labels find it right: its log-odds among them, calibrated (see `calibrate`).

    Where a site is unlike all that the starter was learnt from, few labels tell that it is to be believed little,
    long before they could bend every weight that misleads. The argued weights of the plain numbers stay as they are:
    no corpus told them.
    """
    # In the matrix's own precision: mixing them would copy it.
    weights = start.weights.astype(labels.matrix.dtype)
    logits = np.asarray(labels.matrix @ weights, dtype=np.float64) + start.intercept
    slope, offset = calibrate(logits, labels.spam, labels.weight, labels.sites)
    turned = start.weights.copy()
    turned[:NUMBERS_FROM] *= slope
    return replace(start, weights=turned, intercept=slope * start.intercept + offset)


def both(spam: NDArray[np.bool_]) -> bool:
    """Whether both classes are there."""
    return bool(spam.any()) and not bool(spam.all())


def split(groups: Sequence[int], seed: int, folds: int = FOLDS) -> NDArray[np.int64]:
    """A fold for each item, groups kept whole, sizes evened out: the largest groups first, to the emptiest fold."""
    names, inverse, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    shuffled = np.random.default_rng(seed).permutation(len(names))
    order = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    filled = np.zeros(folds, dtype=np.int64)
    fold_of = np.zeros(len(names), dtype=np.int64)
    for group in order:
        fold_of[group] = int(np.argmin(filled))
        filled[fold_of[group]] += sizes[group]
    return np.asarray(fold_of[inverse])


def held_out(
    labels: Labels, judged: Judged, start: Weights, fold: NDArray[np.int64], progress: Callable[[float, str], None]
) -> Floats:
    """Log-odds of every comment by a model that has not learnt its fold, parts looked at, shape ``(n,)``.

    ``labels`` are what is learnt of the comments, ``judged`` what is judged. A fold whose other folds lack a class is
    judged by the prior alone.
    """
    logits = np.zeros(len(labels.spam))
    for number in range(FOLDS):
        progress(number / FOLDS, "measuring on held-out labels")
        out = np.flatnonzero(fold == number)
        if not len(out):
            continue
        rest = labels.at(fold != number)
        logits[out] = judged.by(bent(rest, start) if both(rest.spam) else start, out)
    return logits


@dataclass(frozen=True, slots=True)
class Judged:
    """Comments with the vectors of their whole texts, to be judged by any weights."""

    samples: Sequence[Sample]
    matrix: csr_matrix
    vectorizer: CommentVectorizer

    def by(self, weights: Weights, chosen: NDArray[np.int64]) -> Floats:
        """Log-odds of the comments at the places ``chosen``, shape ``(len(chosen),)``."""

        def linear(matrix: csr_matrix) -> Floats:
            return np.asarray(matrix @ weights.weights) + weights.intercept

        def parts(asked: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats]:
            owner, matrix = self.vectorizer.parts([self.samples[item] for item in chosen[asked].tolist()])
            return asked[owner], linear(matrix)

        return loudest(linear(self.matrix[chosen]), weights.doubt, parts)


def learning_curve(labels: Labels, start: Weights, fold: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Metrics on the first fold after learning nested shares of the others: by ``labels`` learnt, 0 is the prior."""
    rest = np.flatnonzero(fold != 0)
    asked = labels.at(fold == 0)
    if not both(asked.spam) or not both(labels.spam[rest]):
        return []

    def point(number: int, now: Weights) -> dict[str, Any]:
        given = _logistic(np.asarray(asked.matrix @ now.weights) + now.intercept)
        return {"labels": number, **evaluate(asked.spam, given, asked.weight)}

    points = [point(0, start)]
    order = np.random.default_rng(len(rest)).permutation(rest)
    for share in CURVE:
        part = labels.at(np.sort(order[: max(int(share * len(order)), 2)]))
        if both(part.spam):
            points.append(point(len(part.spam), bent(part, start)))
    return points


def _logistic(logits: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -500, 500))))


def calibrate(
    logits: Floats, spam: NDArray[np.bool_], weight: Floats, sites: Sequence[str] = ()
) -> tuple[float, float]:
    """Slope and offset that turn held-out log-odds into honest ones (Platt 1999); the slope never turns over.

    ``sites`` names each comment's site; all are of one unless it is given. Every site with labels enough has one voice,
    the others have one together, and what counts is the median: were it one fit for all, a site whose labels are wrong
    would make the probabilities of all others wrong. An even number of voices is joined by "right as they are".
    """
    maps = [_platt(logits[voice], spam[voice], weight[voice]) for voice in _voices(spam, weight, sites)]
    if len(maps) % 2 == 0:
        maps.append((1.0, 0.0))
    slope, offset = np.median(np.array(maps), axis=0).tolist()
    return slope, offset


def _voices(spam: NDArray[np.bool_], weight: Floats, sites: Sequence[str]) -> list[NDArray[np.int64]]:
    everyone = np.arange(len(spam))
    if not sites:
        return [everyone]
    site = np.unique(np.asarray(sites), return_inverse=True)[1]
    order = np.argsort(site, kind="stable")
    owns = np.split(order, np.flatnonzero(np.diff(site[order])) + 1)

    def is_heard(own: NDArray[np.int64]) -> bool:
        return bool(weight[own].sum() >= _VOICE) and both(spam[own[weight[own] > 0]])

    heard = [own for own in owns if is_heard(own)]
    rest = np.setdiff1d(everyone, np.concatenate(heard)) if heard else everyone
    return [*heard, rest] if not heard or is_heard(rest) else heard


def _platt(logits: Floats, spam: NDArray[np.bool_], weight: Floats) -> tuple[float, float]:
    platt = PriorLogisticRegression(1.0, _SLOPE_PRECISION, 0.0, _OFFSET_PRECISION)
    platt.fit(np.clip(logits, -30, 30)[:, np.newaxis], spam, sample_weight=weight)
    return max(float(platt.coef_[0, 0]), _LEAST_SLOPE), float(platt.intercept_[0])


def calibrated(weights: Weights, slope: float, offset: float) -> Weights:
    """The same judge with its log-odds turned to ``slope`` * log-odds + ``offset``: still a sum of addends."""
    return replace(
        weights,
        weights=slope * weights.weights,
        precision=weights.precision / slope**2,
        intercept=slope * weights.intercept + offset,
        doubt=weights.doubt.mapped(slope, offset),
    )
