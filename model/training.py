"""From labelled comments to a fitted candidate: a deterministic function of the samples in their order.

The starter's weights are the prior; the labels bend them. Metrics come from comments held out by campaign and thread,
never from what was learnt; the same held-out log-odds calibrate the model by an affine map, so that its evidence still
adds up.
"""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import scipy
import sklearn
from scipy.special import expit

from model import artifact
from model.evaluation import evaluate
from model.features import NUMBERS
from model.grouping import Conflict, campaigns, conflicts, folds_of, weights_of
from model.pipeline import CommentVectorizer, PriorLogisticRegression
from model.promise import solve
from model.sample import Label
from model.scoring import STARTER, Scorer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from model.sample import LabelledSample, Sample

    Floats = NDArray[np.float64]

#: Fewer labels of a class than this, and a candidate is learnt from too little to go live unforced.
MIN_LABELS_PER_CLASS: Final = 20
FOLDS: Final = 5
#: Platt's map is itself held to "the scores are right as they are", as firmly as about ten labels would hold it.
_SLOPE_PRECISION: Final = 16.0
_OFFSET_PRECISION: Final = 1.0
#: By how much a candidate may fall short of the live model before it counts as worse, in standard errors.
_NOISE: Final = 2.0


class TrainingError(Exception):
    """Nothing can be learnt from these labels; the text says why."""


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """A candidate: where it lies, what it scored on held-out labels, and what a person should look at."""

    version: str
    folder: Path
    metrics: dict[str, Any]
    live_metrics: dict[str, Any] | None
    n_spam: int
    n_ham: int
    warnings: list[str] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


def _silent(_done: float, _what: str) -> None:
    """Progress nobody asked for."""


def train(
    samples: Iterable[LabelledSample],
    *,
    prior: Path = STARTER,
    out: Path,
    seed: int = 0,
    progress: Callable[[float, str], None] = _silent,
    live: Path | None = None,
    now: datetime | None = None,
) -> TrainingResult:
    """Fit a candidate on ``samples`` and write it as a folder in ``out``.

    ``progress`` hears the share done (0 to 1) and what is being done. ``live`` is a model to measure on the same
    held-out labels. ``now`` names the version; the weights do not depend on it.

    Raises:
        TrainingError: a class is missing.
        ArtifactError: the prior or the live model cannot be read.
        OSError: ``out`` cannot be written.
    """
    kept = list(samples)
    spam = np.array([one.label is Label.SPAM for one in kept])
    n_spam, n_ham = int(spam.sum()), int((~spam).sum())
    if not n_spam or not n_ham:
        missing = "spam" if not n_spam else "genuine (ham)"
        text = f"there is no {missing} comment among the {len(kept)} labels: both classes are needed"
        raise TrainingError(text)
    parent, start = artifact.load(prior)
    progress(0.0, "grouping near-identical comments")
    campaign = campaigns(kept)
    weight = weights_of(kept, campaign)
    sites = frozenset(one.sample.site for one in kept if one.sample.site)
    progress(0.2, "reading the comments")
    matrix = CommentVectorizer(sites).transform([one.sample for one in kept])
    logits = _held_out(matrix, spam, weight, start, folds_of(kept, campaign), seed, progress)
    slope, offset = calibrate(logits, spam, weight)
    progress(0.8, "learning from all labels")
    model = _fit(matrix, spam, weight, start)
    weights = artifact.Weights(
        slope * model.coef_[0], model.precision_ / slope**2, slope * float(model.intercept_[0]) + offset, sites
    )
    given = expit(slope * logits + offset)
    metrics = evaluate(spam, given, weight)
    live_metrics = evaluate(spam, _given(live, [one.sample for one in kept]), weight) if live is not None else None
    record = _record(kept, n_spam, n_ham, seed, sites, slope, offset)
    manifest = artifact.Manifest(
        version=_version(record["digest"], parent.version, now),
        created_at=(now or datetime.now(UTC)).isoformat(),
        parent=parent.version,
        metrics=metrics,
        training=record,
        promise=solve(spam, given).as_dict(),
    )
    progress(0.95, "writing the model")
    folder = artifact.save(out, manifest, weights)
    progress(1.0, "done")
    clashes = conflicts(kept, campaign)
    return TrainingResult(
        manifest.version, folder, metrics, live_metrics, n_spam, n_ham, _warnings(n_spam, n_ham, clashes), clashes
    )


def _fit(matrix: Any, spam: NDArray[np.bool_], weight: Floats, start: artifact.Weights) -> PriorLogisticRegression:  # noqa: ANN401
    return PriorLogisticRegression(
        prior_mean=start.weights,
        prior_precision=start.precision,
        intercept_mean=start.intercept,
        intercept_precision=1.0,
    ).fit(matrix, spam, sample_weight=weight)


