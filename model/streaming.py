"""Learning from more labels than fit into memory: shard by shard, each measured before it is learnt.

The posterior after one shard is the prior of the next (Chapelle & Li, NeurIPS 2011, algorithm 3), so one rule serves
from fifty labels to a million. Judging each shard before learning it ("test, then train", Gama et al. 2013) gives
held-out log-odds in the order of time for free. Comments are read in other processes; the order of shards is kept, so
the result does not depend on how many.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import sys
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import expit

from model.evaluation import evaluate
from model.features import numbers
from model.fitting import Labels, bent, both, calibrate, calibrated, learnt
from model.grouping import Conflict
from model.held_out import HeldOut
from model.parts import loudest, part_vectors
from model.pipeline import stacked
from model.promise import Promise, solve
from model.reading import read
from model.report import Results, files, groups_of
from model.sample import Label
from model.vector import assemble, features_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from model.artifact import Weights
    from model.sample import LabelledSample
    from model.scoring import Scorer

    Floats = NDArray[np.float64]

#: More labels than this are learnt shard by shard.
LARGE: Final = 30_000
SHARD: Final = 20_000
#: Steps a shard: it starts where the last one ended.
_STEPS: Final = 10


@dataclass(frozen=True, slots=True)
class Learnt:
    """What training found out, before it has a name."""

    weights: Weights
    n_spam: int
    n_ham: int
    digest: str
    metrics: dict[str, Any]
    live_metrics: dict[str, Any] | None
    promise: Promise
    calibration: tuple[float, float]
    #: Spam and genuine comments, a campaign once.
    different: tuple[int, int] = (0, 0)
    held_out: HeldOut | None = None
    conflicts: list[Conflict] = field(default_factory=list)
    report: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Shard:
    """A part of the labels, read: vectors in single precision, labels, weights, hashes of the plain texts, groups.

    ``parts`` are the vectors of the parts of texts (see `parts`), ``owner`` the comments they are of.
    """

    matrix: csr_matrix
    parts: csr_matrix
    owner: NDArray[np.int64]
    spam: NDArray[np.bool_]
    weight: Floats
    texts: list[bytes]
    texts_of_site: list[bytes]
    groups: dict[str, list[str]]
    live: Floats | None


def record_of(one: LabelledSample) -> bytes:
    """All that training sees of a sample, as bytes for a digest."""
    known = sorted(one.sample.knowledge.items())
    line = (one.sample.body, one.sample.author_name, one.sample.author_email, one.sample.author_url)
    rest = (one.sample.user_agent, one.sample.thread, one.sample.site, known, one.label.value, one.weight, one.group)
    copied = (one.sample.copied,) if one.sample.copied else ()
    return repr((line, rest, *copied)).encode("utf-8", "backslashreplace")


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _read(part: Sequence[LabelledSample], live: Scorer | None) -> _Shard:
    sites = frozenset(one.sample.site for one in part if one.sample.site)
    readings = [read(one.sample) for one in part]
    texts = [one.group or reading.body.text for one, reading in zip(part, readings, strict=True)]
    of_parts: list[list[tuple[NDArray[Any], NDArray[Any]]]] = []

    def wholes() -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        # Features are many times as large as vectors: no more of them are kept than are hashed in one go.
        for reading, features in zip(readings, features_of(readings, sites), strict=True):
            plain = numbers(reading)
            of_parts.append(part_vectors(reading, features, plain))
            yield assemble(*features, plain)

    matrix = stacked(wholes(), np.float32)
    given = None
    if live is not None:
        given = np.fromiter(live.score_many(one.sample for one in part), dtype=np.float64, count=len(part))
    return _Shard(
        matrix=matrix,
        parts=stacked((vector for vectors_of_one in of_parts for vector in vectors_of_one), np.float32),
        owner=np.repeat(np.arange(len(part)), [len(vectors_of_one) for vectors_of_one in of_parts]),
        spam=np.array([one.label is Label.SPAM for one in part], dtype=np.bool_),
        weight=np.array([one.weight for one in part]),
        texts=[_hash(text) for text in texts],
        texts_of_site=[_hash(f"{one.sample.site}\0{text}") for one, text in zip(part, texts, strict=True)],
        groups=groups_of(part),
        live=given,
    )


def _shards(parts: Iterator[list[LabelledSample]], live: Scorer | None, workers: int) -> Iterator[_Shard]:
    """The parts, read in order, by other processes if there are ``workers``; only a few are ever in memory."""
    if workers <= 1:
        for part in parts:
            yield _read(part, live)
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting: deque[Future[_Shard]] = deque()
        for part in parts:
            waiting.append(pool.submit(_read, part, live))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _parts(samples: Iterable[LabelledSample], total: hashlib._Hash) -> Iterator[list[LabelledSample]]:
    stream = iter(samples)
    while part := list(islice(stream, SHARD)):
        for one in part:
            total.update(record_of(one))
        yield part


def _judged(shard: _Shard, now: Weights) -> Floats:
    """Log-odds of a shard's comments, shape ``(n,)``, their parts looked at where the whole leaves a doubt."""
    weights = now.weights.astype(np.float32)
    whole = np.asarray(shard.matrix @ weights, dtype=np.float64) + now.intercept
    parts = np.asarray(shard.parts @ weights, dtype=np.float64) + now.intercept

    def given(asked: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats]:
        here = np.isin(shard.owner, asked)
        return shard.owner[here], parts[here]

    return loudest(whole, now.doubt, given)


