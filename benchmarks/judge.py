"""How good the judge is on sources it has never seen, beside its ablations and peers.

Run as `python -m benchmarks.judge --data DIR`.

Each fold leaves whole sources out: half of the spam operators but the two largest, or a whole spam blog, against the
published comments of blogs that are left out too. Near-duplicates of training rows are dropped from the test, and of n
copies in the test each counts 1/n. The other languages are halved by near-duplicate group; YouTube leaves a video out.
"""

from __future__ import annotations

import argparse
import math
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from model import corpus
from model.evaluation import evaluate
from model.fitting import calibrate
from model.neighbours import clusters, signature
from model.sample import Label, LabelledSample
from model.scoring import STARTER, Scorer
from model.train_starter import Design, design, learn
from model.vector import clue_column

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Corpus:
    """Everything that is read once: rows, labels, sources, duplicates, vectors."""

    rows: list[LabelledSample]
    spam: Mask
    source: NDArray[Any]
    near: NDArray[np.int64]
    seen: Design

    def of(self, *names: str) -> Mask:
        """Rows of these sources."""
        return np.isin(self.source, names)


@dataclass(frozen=True)
class Fold:
    """Rows to learn from and rows to judge."""

    name: str
    train: Mask
    test: Mask


def folds(all_rows: Corpus) -> Iterator[Fold]:
    """The folds, largest question first."""
    size = Counter(row.group for row in all_rows.rows)
    blogs = all_rows.of("wordpress_spam", "wordpress_spam_2") & all_rows.spam
    giants = {
        group
        for group, _ in Counter(row.group for row, here in zip(all_rows.rows, blogs, strict=True) if here).most_common(
            2
        )
    }
    half = np.array([hash_of(row.group) % 2 for row in all_rows.rows])
    tail = blogs & np.array([row.group not in giants and size[row.group] > 0 for row in all_rows.rows])
    english = ~all_rows.of("youtube_id", "chat_zh", "telegram_ru")
    unlinked = all_rows.of("wordpress_spam_2") & ~all_rows.spam
    for name, test in (
        ("operators A | haacked", tail & (half == 0) | all_rows.of("blog_haacked")),
        (
            "operators B | mademistakes, network",
            tail & (half == 1) | all_rows.of("blog_mademistakes", "blog_network") | unlinked,
        ),
        ("operators B | forum", tail & (half == 1) | all_rows.of("forum")),
        ("spam blog 1 | haacked", all_rows.of("wordpress_spam", "blog_haacked")),
    ):
        yield _fold(all_rows, name, english & ~test, test)
    for source in ("youtube_id", "chat_zh", "telegram_ru"):
        here = all_rows.of(source)
        near = np.array([hash_of(str(key)) % 2 for key in all_rows.near])
        yield _fold(all_rows, source, here & (near == 0), here & (near == 1))
    videos = sorted({row.sample.thread for row in all_rows.rows if row.source == "youtube"})
    thread = np.array([row.sample.thread for row in all_rows.rows])
    for video in videos:
        test = all_rows.of("youtube") & (thread == video)
        yield _fold(all_rows, f"youtube {video}", english & ~test, test)


def hash_of(text: str) -> int:
    """A fixed hash: Python's own changes from run to run."""
    return zlib.crc32(text.encode())


def _fold(all_rows: Corpus, name: str, train: Mask, test: Mask) -> Fold:
    return Fold(name, train, test & ~np.isin(all_rows.near, np.unique(all_rows.near[train])))


Judge = Callable[[Corpus, Fold], Floats]


def ours(all_rows: Corpus, fold: Fold) -> Floats:
    """The starter's recipe."""
    fitted = learn(all_rows.seen, all_rows.rows, fold.train)
    return np.asarray(fitted.decision_function(all_rows.seen.matrix[all_rows.seen.whole[fold.test]]))


def without_clues(all_rows: Corpus, fold: Fold) -> Floats:
    """Words, letters and links, but no clues."""
    matrix = all_rows.seen.matrix.copy()
    columns = np.array([clue_column(name) for name in _clue_names(all_rows.rows)])
    matrix.data[np.isin(matrix.indices, columns)] = 0.0
    seen = Design(matrix, all_rows.seen.row, all_rows.seen.share, all_rows.seen.whole)
    fitted = learn(seen, all_rows.rows, fold.train)
    return np.asarray(fitted.decision_function(matrix[seen.whole[fold.test]]))


def unmasked(all_rows: Corpus, fold: Fold) -> Floats:
    """Everything, shown as it is: no masking of links, no made-up home pages."""
    seen = all_rows.seen
    share = np.zeros(len(seen.row))
    share[seen.whole] = 1.0
    plain = Design(seen.matrix, seen.row, share, seen.whole)
    fitted = learn(plain, all_rows.rows, fold.train)
    return np.asarray(fitted.decision_function(seen.matrix[seen.whole[fold.test]]))


