"""The fast path: a comment in, a calibrated spam probability with its evidence out.

No scikit-learn at serving: its validation and sparse-matrix glue cost twenty times the arithmetic. A property test
holds this path equal to the pipeline of `pipeline.fitted` to 1e-9.
"""

from __future__ import annotations

import math
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from model import artifact
from model.explanation import explain as explained
from model.explanation import loudest_part
from model.features import numbers
from model.held_out import FILE, HeldOut
from model.links import count
from model.parts import parts_of
from model.promise import DEFAULT, Cuts, Promise, Terms, solve_for
from model.reading import Part, read
from model.sample import Evidence, Score
from model.vector import NUMBERS_FROM, features_of, in_text, within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from model.reading import Reading
    from model.sample import Sample
    from model.vector import Block, Clues, Features

#: Comments that are read together where there are many.
BATCH: Final = 64
#: The folder of the judge that is shipped.
STARTER: Final = Path(__file__).parent / "starter"
#: Nothing is certain: a cut at 1 is one that no comment reaches.
_SUREST: Final = math.nextafter(1.0, 0.0)


def probability(log_odds: float) -> float:
    """The logistic function, without overflow; never 1."""
    if log_odds >= 0:
        return min(1.0 / (1.0 + math.exp(-log_odds)), _SUREST)
    odds = math.exp(log_odds)
    return odds / (1.0 + odds)


class Scorer:
    """A loaded judge. Immutable, so that any number of threads may use it at once."""

    def __init__(self, weights: artifact.Weights, manifest: artifact.Manifest, folder: Path) -> None:
        self.folder = folder
        self.manifest = manifest
        self.version = manifest.version
        self.sites = weights.sites
        self._promises: dict[tuple[str, Terms], Promise] = {}
        self._weights = weights.weights
        self._weights.flags.writeable = False
        self._numbers = weights.weights[NUMBERS_FROM:].tolist()
        self._intercept = weights.intercept
        self._doubt = weights.doubt

    @classmethod
    def load(cls, folder: Path) -> Scorer:
        """The judge in ``folder``.

        Raises:
            ArtifactError: it is missing, damaged, foreign or of another format.
        """
        manifest, weights = artifact.load(folder)
        return cls(weights, manifest, folder)

    def score(self, sample: Sample, *, explain: bool = True) -> Score:
        """Judge one comment; ``explain=False`` leaves the evidence empty and saves half the time."""
        reading = read(sample, trace=explain)
        (features,) = features_of([reading], self.sites)
        return self._score(reading, features, explain=explain)

    def judge_many(self, samples: Iterable[Sample]) -> Iterator[Score]:
        """Judgements without evidence in the order of ``samples``, streaming, `BATCH` read at a time."""
        stream = iter(samples)
        while batch := list(islice(stream, BATCH)):
            readings = [read(sample) for sample in batch]
            for reading, features in zip(readings, features_of(readings, self.sites), strict=True):
                yield self._score(reading, features, explain=False)

    def score_many(self, samples: Iterable[Sample]) -> Iterator[float]:
        """Spam probabilities in the order of ``samples``, streaming, faster than one by one."""
        return (score.probability for score in self.judge_many(samples))

    def _score(self, reading: Reading, features: Features, *, explain: bool) -> Score:
        log_odds, part = self._loudest(reading, features)
        evidence = self._explain(reading, features, part) if explain else ()
        return Score(probability(log_odds), log_odds, evidence, self.version, count(reading.links))

    @cached_property
    def held_out(self) -> HeldOut:
        """What the judge made of labels it had not learnt; none in a model that was saved without them.

        Raises:
            ArtifactError: they are damaged.
        """
        if FILE not in self.manifest.files:
            return HeldOut.of(np.zeros(0, dtype=np.bool_), np.zeros(0), [])
        try:
            return HeldOut.from_bytes((self.folder / FILE).read_bytes())
        except (OSError, ValueError) as error:
            text = f"{self.folder / FILE} cannot be read: {error}"
            raise artifact.ArtifactError(text) from error

    def promise(self, terms: Terms = DEFAULT, site: str = "") -> Promise:
        """What this judge can promise a site, with the cuts that keep it; solved once, then remembered."""
        # Who has no labels of their own shares one answer.
        key = (site if site in self.held_out.sites else "", terms)
        found = self._promises.get(key)
        if found is None:
            found = self._promises[key] = solve_for(self.held_out, *key)
        return found

    @property
    def cuts(self) -> Cuts:
        """The cuts that keep the promise we make unless the owner says otherwise."""
        return self.promise().cuts

    def _loudest(self, reading: Reading, features: Features) -> tuple[float, Part | None]:
        """The log-odds, and the part of the text that they are of, if it is not the whole (see `parts`)."""
        aside = self._intercept + self._sum(features.aside.each)
        for value, weight in zip(numbers(reading), self._numbers, strict=True):
            if value:
                aside += value * weight
        highest: tuple[float, Part | None] = aside + self._sum(one for one in features.each if in_text(one)), None
        if self._doubt.leaves(highest[0]):
            aside -= self._doubt.margin
            for part in parts_of(reading):
                log_odds = aside + self._sum(within(reading, features, part).each)
                if log_odds > highest[0]:
                    highest = log_odds, part
        return highest

    def _sum(self, features: Iterable[Block | Clues]) -> float:
        return sum([one.log_odds(self._weights) for one in features])

    def _explain(self, reading: Reading, features: Features, part: Part | None) -> tuple[Evidence, ...]:
        plain = numbers(reading)
        if part is None:
            whole = Part(0, len(reading.body.text), tuple(reading.links))
            return explained(reading, features, plain, self._weights, self._intercept, whole)
        here = features.aside.joined(within(reading, features, part))
        addends = explained(reading, here, plain, self._weights, self._intercept, part)
        return (*addends, loudest_part(reading, part, -self._doubt.margin))