def _held_out(
    matrix: Any,  # noqa: ANN401 - sparse
    spam: NDArray[np.bool_],
    weight: Floats,
    start: artifact.Weights,
    groups: Sequence[int],
    seed: int,
    progress: Callable[[float, str], None],
) -> Floats:
    """Log-odds of every comment by a model that has not learnt its group, shape ``(n,)``.

    A fold whose other folds lack a class is judged by the prior alone.
    """
    fold = split(groups, seed)
    logits = np.asarray(matrix @ start.weights) + start.intercept
    for number in range(FOLDS):
        progress(0.3 + 0.5 * number / FOLDS, "measuring on held-out labels")
        out = fold == number
        if out.any() and len(np.unique(spam[~out])) == 2:
            logits[out] = _fit(matrix[~out], spam[~out], weight[~out], start).decision_function(matrix[out])
    return logits


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


def calibrate(logits: Floats, spam: NDArray[np.bool_], weight: Floats) -> tuple[float, float]:
    """Slope and offset that turn held-out log-odds into honest ones (Platt 1999); the slope never turns over."""
    platt = PriorLogisticRegression(1.0, _SLOPE_PRECISION, 0.0, _OFFSET_PRECISION)
    platt.fit(np.clip(logits, -30, 30)[:, np.newaxis], spam, sample_weight=weight)
    return max(float(platt.coef_[0, 0]), 0.05), float(platt.intercept_[0])


def _given(folder: Path, samples: Sequence[Sample]) -> Floats:
    return np.fromiter(Scorer.load(folder).score_many(samples), dtype=np.float64, count=len(samples))


def _record(
    kept: Sequence[LabelledSample],
    n_spam: int,
    n_ham: int,
    seed: int,
    sites: frozenset[str],
    slope: float,
    offset: float,
) -> dict[str, Any]:
    return {
        "n": len(kept),
        "n_spam": n_spam,
        "n_ham": n_ham,
        "seed": seed,
        "digest": digest(kept),
        "sites": sorted(sites),
        "numbers": [number.name for number in NUMBERS],
        "calibration": {"slope": slope, "offset": offset},
        "libraries": libraries(),
    }


def libraries() -> dict[str, str]:
    """Versions of what computes the weights."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
    }


def digest(samples: Iterable[LabelledSample]) -> str:
    """SHA-256 over all that training sees, in order."""
    total = hashlib.sha256()
    for one in samples:
        known = sorted(one.sample.knowledge.items())
        line = (one.sample.body, one.sample.author_name, one.sample.author_email, one.sample.author_url)
        rest = (one.sample.user_agent, one.sample.thread, one.sample.site, known, one.label, one.weight, one.group)
        total.update(repr((line, rest)).encode("utf-8", "backslashreplace"))
    return total.hexdigest()


def _version(data: str, parent: str, now: datetime | None) -> str:
    name = hashlib.sha256(f"{data} {parent}".encode()).hexdigest()[:8]
    return f"{(now or datetime.now(UTC)).strftime('%Y%m%dT%H%M%S')}-{name}"


def _warnings(n_spam: int, n_ham: int, clashes: Sequence[Conflict]) -> list[str]:
    found = []
    if min(n_spam, n_ham) < MIN_LABELS_PER_CLASS:
        found.append(
            f"{n_spam} spam and {n_ham} genuine labels are few: at least {MIN_LABELS_PER_CLASS} of each are wanted"
        )
    if clashes:
        found.append(f"{len(clashes)} groups of near-identical comments carry both labels")
    return found


def compare(candidate: dict[str, Any], live: dict[str, Any] | None) -> list[str]:
    """Reasons why a candidate with these metrics must not go live unforced; empty where there is none."""
    n_spam, n_ham = candidate["n_spam"], candidate["n"] - candidate["n_spam"]
    reasons = [
        f"learnt from too little: {count} {name} labels, at least {MIN_LABELS_PER_CLASS} are wanted"
        for count, name in ((n_spam, "spam"), (n_ham, "genuine"))
        if count < MIN_LABELS_PER_CLASS
    ]
    ours, theirs = candidate.get("roc_auc"), (live or {}).get("roc_auc")
    if ours is None or theirs is None:
        return reasons
    if ours < theirs - _NOISE * _auc_error(theirs, n_spam, n_ham):
        reasons.append(f"ranks worse than the live model: ROC AUC {ours:.4f} against {theirs:.4f}")
    brier, theirs_brier = candidate["brier"], (live or {})["brier"]
    if brier > theirs_brier + _NOISE * 0.5 * (theirs_brier * (1 - theirs_brier) / (n_spam + n_ham)) ** 0.5:
        reasons.append(f"errs more than the live model: Brier score {brier:.4f} against {theirs_brier:.4f}")
    return reasons


def _auc_error(auc: float, n_spam: int, n_ham: int) -> float:
    """Standard error of a ROC AUC (Hanley & McNeil 1982)."""
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (n_spam - 1) * (q1 - auc**2) + (n_ham - 1) * (q2 - auc**2)
    return float((max(variance, 1e-12) / max(n_spam * n_ham, 1)) ** 0.5)