class _Copies:
    """Of texts that come again with the same label, only the first teaches; spam whose like is genuine, never.

    A text is known by its campaign where it has one. ``clashes`` pair the places of the first of either label, by site.
    """

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._first: dict[bytes, int] = {}
        self._clashes: dict[bytes, Conflict] = {}

    @property
    def clashes(self) -> list[Conflict]:
        """What was called both spam and genuine on one site, in the order in which it showed."""
        return list(self._clashes.values())

    def first(self, shard: _Shard, begin: int) -> NDArray[np.bool_]:
        """Which comments of the shard say something new, shape ``(n,)``; ``begin`` is the place of its first."""
        new = np.ones(len(shard.texts), dtype=np.bool_)
        both_ways = zip(shard.texts, shard.texts_of_site, shard.spam.tolist(), strict=True)
        for item, (text, here, spam) in enumerate(both_ways):
            ours, theirs = (b"s", b"h") if spam else (b"h", b"s")
            other = self._first.get(here + theirs)
            first = self._first.setdefault(here + ours, begin + item)
            if other is not None:
                clash = Conflict((first,), (other,)) if spam else Conflict((other,), (first,))
                self._clashes.setdefault(here, clash)
            new[item] = text + ours not in self._seen and not (spam and other is not None)
            self._seen.add(text + ours)
        return new


def learn(
    samples: Iterable[LabelledSample],
    start: Weights,
    live: Scorer | None,
    progress: Callable[[float, str], None],
    workers: int = 1,
) -> Learnt:
    """Learn from a stream of samples in their order; memory grows by a few bytes a sample only."""
    total = hashlib.sha256()
    copies = _Copies()
    now, sites = start, start.sites
    seen = _Seen()
    for shard in _shards(_parts(samples, total), live, workers):
        weight = shard.weight * copies.first(shard, seen.n)
        # The first shard is judged by the prior: an honest figure, if a pessimistic one.
        logits = _judged(shard, now)
        seen.add(shard, logits, weight)
        new = weight > 0
        if both(shard.spam[new]):
            labels = Labels(shard.matrix, shard.spam, weight, shard.groups["site"]).at(new)
            # How far the starter is to be believed is asked once.
            now = bent(labels, now, _STEPS) if now is start else learnt(labels, now, _STEPS)
        sites |= frozenset(site for site in shard.groups["site"] if site)
        # How many will come is not known; the bar nears its end as they do.
        progress(0.9 * (1.0 - SHARD * 3 / (SHARD * 3 + seen.n)), f"{seen.n:,} labels learnt")
    return replace(_result(replace(now, sites=sites), total.hexdigest(), seen), conflicts=copies.clashes)


@dataclass
class _Seen:
    """Everything that was judged before it was learnt, shard by shard."""

    logits: list[Floats] = field(default_factory=list)
    spam: list[NDArray[np.bool_]] = field(default_factory=list)
    weight: list[Floats] = field(default_factory=list)
    live: list[Floats] = field(default_factory=list)
    groups: dict[str, list[str]] = field(default_factory=dict)
    curve: list[dict[str, Any]] = field(default_factory=list)
    n: int = 0

    def add(self, shard: _Shard, logits: Floats, weight: Floats) -> None:
        """Keep what a shard was judged; what is learnt so far shows in how well."""
        if both(shard.spam):
            self.curve.append({"labels": self.n, **evaluate(shard.spam, expit(logits), shard.weight)})
        self.logits.append(logits)
        self.spam.append(shard.spam)
        self.weight.append(weight)
        if shard.live is not None:
            self.live.append(shard.live)
        for kind, names in shard.groups.items():
            # A million names, of which few differ.
            self.groups.setdefault(kind, []).extend(map(sys.intern, names))
        self.n += len(logits)


def _result(now: Weights, digest: str, seen: _Seen) -> Learnt:
    spam = np.concatenate(seen.spam)
    weight = np.concatenate(seen.weight)
    if not both(spam):
        return Learnt(now, int(spam.sum()), int((~spam).sum()), digest, {}, None, solve([], []), (1.0, 0.0))
    scores = np.concatenate(seen.logits)
    # Calibrate on the later half: the earlier was judged by a model that knew less than the one to be shipped.
    late = np.arange(len(spam)) >= len(spam) // 2
    late = late if both(spam[late & (weight > 0)]) else np.ones(len(spam), dtype=np.bool_)
    counted = np.flatnonzero(late & (weight > 0))
    sites = [seen.groups["site"][i] for i in counted]
    slope, offset = calibrate(scores[counted], spam[counted], weight[counted], sites)
    given = expit(slope * scores[counted] + offset)
    groups = {kind: [names[i] for i in counted] for kind, names in seen.groups.items()}
    measured = HeldOut.of(spam[counted], given, groups["site"])
    lived = np.concatenate(seen.live)[counted] if seen.live else None
    results = Results(spam[counted], given, weight[counted], groups, counted, lived)
    promise = solve(measured.spam, measured.given)
    return Learnt(
        weights=calibrated(now, slope, offset),
        n_spam=int(spam.sum()),
        n_ham=int((~spam).sum()),
        digest=digest,
        metrics=evaluate(results.spam, given, results.weight),
        live_metrics=evaluate(results.spam, lived, results.weight) if lived is not None else None,
        promise=promise,
        calibration=(slope, offset),
        different=(int((spam & (weight > 0)).sum()), int((~spam & (weight > 0)).sum())),
        held_out=measured,
        report=files(results, promise.cuts, seen.curve),
    )
