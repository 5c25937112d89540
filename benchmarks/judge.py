"""How good the judge is on sources it has never seen, beside its ablations and peers.

Run as `make bench-judge` (DATA=folder), or `python -m benchmarks.judge --data DIR` without the peers that it installs.

Each fold leaves whole sources out: half of the spam operators but the two largest, or a whole spam blog, against the
published comments of blogs that are left out too. Near-duplicates of training rows are dropped from the test, and of n
copies in the test each counts 1/n. The other languages are halved by near-duplicate group; YouTube leaves a video out.
"""

from __future__ import annotations

import argparse
import json
import math
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import expit
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline, make_union

from model import artifact, corpus, fitting
from model.evaluation import evaluate
from model.fitting import calibrate
from model.neighbours import clusters, signature
from model.pipeline import CommentVectorizer, PriorLogisticRegression, fitted
from model.sample import Label, LabelledSample, Sample
from model.scoring import STARTER, Scorer
from model.train_starter import Design, balanced, design, pool, prior, rarity, taught
from model.vector import AUTHORS_LINK, EXPERTS, LETTERS, LINKS, NAME, NUMBERS_FROM, WORDS

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
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


@dataclass(frozen=True, eq=False)
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
        (
            "spam blog 1 | mademistakes, network",
            all_rows.of("wordpress_spam", "blog_mademistakes", "blog_network") | unlinked,
        ),
        ("spam blog 1 | haacked", all_rows.of("wordpress_spam", "blog_haacked")),
    ):
        yield _fold(all_rows, name, english & ~test, test)
    for source in ("youtube_id", "chat_zh", "telegram_ru"):
        here = all_rows.of(source)
        # By what a group's first comment is, not where it stands: a row more elsewhere must not change the halves.
        side = np.array([hash_of(corpus.fingerprint(all_rows.rows[first].sample)) % 2 for first in all_rows.near])
        yield _fold(all_rows, source, here & (side == 0), here & (side == 1))
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


@dataclass(frozen=True)
class Judged:
    """What a judge made of a fold's test rows: log-odds; how it scores one comment, and its size in bytes, if known."""

    logits: Floats
    one: Callable[[Sample], float] | None = None
    size: int | None = None


Judge = Callable[[Corpus, Fold], Judged]


@lru_cache(maxsize=len(EXPERTS))
def _expert(all_rows: Corpus, fold: Fold, expert: str) -> artifact.Weights:
    return taught(expert, all_rows.seen, all_rows.rows, fold.train)


def ours(all_rows: Corpus, fold: Fold) -> Judged:
    """The starter's recipe."""
    weights = pool([_expert(all_rows, fold, expert) for expert in EXPERTS])
    asked = fitting.Judged([row.sample for row in all_rows.rows], all_rows.seen.matrix, CommentVectorizer())
    logits = asked.by(weights, np.flatnonzero(fold.test))
    with tempfile.TemporaryDirectory() as folder:
        saved = artifact.save(Path(folder), artifact.Manifest("fold", "", ""), weights)
        scorer = Scorer.load(saved)
        size = sum(path.stat().st_size for path in saved.iterdir())
    return Judged(logits, lambda sample: scorer.score(sample, explain=False).probability, size)


def _less(*experts: str) -> Judge:
    """The starter's recipe without some experts, every text judged as a whole."""

    def judge(all_rows: Corpus, fold: Fold) -> Judged:
        rest = [expert for expert in EXPERTS if expert not in experts]
        weights = pool([_expert(all_rows, fold, expert) for expert in rest])
        heard = csr_matrix(sum(all_rows.seen.of[expert][fold.test] for expert in rest))
        return Judged(np.asarray(heard @ weights.weights) + weights.intercept)

    return judge