def _clue_names(rows: Sequence[LabelledSample]) -> set[str]:
    from model.reading import read  # noqa: PLC0415
    from model.vector import clues_of, text_blocks  # noqa: PLC0415

    found: set[str] = set()
    for row in rows[:: max(len(rows) // 8000, 1)]:
        reading = read(row.sample)
        for some in clues_of(reading, text_blocks(reading)[1]):
            found |= set(some.names)
    return found


def _sklearn(make: Callable[[], Any]) -> Judge:
    def judge(all_rows: Corpus, fold: Fold) -> Floats:
        texts = [f"{row.sample.author_name} {row.sample.body}" for row in all_rows.rows]
        train, test = np.flatnonzero(fold.train), np.flatnonzero(fold.test)
        pipeline = make().fit([texts[i] for i in train], all_rows.spam[train])
        given = np.clip(pipeline.predict_proba([texts[i] for i in test])[:, 1], 1e-12, 1 - 1e-12)
        return np.asarray(np.log(given / (1 - given)))

    return judge


def bogofilter(all_rows: Corpus, fold: Fold) -> Floats:
    """Debian's Bayesian filter, fed the same rows as messages."""
    program = shutil.which("bogofilter")
    if program is None:
        message = "bogofilter is not installed"
        raise RuntimeError(message)

    def message_of(row: LabelledSample) -> bytes:
        head = f"From: {row.sample.author_name} <a@b.example>\nSubject: comment\n\n"
        return f"{head}{row.sample.body}\n{row.sample.author_url}\n".encode()

    with tempfile.TemporaryDirectory() as home:
        for flag, label in (("-s", True), ("-n", False)):
            chosen = np.flatnonzero(fold.train & (all_rows.spam == label))
            box = b"".join(
                b"From a@b Mon Jan  1 00:00:00 2024\n"
                + message_of(all_rows.rows[i]).replace(b"\nFrom ", b"\n>From ")
                + b"\n"
                for i in chosen
            )
            subprocess.run([program, "-d", home, "-M", flag], input=box, check=True)
        scores = []
        for i in np.flatnonzero(fold.test):
            told = subprocess.run(
                [program, "-d", home, "-T"], input=message_of(all_rows.rows[i]), capture_output=True, check=False
            )
            scores.append(float(told.stdout.split()[1]))
    given = np.clip(np.array(scores), 1e-9, 1 - 1e-9)
    return np.asarray(np.log(given / (1 - given)))


JUDGES: dict[str, Judge] = {
    "ours": ours,
    "ours, no clues": without_clues,
    "ours, links unmasked": unmasked,
    "multinomial NB on words": _sklearn(
        lambda: make_pipeline(TfidfVectorizer(use_idf=False, norm=None), MultinomialNB())
    ),
    "TF-IDF words 1-2 + LR": _sklearn(
        lambda: make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10, max_iter=300)
        )
    ),
    "bogofilter": bogofilter,
}


def measure(all_rows: Corpus, fold: Fold, judge: Judge) -> dict[str, Any]:
    """Metrics of one judge on one fold; log-odds are calibrated on half of the test groups and measured on all."""
    began = time.process_time()
    logits = judge(all_rows, fold)
    spent = time.process_time() - began
    test = np.flatnonzero(fold.test)
    near = all_rows.near[test]
    _, inverse, copies = np.unique(near, return_inverse=True, return_counts=True)
    weight = 1.0 / copies[inverse]
    slope, offset = calibrate(logits, all_rows.spam[test], weight * (inverse % 2))
    return {**evaluate(all_rows.spam[test], expit(slope * logits + offset), weight), "seconds": spent}


def load(folder: Path) -> Corpus:
    """Read the corpora and their vectors."""
    rows = corpus.load(folder)
    near = np.array(clusters([signature(row.sample.body) for row in rows]))
    spam = np.array([row.label is Label.SPAM for row in rows])
    return Corpus(rows, spam, np.array([row.source for row in rows]), near, design(rows))


def speed(rows: Sequence[LabelledSample]) -> None:
    """Time per comment of the shipped starter, on comments of about sixty words."""
    scorer = Scorer.load(STARTER)
    some = [row.sample for row in rows if 50 <= len(row.sample.body.split()) <= 70][:1000]
    for name, explain in (("without evidence", False), ("with evidence", True)):
        times = []
        for sample in some:
            began = time.perf_counter()
            scorer.score(sample, explain=explain)
            times.append(1e6 * (time.perf_counter() - began))
        middle, slow = np.quantile(times, (0.5, 0.99))
        print(f"one comment of 50-70 words, {name}: median {middle:.0f} µs, p99 {slow:.0f} µs")
    began = time.perf_counter()
    count = sum(1 for _ in scorer.score_many(row.sample for row in rows[::10]))
    print(f"score_many: {count / (time.perf_counter() - began):.0f} comments a second on one core")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--judges", nargs="*", default=list(JUDGES), choices=list(JUDGES))
    parser.add_argument("--folds", default="", help="only folds whose name contains this")
    chosen = parser.parse_args()
    all_rows = load(chosen.data)
    print("| fold | judge | n (spam) | ROC AUC | AP | recall at 1 % | at 0.1 % | Brier | ECE | seconds |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for fold in folds(all_rows):
        if chosen.folds not in fold.name:
            continue
        for name in chosen.judges:
            try:
                got = measure(all_rows, fold, JUDGES[name])
            except RuntimeError as error:
                print(f"| {fold.name} | {name} | {error} |")
                continue
            cells = [
                got[key]
                for key in ("roc_auc", "average_precision", "recall_at_fpr_0.01", "recall_at_fpr_0.001", "brier", "ece")
            ]
            shown = " | ".join("–" if cell is None or math.isnan(cell) else f"{cell:.3f}" for cell in cells)
            print(
                f"| {fold.name} | {name} | {got['n']} ({got['n_spam']}) | {shown} | {got['seconds']:.0f} |", flush=True
            )
    speed(all_rows.rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
