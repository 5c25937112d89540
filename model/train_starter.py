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
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import expit

from model import artifact, corpus, report
from model.evaluation import evaluate
from model.features import NUMBERS, numbers
from model.fitting import Judged, both, calibrate, calibrated, split
from model.held_out import FILE, HeldOut
from model.home_pages import with_home_page
from model.neighbours import Union
from model.parts import Doubt
from model.pipeline import CommentVectorizer, PriorLogisticRegression, stacked
from model.promise import solve
from model.reading import read
from model.sample import Label
from model.training import digest, libraries
from model.vector import (
    AUTHORS_LINK,
    EXPERTS,
    LETTERS,
    LINKS,
    NUMBERS_FROM,
    WIDTH,
    WORDS,
    Block,
    Clues,
    assemble,
    clues_of,
    features_of,
    link_blocks,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from model.sample import LabelledSample

    Floats = NDArray[np.float64]

VERSION: Final = "starter-2026.11.29.5"
#: Precision of a hashed weight before any data; smaller lets words speak louder.
PRECISION: Final = 0.1
_TEXT: Final = frozenset({WORDS, LETTERS})
FOLDS: Final = 4
SEED: Final = 20261123
#: How loud the experts are whose loudness is not 1. Words and letters hear the same text, links are heard by one alone.
_VOICE: Final = {AUTHORS_LINK: 1.4, LINKS: 1.25}
#: How far the author's link is believed where it speaks for a comment: nearly all genuine home pages are made up.
_MADE_UP_SPEAKS: Final = 0.5


def prior() -> tuple[Floats, Floats]:
    """Mean and precision before any data: nothing of words, of the numbers what `features.NUMBERS` says."""
    mean = np.zeros(WIDTH)
    precision = np.full(WIDTH, PRECISION)
    mean[NUMBERS_FROM:] = [number.mean for number in NUMBERS]
    precision[NUMBERS_FROM:] = [number.sd**-2 for number in NUMBERS]
    return mean, precision


#: Where parts of a text are judged as well as the whole: nearly all hidden spam is there, and of the genuine comments
#: a third have parts and are there.
DOUBT: Final = Doubt(-15.0, 3.0, margin=0.75)
UNTAUGHT: Final = artifact.Weights(*prior(), 0.0, doubt=DOUBT)


@dataclass(frozen=True, slots=True)
class Design:
    """Vectors of comments, shape ``(rows, WIDTH)``: of each expert, and of all together.

    In ``made_up`` some genuine comments have a home page that we made up: the expert of author's links learns those.
    """

    of: dict[str, csr_matrix]
    made_up: csr_matrix
    matrix: csr_matrix

    def learnt(self, expert: str) -> csr_matrix:
        """What an expert learns from."""
        return self.made_up if expert == AUTHORS_LINK else self.of[expert]


def design(rows: Sequence[LabelledSample]) -> Design:
    """Vectors of all comments, each expert's apart."""
    chance = random.Random(SEED)  # noqa: S311 - made-up home pages, no secrets
    names = first_names(rows)
    parts: dict[str, list[tuple[NDArray[Any], NDArray[Any]]]] = {expert: [] for expert in EXPERTS}
    made_up = []
    readings = [read(row.sample) for row in rows]
    for row, reading, (found, present) in zip(rows, readings, features_of(readings), strict=True):
        for expert in EXPERTS:
            parts[expert].append(_of(expert, found, present, numbers(reading) if expert == WORDS else ()))
        shown = with_home_page(row, reading, chance, names)
        made_up.append(_of(AUTHORS_LINK, link_blocks(shown), clues_of(shown)))
    of = {expert: stacked(vectors, np.float32) for expert, vectors in parts.items()}
    return Design(of, stacked(made_up, np.float32), csr_matrix(sum(of.values())))


def _of(
    expert: str, found: Sequence[Block], present: Sequence[Clues], plain: Sequence[float] = ()
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The vector of what an expert hears."""
    columns, values = assemble(
        [block for block in found if block.expert == expert], [some for some in present if some.expert == expert], plain
    )
    return columns.astype(np.int32), values.astype(np.float32)


def first_names(rows: Sequence[LabelledSample]) -> list[str]:
    """The commonest first names of genuine writers, for made-up home pages."""
    counts = Counter(
        word
        for row in rows
        if row.label is Label.HAM and row.lang == "en"
        for word in re.findall(r"[a-z]{3,}", row.sample.author_name.lower())[:1]
    )
    return [name for name, _ in counts.most_common(1500)] or ["anna"]


def learn(seen: Design, rows: Sequence[LabelledSample], chosen: NDArray[np.bool_]) -> artifact.Weights:
    """Learn from the ``chosen`` rows (shape ``(n,)``), uncalibrated: each expert for itself."""
    return pool([taught(expert, seen, rows, chosen) for expert in EXPERTS])


def pool(experts: Sequence[artifact.Weights]) -> artifact.Weights:
    """The log-odds of all experts added up.

    A logarithmic opinion pool (Hinton, "Training Products of Experts by Minimizing Contrastive Divergence", Neural
    Computation 2002). Learnt together, the features that tell the corpora apart best leave the others untaught, and
    where those fail nothing is left (Sutton, Sindelar & McCallum, "Reducing Weight Undertraining in Structured
    Discriminative Learning", NAACL 2006).
    """
    mean, held = prior()
    for expert in experts:
        mean += expert.weights - UNTAUGHT.weights
        held += expert.precision - UNTAUGHT.precision
    return replace(UNTAUGHT, weights=mean, precision=held, intercept=sum(expert.intercept for expert in experts))


def taught(expert: str, seen: Design, rows: Sequence[LabelledSample], chosen: NDArray[np.bool_]) -> artifact.Weights:
    """What one expert learns from the ``chosen`` rows, times its voice; nothing where it does not hear both classes."""
    matrix = seen.learnt(expert)
    heard = np.flatnonzero(chosen & (np.diff(matrix.indptr) > 0))
    listened = [rows[item] for item in heard.tolist()]
    spam = np.array([row.label is Label.SPAM for row in listened], dtype=np.bool_)
    if not both(spam):
        return UNTAUGHT
    weight = balanced(spam, np.array([row.weight for row in listened]))
    matrix = matrix[heard]
    held = UNTAUGHT.precision / rarity(matrix) ** 2
    held[NUMBERS_FROM:] = UNTAUGHT.precision[NUMBERS_FROM:]
    # An expert that has nothing to hear says nothing: only the text, which is always there, has an intercept.
    loose = 0.1 if expert in _TEXT else 1e6
    fitted = PriorLogisticRegression(UNTAUGHT.weights, held, intercept_precision=loose, tol=1e-4)
    fitted.fit(matrix, spam, sample_weight=weight)
    gained = fitted.precision_ - held
    voice = _VOICE.get(expert, 1.0)
    said = fitted.coef_[0] - UNTAUGHT.weights
    if expert == AUTHORS_LINK:
        said[said < 0] *= _MADE_UP_SPEAKS
    return replace(
        UNTAUGHT,
        weights=UNTAUGHT.weights + voice * said,
        precision=UNTAUGHT.precision + gained / voice**2,
        intercept=voice * float(fitted.intercept_[0]),
    )


def rarity(matrix: csr_matrix) -> Floats:
    """How far a column's weight may go, shape ``(WIDTH,)``: the rarer the feature, the more it may tell.

    The inverse document frequency (Spärck Jones 1972) over that of a word in every twentieth comment. In a linear
    judge it is a matter of the prior only: scaling a feature by it is dividing its weight's precision by its square.
    """
    present = np.bincount(matrix.indices, minlength=WIDTH)
    return np.asarray((np.log((1 + matrix.shape[0]) / (1 + present)) + 1.0) / 4.0)


def balanced(spam: NDArray[np.bool_], weight: Floats) -> Floats:
    """The weights with both classes the same in total, and as much in all as there are rows."""
    even = weight.copy()
    for label in (spam, ~spam):
        even[label] *= 0.5 * len(spam) / weight[label].sum()
    return even


def build(folder: Path, out: Path, now: datetime) -> Path:
    """Train, calibrate on operators and threads held out, solve the cuts, and write ``out``.

    Comments that were written for the judge teach, but are no witnesses: one is too much like the next.
    """
    rows = corpus.load(folder)
    seen = design(rows)
    fold = folds(rows)
    judged = Judged([row.sample for row in rows], seen.matrix, CommentVectorizer())
    found = np.flatnonzero([row.source != corpus.WRITTEN.stem for row in rows])
    logits = np.zeros(len(rows))
    for number in range(FOLDS):
        held = found[fold[found] == number]
        logits[held] = judged.by(learn(seen, rows, fold != number), held)
        print(f"fold {number + 1} of {FOLDS}", file=sys.stderr)  # noqa: T201
    raw = learn(seen, rows, np.ones(len(rows), dtype=np.bool_))
    witnesses = [rows[item] for item in found.tolist()]
    spam = np.array([row.label is Label.SPAM for row in witnesses])
    weight = np.array([row.weight for row in witnesses])
    slope, offset = calibrate(logits[found], spam, weight)
    given = expit(slope * logits[found] + offset)
    measured = HeldOut.of(spam, given, [""] * len(witnesses))
    promise = solve(measured.spam, measured.given)
    metrics = {"all": evaluate(spam, given, weight)} | by_source(witnesses, spam, given, weight)
    weights = believed(calibrated(raw, slope, offset), seen)
    n_spam = sum(row.label is Label.SPAM for row in rows)
    manifest = artifact.Manifest(
        version=VERSION,
        created_at=now.isoformat(),
        parent="",
        metrics=metrics,
        training={
            "n": len(rows),
            "n_spam": n_spam,
            "n_ham": len(rows) - n_spam,
            "seed": SEED,
            "digest": digest(rows),
            "sites": [],
            "numbers": [number.name for number in NUMBERS],
            "calibration": {"slope": slope, "offset": offset},
            "libraries": libraries(),
        },
        promise=promise.as_dict(),
    )
    results = report.Results(spam, given, weight, report.groups_of(witnesses), found)
    extra = {FILE: measured.as_bytes(), **report.files(results, promise.cuts)}
    with tempfile.TemporaryDirectory(dir=out.parent) as building:
        made = artifact.save(Path(building), manifest, weights, extra)
        out.mkdir(exist_ok=True)
        for path in made.iterdir():
            path.replace(out / path.name)
    return out


def believed(weights: artifact.Weights, seen: Design) -> artifact.Weights:
    """The numbers that no comment of the corpora has keep the weight that is argued for them, uncalibrated."""
    silent = NUMBERS_FROM + np.flatnonzero(np.bincount(seen.matrix.indices, minlength=WIDTH)[NUMBERS_FROM:] == 0)
    weights.weights[silent] = UNTAUGHT.weights[silent]
    weights.precision[silent] = UNTAUGHT.precision[silent]
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