def together(all_rows: Corpus, fold: Fold) -> Judged:
    """The same features, learnt together instead of by experts, texts judged whole."""
    spam, weight = all_rows.spam[fold.train], np.array([row.weight for row in all_rows.rows])[fold.train]
    matrix = all_rows.seen.matrix[fold.train]
    mean, precision = prior()
    precision[:NUMBERS_FROM] /= rarity(matrix)[:NUMBERS_FROM] ** 2
    model = PriorLogisticRegression(mean, precision, intercept_precision=0.1, tol=1e-4)
    model.fit(matrix, spam, sample_weight=balanced(spam, weight))
    return Judged(np.asarray(model.decision_function(all_rows.seen.matrix[fold.test])))


def said(sample: Sample) -> str:
    """What judges of bare text read."""
    return f"{sample.author_name} {sample.body}"


def _log_odds(given: Floats) -> Floats:
    clipped = np.clip(given, 1e-12, 1 - 1e-12)
    return np.asarray(np.log(clipped / (1 - clipped)))


def _sklearn(make: Callable[[], Any]) -> Judge:
    def judge(all_rows: Corpus, fold: Fold) -> Judged:
        train, test = np.flatnonzero(fold.train), np.flatnonzero(fold.test)
        texts = [said(row.sample) for row in all_rows.rows]
        pipeline = make().fit([texts[i] for i in train], all_rows.spam[train])
        given = pipeline.predict_proba([texts[i] for i in test])[:, 1]
        one = lambda sample: float(pipeline.predict_proba([said(sample)])[0, 1])  # noqa: E731
        return Judged(_log_odds(given), one, len(pickle.dumps(pipeline)))

    return judge


def tfidf_words_and_letters() -> Any:  # noqa: ANN401 - a pipeline
    """The best of the naive judges."""
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)
    return make_pipeline(make_union(words, letters), LogisticRegression(C=10, max_iter=300))


class _LogCountRatios(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Binary features times their log-count ratio (Wang & Manning, "Baselines and Bigrams", ACL 2012)."""

    def fit(self, X: csr_matrix, y: NDArray[Any]) -> Self:
        """Learn the ratios."""
        spam, ham = (np.asarray(X[y == label].sum(axis=0)).ravel() + 1.0 for label in (True, False))
        self.ratio_ = np.log(spam / spam.sum()) - np.log(ham / ham.sum())
        return self

    def transform(self, X: csr_matrix) -> csr_matrix:
        """Weigh every feature."""
        return X.multiply(self.ratio_).tocsr()


def _nb_svm() -> Any:  # noqa: ANN401 - a pipeline
    words = CountVectorizer(ngram_range=(1, 2), binary=True)
    return make_pipeline(words, _LogCountRatios(), LogisticRegression(C=1, max_iter=300))


def _boosted() -> Any:  # noqa: ANN401 - a pipeline
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    return make_pipeline(words, TruncatedSVD(100, random_state=0), HistGradientBoostingClassifier(random_state=0))


def bogofilter(all_rows: Corpus, fold: Fold) -> Judged:
    """Debian's Bayesian filter, fed the same rows as messages, many at a time."""
    program = shutil.which("bogofilter")
    if program is None:
        message = "bogofilter is not installed"
        raise RuntimeError(message)

    def message_of(row: LabelledSample) -> bytes:
        head = f"From: {row.sample.author_name} <a@b.example>\nSubject: comment\n\n"
        return f"{head}{row.sample.body}\n{row.sample.author_url}\n".encode()

    with tempfile.TemporaryDirectory() as home:
        messages = Path(home, "messages")
        messages.mkdir()
        for number, row in enumerate(all_rows.rows):
            if fold.train[number] or fold.test[number]:
                (messages / str(number)).write_bytes(message_of(row))

        def run(flags: Sequence[str], rows: Mask) -> bytes:
            names = "".join(f"{messages / str(number)}\n" for number in np.flatnonzero(rows))
            command = [program, "-d", home, *flags]
            told = subprocess.run(command, input=names.encode(), capture_output=True, check=False)
            if told.returncode > 2:
                raise RuntimeError(told.stderr.decode()[:200])
            return told.stdout

        run(["-s", "-b"], fold.train & all_rows.spam)
        run(["-n", "-b"], fold.train & ~all_rows.spam)
        lines = run(["-T", "-T", "-b"], fold.test).decode().splitlines()
        given = np.array([float(line.split()[-1]) for line in lines])
        size = sum(path.stat().st_size for path in Path(home).glob("wordlist*"))
    return Judged(_log_odds(given), None, size)


def profanity(all_rows: Corpus, fold: Fold) -> Judged:
    """alt-profanity-check, as it comes: it knows rude words, not spam; for scale."""
    try:
        from profanity_check import predict_prob  # noqa: PLC0415
    except ImportError as error:
        message = "alt-profanity-check is not installed"
        raise RuntimeError(message) from error
    given = predict_prob([said(all_rows.rows[i].sample) for i in np.flatnonzero(fold.test)])
    return Judged(_log_odds(given), lambda sample: float(predict_prob([said(sample)])[0]), None)


JUDGES: dict[str, Judge] = {
    "ours": ours,
    "ours, texts judged whole": _less(),
    "ours, learnt together": together,
    "ours, no letters": _less(LETTERS),
    "ours, no words": _less(WORDS),
    "ours, no name": _less(NAME),
    "ours, no links": _less(LINKS, AUTHORS_LINK),
    "multinomial NB on words": _sklearn(
        lambda: make_pipeline(TfidfVectorizer(use_idf=False, norm=None), MultinomialNB())
    ),
    "TF-IDF words 1-2 + LR": _sklearn(
        lambda: make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10, max_iter=300)
        )
    ),
    "TF-IDF words 1-2, letters 2-5 + LR": _sklearn(tfidf_words_and_letters),
    "NB-SVM words 1-2 (log-count ratios + LR)": _sklearn(_nb_svm),
    "boosted trees on 100 latent dimensions": _sklearn(_boosted),
    "bogofilter": bogofilter,
    "alt-profanity-check": profanity,
}


