"""From labelled comments to a fitted candidate: a deterministic function of the samples in their order.

The starter's weights are the prior; the labels bend them. Metrics come from comments held out by campaign and thread,
never from what was learnt; the same held-out log-odds calibrate the model by an affine map, so that its evidence still
adds up. More labels than `streaming.LARGE` are learnt shard by shard, each measured before it is learnt.
"""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import scipy
import sklearn
from scipy.special import expit

from model import artifact, report, streaming
from model.evaluation import evaluate
from model.features import NUMBERS
from model.fitting import Judged, Labels, as_prior, bent, calibrate, calibrated, held_out, learning_curve, split
from model.grouping import Conflict, campaigns, conflicts, first_of_each, folds_of, learnable, weights_of
from model.held_out import FILE, HeldOut
from model.pipeline import CommentVectorizer
from model.promise import Promise, solve
from model.sample import Label
from model.scoring import STARTER, Scorer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from model.sample import LabelledSample

    Floats = NDArray[np.float64]
    Progress = Callable[[float, str], None]

#: Fewer labels of a class than this, and a candidate is learnt from too little to go live unforced.
MIN_LABELS_PER_CLASS: Final = 20
#: By how much a candidate may fall short of the live model before it counts as worse, in standard errors.
_NOISE: Final = 2.0


class TrainingError(Exception):
    """Nothing can be learnt from these labels; the text says why."""


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """A candidate: where it lies, what it scored on held-out labels, and what a person should look at.

    ``live_metrics`` are the live model's on the same labels; where it had learnt some of them, that flatters it.
    ``different`` counts the spam and the genuine comments, a campaign once. ``conflicts`` name samples by position.
    """

    version: str
    folder: Path
    metrics: dict[str, Any]
    live_metrics: dict[str, Any] | None
    n_spam: int
    n_ham: int
    promise: Promise
    different: tuple[int, int]
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
    progress: Progress = _silent,
    live: Path | None = None,
    now: datetime | None = None,
    workers: int = 1,
) -> TrainingResult:
    """Fit a candidate on ``samples`` and write it, with its report, as a folder in ``out``.

    ``progress`` hears the share done (0 to 1) and what is being done. ``live`` is a model to measure on the same
    held-out labels. ``now`` names the version; the weights do not depend on it, nor on ``workers``, the processes that
    read comments when there are very many. ``samples`` is read once.

    Raises:
        TrainingError: a class is missing.
        ArtifactError: the prior or the live model cannot be read.
        OSError: ``out`` cannot be written.
    """
    parent, shipped = artifact.load(prior)
    start = as_prior(shipped)
    stream = iter(samples)
    first = list(islice(stream, streaming.LARGE))
    following = next(stream, None)
    if following is None:
        learnt = _at_once(first, start, seed, progress, live)
    else:
        scorer = Scorer.load(live) if live is not None else None
        learnt = streaming.learn(chain(first, [following], stream), start, scorer, progress, workers)
    if not learnt.n_spam or not learnt.n_ham:
        raise TrainingError(_missing(learnt.n_spam, learnt.n_ham))
    moment = now or datetime.now(UTC)
    manifest = artifact.Manifest(
        version=_version(learnt.digest, parent.version, moment),
        created_at=moment.isoformat(),
        parent=parent.version,
        metrics=learnt.metrics,
        training=_record(learnt, seed),
        promise=learnt.promise.as_dict(),
    )
    progress(0.95, "writing the model")
    extra = {**learnt.report, FILE: learnt.held_out.as_bytes()} if learnt.held_out else learnt.report
    folder = artifact.save(out, manifest, learnt.weights, extra)
    progress(1.0, "done")
    return TrainingResult(
        manifest.version,
        folder,
        learnt.metrics,
        learnt.live_metrics,
        learnt.n_spam,
        learnt.n_ham,
        learnt.promise,
        learnt.different,
        _warnings(learnt),
        learnt.conflicts,
    )


def _missing(n_spam: int, n_ham: int) -> str:
    missing = "spam" if not n_spam else "genuine (ham)"
    return f"there is no {missing} comment among the {n_spam + n_ham} labels: both classes are needed"


