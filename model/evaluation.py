"""How good a judge is on labelled comments: ranking, the ends that matter, calibration, and what a policy would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Bins of equal count for the expected calibration error (Naeini et al., AAAI 2015, with quantile bins).
ECE_BINS: Final = 15


def evaluate(
    labels: Sequence[bool | int] | NDArray[Any],
    probabilities: Sequence[float] | NDArray[np.float64],
    weights: Sequence[float] | NDArray[np.float64] | None = None,
) -> dict[str, float | int | None]:
    """Metrics by name; those that need both classes are ``None`` where one is missing."""
    truth = np.asarray(labels, dtype=bool)
    given = np.asarray(probabilities, dtype=np.float64)
    weight = np.ones(len(truth)) if weights is None else np.asarray(weights, dtype=np.float64)
    both = bool(truth.any()) and not bool(truth.all())
    return {
        "n": len(truth),
        "n_spam": int(truth.sum()),
        "roc_auc": float(roc_auc_score(truth, given, sample_weight=weight)) if both else None,
        "average_precision": float(average_precision_score(truth, given, sample_weight=weight)) if both else None,
        "recall_at_fpr_0.01": recall_at(truth, given, 0.01, weight) if both else None,
        "recall_at_fpr_0.001": recall_at(truth, given, 0.001, weight) if both else None,
        "brier": float(np.average((given - truth) ** 2, weights=weight)) if len(truth) else None,
        "ece": calibration_error(truth, given, weight) if len(truth) else None,
    }


def recall_at(
    truth: NDArray[np.bool_], given: NDArray[np.float64], rate: float, weight: NDArray[np.float64] | None = None
) -> float:
    """The greatest share of spam caught by any cut that catches at most ``rate`` of the genuine comments."""
    false, true, _ = roc_curve(truth, given, sample_weight=weight, drop_intermediate=False)
    return float(true[false <= rate + 1e-12].max())


def calibration_error(truth: NDArray[np.bool_], given: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """Expected calibration error: mean distance of stated and observed spam share over bins of equal count."""
    order = np.argsort(given, kind="stable")
    total = weight.sum()
    error = 0.0
    for part in np.array_split(order, min(ECE_BINS, len(order))):
        gap = weight[part] @ (given[part] - truth[part])
        error += abs(float(gap))
    return error / float(total)


def policy_shares(
    labels: Sequence[bool | int] | NDArray[Any],
    probabilities: Sequence[float] | NDArray[np.float64],
    cuts: Mapping[str, float] | tuple[float, float],
) -> dict[str, float | int | None]:
    """What a policy would have done: shares by status, and the errors in each.

    ``cuts`` are ``publish_below`` and ``spam_above`` (a mapping, or a pair in this order): a comment is published below
    the first, spam at or above the second, pending between.
    """
    low, high = (cuts["publish_below"], cuts["spam_above"]) if isinstance(cuts, Mapping) else cuts
    truth = np.asarray(labels, dtype=bool)
    given = np.asarray(probabilities, dtype=np.float64)
    spam = given >= high
    published = (given < low) & ~spam
    return {
        "publish_below": float(low),
        "spam_above": float(high),
        "published": _share(published),
        "pending": _share(~published & ~spam),
        "spam": _share(spam),
        "ham_as_spam": int((spam & ~truth).sum()),
        "ham_as_spam_share": _share(spam[~truth]),
        "spam_published": int((published & truth).sum()),
        "spam_in_published_share": _share(truth[published]),
        "spam_stopped_share": _share(spam[truth]),
        "ham_published_share": _share(published[~truth]),
    }


def _share(which: NDArray[np.bool_]) -> float | None:
    return float(which.mean()) if len(which) else None
