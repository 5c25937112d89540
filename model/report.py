"""The report of a model: what it scored on held-out labels, as JSON and as pictures, stored with its version.

It names comments by their position among the labels, never by their text: a person who is erased must not live on in
the report of a model.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from model.evaluation import evaluate, policy_shares
from model.promise import Cuts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from model.sample import LabelledSample

    Floats = NDArray[np.float64]

#: Mistakes that are listed on either side.
WORST: Final = 20
#: Smallest group that gets metrics of its own.
SMALLEST: Final = 5
JSON: Final = "report.json"


@dataclass(frozen=True, slots=True)
class Results:
    """Held-out results, all of shape ``(n,)``: labels, calibrated probabilities, weights, the live model's if any.

    ``groups`` name the source, language and site of each; ``position`` is each comment's place among the labels.
    """

    spam: NDArray[np.bool_]
    given: Floats
    weight: Floats
    groups: Mapping[str, Sequence[str]]
    position: NDArray[np.int64]
    live: Floats | None = None


def groups_of(samples: Sequence[LabelledSample]) -> dict[str, list[str]]:
    """What the results are told apart by."""
    return {
        "source": [one.source for one in samples],
        "lang": [one.lang for one in samples],
        "site": [one.sample.site for one in samples],
    }


def report(held: Results, cuts: Cuts, curve: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """All figures, JSON-able. ``curve`` is the learning curve: metrics by number of labels learnt."""
    spam = held.spam
    found: dict[str, Any] = {
        "all": evaluate(spam, held.given, held.weight),
        "policy": policy_shares(spam, held.given, (cuts.publish_below, cuts.spam_above)),
        **{f"by_{kind}": _groups(held, names) for kind, names in held.groups.items()},
        "learning_curve": list(curve),
        "worst": {"ham": _worst(held, spam=False), "spam": _worst(held, spam=True)},
        "calibration": _calibration(spam, held.given),
        "histogram": _histogram(spam, held.given),
    }
    if held.live is not None:
        found["live"] = {
            "all": evaluate(spam, held.live, held.weight),
            "changed": _changed(held, cuts),
        }
    return found


def _groups(held: Results, names: Sequence[str]) -> dict[str, Any]:
    """Metrics of each group that has a name and enough comments."""
    keys = np.array(names, dtype=object)
    found = {}
    for name in sorted({name for name in names if name}):
        here = keys == name
        if here.sum() >= SMALLEST:
            found[name] = evaluate(held.spam[here], held.given[here], held.weight[here])
    return found


def _worst(held: Results, *, spam: bool) -> list[dict[str, Any]]:
    """Comments of one class that were judged most wrongly."""
    wrong = np.where(held.spam, 1.0 - held.given, held.given)
    order = [int(i) for i in np.argsort(-wrong, kind="stable") if held.spam[i] == spam and wrong[i] >= 0.5]
    return [{"position": int(held.position[i]), "probability": float(held.given[i])} for i in order[:WORST]]


def _calibration(spam: NDArray[np.bool_], given: Floats, bins: int = 10) -> list[dict[str, float]]:
    """Stated against observed share of spam, by bins of equal count."""
    order = np.argsort(given, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return [
        {"stated": float(given[part].mean()), "observed": float(spam[part].mean()), "n": len(part)} for part in parts
    ]


def _histogram(spam: NDArray[np.bool_], given: Floats, bins: int = 20) -> dict[str, list[float]]:
    edges = np.linspace(0.0, 1.0, bins + 1)
    return {
        "edges": edges.tolist(),
        "spam": np.histogram(given[spam], edges)[0].tolist(),
        "ham": np.histogram(given[~spam], edges)[0].tolist(),
    }


def _changed(held: Results, cuts: Cuts) -> dict[str, int]:
    """How many comments would get another status than from the live model's scores, by "from → to"."""
    if held.live is None:
        return {}
    names = np.array(["published", "pending", "spam"], dtype=object)

    def status(given: Floats) -> NDArray[Any]:
        return names[np.where(given >= cuts.spam_above, 2, np.where(given < cuts.publish_below, 0, 1))]

    before, after = status(held.live), status(held.given)
    moves = [f"{old} → {new}" for old, new in zip(before, after, strict=True) if old != new]
    return {move: moves.count(move) for move in sorted(set(moves))}


def pictures(held: Results, cuts: Cuts, figures: dict[str, Any]) -> dict[str, bytes]:
    """SVG pictures by file name; the same figures give the same bytes. None where a class is missing."""
    spam = held.spam
    if not spam.any() or spam.all():
        return {}
    from sklearn.calibration import CalibrationDisplay  # noqa: PLC0415 - half a second that only a report needs
    from sklearn.metrics import PrecisionRecallDisplay, RocCurveDisplay  # noqa: PLC0415

    def roc(axes: Axes) -> None:
        RocCurveDisplay.from_predictions(spam, held.given, ax=axes, name="candidate", plot_chance_level=True)
        if held.live is not None:
            RocCurveDisplay.from_predictions(spam, held.live, ax=axes, name="live")
        axes.set(title="Spam caught against genuine comments hit")

    def precision(axes: Axes) -> None:
        PrecisionRecallDisplay.from_predictions(spam, held.given, ax=axes, name="candidate")
        axes.set(title="Precision against recall")

    def calibration(axes: Axes) -> None:
        CalibrationDisplay.from_predictions(spam, held.given, n_bins=10, strategy="quantile", ax=axes, name="candidate")
        axes.set(title="What is stated against what happens")

    def scores(axes: Axes) -> None:
        edges = np.linspace(0, 1, 41).tolist()
        axes.hist([held.given[~spam], held.given[spam]], edges, label=["genuine", "spam"], stacked=True, log=True)
        for cut in (cuts.publish_below, cuts.spam_above):
            axes.axvline(min(cut, 1.0), color="black", linestyle="--")
        axes.set(title="Scores and cuts", xlabel="spam probability", ylabel="comments")
        axes.legend()

    drawn: dict[str, Callable[[Axes], None]] = {
        "roc.svg": roc,
        "precision-recall.svg": precision,
        "calibration.svg": calibration,
        "scores.svg": scores,
    }
    if figures["learning_curve"]:
        drawn["learning-curve.svg"] = _curve(figures["learning_curve"])
    return {name: _svg(draw) for name, draw in drawn.items()}


def _curve(points: Sequence[dict[str, Any]]) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        known = [point for point in points if point["roc_auc"] is not None]
        axes.plot([point["labels"] for point in known], [point["roc_auc"] for point in known], marker="o")
        axes.set(title="What more labels bring", xlabel="labels learnt", ylabel="ROC AUC on held-out labels")

    return draw


def _svg(draw: Callable[[Axes], None]) -> bytes:
    import matplotlib as mpl  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    # A fixed salt and no date: a report is as reproducible as its model.
    with mpl.rc_context({"svg.hashsalt": "judge", "svg.fonttype": "none"}):
        figure = Figure(figsize=(5.5, 4.5), layout="constrained")
        draw(figure.subplots())
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def files(held: Results, cuts: Cuts, curve: Sequence[dict[str, Any]] = ()) -> dict[str, bytes]:
    """The whole report as files to store with the model."""
    figures = report(held, cuts, curve)
    text = json.dumps(figures, indent=1, sort_keys=True, allow_nan=False) + "\n"
    return {JSON: text.encode(), **pictures(held, cuts, figures)}