def _at_once(
    kept: Sequence[LabelledSample], start: artifact.Weights, seed: int, progress: Progress, live: Path | None
) -> streaming.Learnt:
    """Learn from labels that fit into memory, with cross-validation."""
    spam = np.array([one.label is Label.SPAM for one in kept], dtype=np.bool_)
    n_spam, n_ham = int(spam.sum()), int((~spam).sum())
    if not n_spam or not n_ham:
        raise TrainingError(_missing(n_spam, n_ham))
    progress(0.0, "grouping near-identical comments")
    campaign = campaigns(kept)
    clashes = conflicts(kept, campaign)
    weight = weights_of(kept, campaign)
    names = [one.sample.site for one in kept]
    sites = frozenset(names) - {""}
    progress(0.2, "reading the comments")
    vectorizer = CommentVectorizer(sites)
    judged = Judged([one.sample for one in kept], vectorizer.transform([one.sample for one in kept]), vectorizer)
    matrix = vectorizer.transform(learnable(kept, clashes)) if clashes else judged.matrix
    labels = Labels(matrix, spam, weight, names)
    fold = split(folds_of(kept, campaign), seed)

    def measuring(done: float, what: str) -> None:
        progress(0.3 + 0.4 * done, what)

    logits = held_out(labels, judged, start, fold, measuring)
    slope, offset = calibrate(logits, spam, weight, names)
    progress(0.7, "learning from all labels")
    raw = replace(bent(labels, start), sites=sites)
    given = expit(slope * logits + offset)
    progress(0.8, "drawing the report")
    lived = _given(live, kept) if live is not None else None
    # A bound counts independent witnesses: fifty copies of a text are one.
    apart = first_of_each(kept, campaign)
    measured = HeldOut.of(spam[apart], given[apart], [names[item] for item in apart])
    promise = solve(measured.spam, measured.given)
    held = report.Results(spam, given, weight, report.groups_of(kept), np.arange(len(kept)), lived)
    curve = learning_curve(labels, start, fold)
    return streaming.Learnt(
        weights=calibrated(raw, slope, offset),
        n_spam=n_spam,
        n_ham=n_ham,
        digest=digest(kept),
        metrics=evaluate(spam, given, weight),
        live_metrics=evaluate(spam, lived, weight) if lived is not None else None,
        promise=promise,
        different=(promise.n_spam, promise.n_ham),
        held_out=measured,
        calibration=(slope, offset),
        conflicts=clashes,
        report=report.files(held, promise.cuts, curve),
    )


def _given(folder: Path, kept: Sequence[LabelledSample]) -> Floats:
    scorer = Scorer.load(folder)
    return np.fromiter(scorer.score_many(one.sample for one in kept), dtype=np.float64, count=len(kept))


def _record(learnt: streaming.Learnt, seed: int) -> dict[str, Any]:
    slope, offset = learnt.calibration
    return {
        "n": learnt.n_spam + learnt.n_ham,
        "n_spam": learnt.n_spam,
        "n_ham": learnt.n_ham,
        "seed": seed,
        "digest": learnt.digest,
        "sites": sorted(learnt.weights.sites),
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
        total.update(streaming.record_of(one))
    return total.hexdigest()


def _version(data: str, parent: str, moment: datetime) -> str:
    name = hashlib.sha256(f"{data} {parent}".encode()).hexdigest()[:8]
    return f"{moment.strftime('%Y%m%dT%H%M%S')}-{name}"


def _warnings(learnt: streaming.Learnt) -> list[str]:
    found = []
    if min(learnt.different) < MIN_LABELS_PER_CLASS:
        spam, ham = learnt.different
        few = f"{spam} spam and {ham} genuine labels, a campaign counted once, are few"
        found.append(f"{few}: at least {MIN_LABELS_PER_CLASS} of each are wanted")
    if learnt.promise.missing_ham or learnt.promise.missing_published:
        found.append(f"it would hold what it cannot promise to decide well: it needs {learnt.promise.why}")
    if learnt.conflicts:
        found.append(f"{len(learnt.conflicts)} groups of near-identical comments carry both labels")
    return found


def compare(
    candidate: dict[str, Any], live: dict[str, Any] | None, different: tuple[int, int] | None = None
) -> list[str]:
    """Reasons why a candidate with these metrics must not go live unforced; empty where there is none.

    ``different`` counts its spam and its genuine comments, a campaign once; unless given, no two are of one.
    """
    n_spam, n_ham = candidate["n_spam"], candidate["n"] - candidate["n_spam"]
    reasons = [
        f"learnt from too little: {count} {name} labels, a campaign counted once; {MIN_LABELS_PER_CLASS} are wanted"
        for count, name in zip(different or (n_spam, n_ham), ("spam", "genuine"), strict=True)
        if count < MIN_LABELS_PER_CLASS
    ]
    ours, theirs = candidate.get("roc_auc"), (live or {}).get("roc_auc")
    if live is None or ours is None or theirs is None:
        return reasons
    if ours < theirs - _NOISE * _auc_error(theirs, n_spam, n_ham):
        reasons.append(f"ranks worse than the live model: ROC AUC {ours:.4f} against {theirs:.4f}")
    brier, theirs_brier = candidate["brier"], live["brier"]
    if brier > theirs_brier + _NOISE * 0.5 * (theirs_brier * (1 - theirs_brier) / (n_spam + n_ham)) ** 0.5:
        reasons.append(f"errs more than the live model: Brier score {brier:.4f} against {theirs_brier:.4f}")
    return reasons


def _auc_error(auc: float, n_spam: int, n_ham: int) -> float:
    """Standard error of a ROC AUC (Hanley & McNeil 1982)."""
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (n_spam - 1) * (q1 - auc**2) + (n_ham - 1) * (q2 - auc**2)
    return float((max(variance, 1e-12) / max(n_spam * n_ham, 1)) ** 0.5)