FIGURES = ("roc_auc", "average_precision", "recall_at_fpr_0.01", "recall_at_fpr_0.001", "brier", "ece")


def measure(all_rows: Corpus, fold: Fold, judge: Judge) -> dict[str, Any]:
    """Metrics of one judge on one fold; log-odds are calibrated on half of the test groups and measured on all."""
    judged = judge(all_rows, fold)
    test = np.flatnonzero(fold.test)
    near = all_rows.near[test]
    _, inverse, copies = np.unique(near, return_inverse=True, return_counts=True)
    weight = 1.0 / copies[inverse]
    slope, offset = calibrate(judged.logits, all_rows.spam[test], weight * (inverse % 2))
    found = evaluate(all_rows.spam[test], expit(slope * judged.logits + offset), weight)
    return {**found, "µs": _microseconds(all_rows, judged), "MB": judged.size and judged.size / 1e6}


def _microseconds(all_rows: Corpus, judged: Judged) -> float | None:
    """Median time to score one comment of about sixty words by itself."""
    if judged.one is None:
        return None
    some = [row.sample for row in all_rows.rows if 50 <= len(row.sample.body.split()) <= 70][:200]
    times = []
    for sample in some:
        began = time.perf_counter()
        judged.one(sample)
        times.append(1e6 * (time.perf_counter() - began))
    return float(np.median(times))


def _shown(value: float | None, digits: int = 3) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def load(folder: Path) -> Corpus:
    """Read the corpora and their vectors."""
    rows = corpus.load(folder)
    near = np.array(clusters([signature(row.sample.body) for row in rows]))
    spam = np.array([row.label is Label.SPAM for row in rows])
    return Corpus(rows, spam, np.array([row.source for row in rows]), near, design(rows))


