"""Why a candidate should not go live: the sentences that are told at promotion."""

from __future__ import annotations

from typing import Any, Final

from model.training import TrainingResult, compare

#: Below this area under the ROC curve a judge hardly tells spam from genuine comments.
MIN_ROC_AUC: Final = 0.65
#: Below this the labels say the contrary of what the live model has learnt.
_CHANCE: Final = 0.5


def objections_to(result: TrainingResult, to_beat: dict[str, Any] | None) -> list[str]:
    """Return the objections to a candidate; none, if it may go live. ``to_beat`` are metrics of the live model."""
    found = compare(result.metrics, to_beat, result.different)
    auc = result.metrics.get("roc_auc")
    if auc is not None and auc < MIN_ROC_AUC:
        found.append(f"it hardly tells spam from genuine comments: ROC AUC {auc:.2f} on held-out labels")
    live_auc = (result.live_metrics or {}).get("roc_auc")
    if live_auc is not None and live_auc < _CHANCE:
        found.append(
            f"its labels contradict the live model (ROC AUC {live_auc:.2f} on them): are spam and ham mixed up?"
        )
    return found
