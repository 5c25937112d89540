"""Rebuild the starter from the folder of labelled comments: ``python -m model.train_starter --data DIR --out DIR``.

The data are not part of the project; the weights are. The same data and library versions give the same weights.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import expit

from model import artifact, corpus, report
from model.evaluation import evaluate
from model.features import NUMBERS, numbers
from model.fitting import Judged, calibrate, calibrated, split, weights_of_fit
from model.held_out import FILE, HeldOut
from model.neighbours import Union
from model.pipeline import CommentVectorizer, PriorLogisticRegression, stacked
from model.promise import solve
from model.reading import read
from model.sample import Label
from model.training import digest, libraries
from model.vector import NUMBERS_FROM, WIDTH, assemble, clues_of, link_blocks, text_blocks
from model.views import views

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from model.sample import LabelledSample

    Floats = NDArray[np.float64]

VERSION: Final = "starter-2026.11.24"
#: Precision of a hashed weight before any data; smaller lets words speak louder.
PRECISION: Final = 0.2
#: Where parts of a text are judged as well as the whole: a twentieth of the genuine comments, and most hidden spam.
UNTAUGHT: Final = artifact.Weights(np.zeros(0), np.zeros(0), 0.0, doubt=(-3.0, 3.0))
FOLDS: Final = 4
SEED: Final = 20261123


@dataclass(frozen=True, slots=True)
class Design:
    """Vectors of comments in their views, ``matrix`` of shape ``(views, WIDTH)``.

    ``row`` and ``share``, of shape ``(views,)``, say whose view it is and what share of the weight it has;
    ``whole``, of shape ``(rows,)``, is the view of each comment as it is (of share 0 where it is not for learning).
    """

    matrix: csr_matrix
    row: NDArray[np.int64]
    share: Floats
    whole: NDArray[np.int64]


def design(rows: Sequence[LabelledSample], without: frozenset[str] = frozenset()) -> Design:
    """Vectors of all comments in the views of `views`, and as they are; ``without`` the blocks of these names."""
    chance = random.Random(SEED)  # noqa: S311 - made-up home pages, no secrets
    names = first_names(rows)
    vectors = []
    owner: list[int] = []
    share: list[float] = []
    whole: list[int] = []
    for number, row in enumerate(rows):
        reading = read(row.sample)
        text, words = text_blocks(reading)
        shown = views(row, reading, chance, names)
        if not any(view is reading for view, _ in shown):
            shown.append((reading, 0.0))
        for view, part in shown:
            if view is reading:
                whole.append(len(owner))
            blocks = [block for block in text + link_blocks(view) if block.name not in without]
            columns, values = assemble(blocks, clues_of(view, words), numbers(view))
            vectors.append((columns.astype(np.int32), values.astype(np.float32)))
            owner.append(number)
            share.append(part)
    return Design(stacked(vectors, np.float32), np.array(owner), np.array(share), np.array(whole))


def first_names(rows: Sequence[LabelledSample]) -> list[str]:
    """The commonest first names of genuine writers, for made-up home pages."""
    counts = Counter(
        word
        for row in rows
        if row.label is Label.HAM and row.lang == "en"
        for word in re.findall(r"[a-z]{3,}", row.sample.author_name.lower())[:1]
    )
    return [name for name, _ in counts.most_common(1500)] or ["anna"]


def learn(seen: Design, rows: Sequence[LabelledSample], chosen: NDArray[np.bool_]) -> PriorLogisticRegression:
    """Fit on the ``chosen`` rows (shape ``(n,)``), both classes weighing the same in total."""
    spam = np.array([row.label is Label.SPAM for row in rows])
    weight = np.array([row.weight for row in rows]) * chosen
    for label in (spam, ~spam):
        weight[label] *= 0.5 * chosen.sum() / weight[label].sum()
    part = chosen[seen.row] & (seen.share > 0)
    owner = seen.row[part]
    return PriorLogisticRegression(**prior()).fit(
        seen.matrix[part], spam[owner], sample_weight=weight[owner] * seen.share[part]
    )


def prior() -> dict[str, Any]:
    """What is believed before any data: nothing of words, of the numbers what `features.NUMBERS` says."""
    mean = np.zeros(WIDTH)
    precision = np.full(WIDTH, PRECISION)
    mean[NUMBERS_FROM:] = [number.mean for number in NUMBERS]
    precision[NUMBERS_FROM:] = [number.sd**-2 for number in NUMBERS]
    return {"prior_mean": mean, "prior_precision": precision, "intercept_precision": 0.1, "tol": 1e-4}


def build(folder: Path, out: Path, now: datetime) -> Path:
    """Train, calibrate on operators and threads held out, solve the cuts, and write ``out``."""
    rows = corpus.load(folder)
    spam = np.array([row.label is Label.SPAM for row in rows])
    weight = np.array([row.weight for row in rows])
    seen = design(rows)
    fold = folds(rows)
    judged = Judged([row.sample for row in rows], seen.matrix[seen.whole], CommentVectorizer())
    logits = np.zeros(len(rows))
    for number in range(FOLDS):
        fitted = learn(seen, rows, fold != number)
        held = np.flatnonzero(fold == number)
        logits[held] = judged.by(weights_of_fit(fitted, UNTAUGHT), held)
        print(f"fold {number + 1} of {FOLDS}: {fitted.n_iter_} steps", file=sys.stderr)  # noqa: T201
    final = learn(seen, rows, np.ones(len(rows), dtype=np.bool_))
    slope, offset = calibrate(logits, spam, weight)
    given = expit(slope * logits + offset)
    measured = HeldOut.of(spam, given, [""] * len(rows))
    promise = solve(measured.spam, measured.given)
    metrics = {"all": evaluate(spam, given, weight)} | by_source(rows, spam, given, weight)
    raw = weights_of_fit(final, UNTAUGHT)
    weights = believed(calibrated(raw, slope, offset), seen)
    manifest = artifact.Manifest(
        version=VERSION,
        created_at=now.isoformat(),
        parent="",
        metrics=metrics,
        training={
            "n": len(rows),
            "n_spam": int(spam.sum()),
            "n_ham": int((~spam).sum()),
            "seed": SEED,
            "digest": digest(rows),
            "sites": [],
            "numbers": [number.name for number in NUMBERS],
            "calibration": {"slope": slope, "offset": offset},
            "libraries": libraries(),
        },
        promise=promise.as_dict(),
    )
    results = report.Results(spam, given, weight, report.groups_of(rows), np.arange(len(rows)))
    extra = {FILE: measured.as_bytes(), **report.files(results, promise.cuts)}
    with tempfile.TemporaryDirectory(dir=out.parent) as building:
        made = artifact.save(Path(building), manifest, weights, extra)
        out.mkdir(exist_ok=True)
        for path in made.iterdir():
            path.replace(out / path.name)
    return out


def believed(weights: artifact.Weights, seen: Design) -> artifact.Weights:
    """The numbers that no comment of the corpora has keep the weight that is argued for them, uncalibrated."""
    silent = np.bincount(seen.matrix.indices, minlength=WIDTH)[NUMBERS_FROM:] == 0
    believed_mean, believed_precision = (prior()[name][NUMBERS_FROM:] for name in ("prior_mean", "prior_precision"))
    weights.weights[NUMBERS_FROM:][silent] = believed_mean[silent]
    weights.precision[NUMBERS_FROM:][silent] = believed_precision[silent]
    return weights


def folds(rows: Sequence[LabelledSample]) -> NDArray[np.int64]:
    """A fold for each row: spam by operator, genuine comments by thread, so that nothing is judged by its like."""
    keys = [_apart(row) for row in rows]
    union = Union(len(rows))
    union.join_equal(keys)
    union.join_equal(row.group for row in rows)
    return split([union.find(item) for item in range(len(rows))], SEED, FOLDS)


def _apart(row: LabelledSample) -> Hashable:
    """What a row must be held out with. Threads of the other languages' corpora are halves of a corpus, no pages."""
    if row.label is Label.HAM and row.lang == "en" and row.sample.thread:
        return row.source, row.sample.thread
    return row.group


def by_source(rows: Sequence[LabelledSample], spam: NDArray[np.bool_], given: Floats, weight: Floats) -> dict[str, Any]:
    """Metrics of each source by itself."""
    sources = np.array([row.source for row in rows])
    return {
        str(name): evaluate(spam[sources == name], given[sources == name], weight[sources == name])
        for name in np.unique(sources)
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m model.train_starter", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the labelled *.jsonl files")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "starter")
    chosen = parser.parse_args(arguments)
    try:
        folder = build(chosen.data, chosen.out, datetime.now(UTC))
    except corpus.CorpusError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    print(folder)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