def speed(rows: Sequence[LabelledSample]) -> None:
    """Time per comment of the shipped starter, on comments of about sixty words, beside others.

    Those are the pipeline that it equals, and TF-IDF of words, whose time says how fast the machine is.
    """
    scorer = Scorer.load(STARTER)
    pipeline = fitted(artifact.load(STARTER)[1])
    reference = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=10, max_iter=300))
    reference.fit([said(row.sample) for row in rows[::4]], [row.label is Label.SPAM for row in rows[::4]])
    some = [row.sample for row in rows if 50 <= len(row.sample.body.split()) <= 70]
    some = some[:: max(len(some) // 600, 1)]  # of all corpora
    ways: dict[str, Callable[[Sample], object]] = {
        "by TF-IDF + LR, for scale": lambda sample: reference.predict_proba([said(sample)]),
        "without evidence": lambda sample: scorer.score(sample, explain=False),
        "with evidence": scorer.score,
        "by the scikit-learn pipeline": lambda sample: pipeline.predict_proba([sample]),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for begin in range(0, len(some), 40):
        for name, judge in ways.items():  # by turns, so that a busy moment hits all
            for sample in some[begin : begin + 40]:
                began = time.perf_counter()
                judge(sample)
                times[name].append(1e6 * (time.perf_counter() - began))
    for name, found in times.items():
        middle, slow = np.quantile(found, (0.5, 0.99))
        print(f"one comment of 50-70 words, {name}: median {middle:.0f} µs, p99 {slow:.0f} µs")
    began = time.perf_counter()
    count = sum(1 for _ in scorer.score_many(row.sample for row in rows[::10]))
    print(f"score_many: {count / (time.perf_counter() - began):.0f} comments a second on one core")
    lines = [json.dumps({"body": row.sample.body, "author_name": row.sample.author_name}) for row in rows[::3]]
    began = time.perf_counter()
    command = [sys.executable, "-m", "moderation", "score"]
    subprocess.run(command, input="\n".join(lines), text=True, stdout=subprocess.DEVNULL, check=True)
    each = (time.perf_counter() - began) / len(lines)
    print(f"moderation score: {1 / each:.0f} comments a second, start included, {len(lines)} comments")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--judges", nargs="*", default=list(JUDGES), choices=list(JUDGES))
    parser.add_argument("--speed", action="store_true", help="only how fast the starter is")
    parser.add_argument("--folds", nargs="*", default=[""], help="only folds whose name contains one of these")
    chosen = parser.parse_args()
    try:
        if chosen.speed:
            speed(corpus.load(chosen.data))
            return 0
        all_rows = load(chosen.data)
    except corpus.CorpusError as error:
        print(error, file=sys.stderr)
        return 2
    print("| fold | judge | n (spam) | ROC AUC | AP | recall at 1 % | at 0.1 % | Brier | ECE | µs each | MB |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    means: dict[str, list[list[float]]] = {}
    chosen_folds = [fold for fold in folds(all_rows) if any(part in fold.name for part in chosen.folds)]
    for fold in chosen_folds:
        for name in chosen.judges:
            try:
                got = measure(all_rows, fold, JUDGES[name])
            except RuntimeError as error:
                print(f"| {fold.name} | {name} | {error} |", flush=True)
                continue
            means.setdefault(name, []).append([float("nan") if got[key] is None else got[key] for key in FIGURES])
            cost = f"{_shown(got['µs'], 0)} | {_shown(got['MB'], 1)}"
            figures = " | ".join(_shown(got[key]) for key in FIGURES)
            print(f"| {fold.name} | {name} | {got['n']} ({got['n_spam']}) | {figures} | {cost} |", flush=True)
    for name, values in means.items():
        figures = " | ".join(_shown(float(value)) for value in np.nanmean(values, axis=0))
        print(f"| mean of {len(values)} folds | {name} | | {figures} | | |")
    speed(all_rows.rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
