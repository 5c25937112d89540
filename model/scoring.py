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
from model.explanation import placed
from model.features import numbers
from model.held_out import FILE, HeldOut
from model.parts import alone, parts_of
from model.promise import DEFAULT, Cuts, Promise, Terms, solve_for
from model.reading import read
from model.sample import Evidence, Score
from model.vector import NUMBERS_FROM, features_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from model.parts import Span
    from model.reading import Reading
    from model.sample import Sample
    from model.vector import Block, Clues

#: Comments that are read together where there are many.
BATCH: Final = 64
#: The folder of the judge that is shipped.
STARTER: Final = Path(__file__).parent / "starter"


def probability(log_odds: float) -> float:
    """The logistic function, without overflow."""
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-log_odds))
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
        ((found, clues),) = features_of([reading], self.sites)
        ((log_odds, part),) = self._loudest([sample], [self._sum(reading, found, clues)])
        evidence: tuple[Evidence, ...] = ()
        if explain and part is None:
            evidence = explained(reading, found, clues, numbers(reading), self._weights, self._intercept)
        elif explain and part is not None:
            evidence = self._explain(sample, part)
        return Score(probability(log_odds), log_odds, evidence, self.version)

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

    def score_many(self, samples: Iterable[Sample]) -> Iterator[float]:
        """Spam probabilities in the order of ``samples``, streaming, `BATCH` at a time: twice as fast as one by one."""
        stream = iter(samples)
        while batch := list(islice(stream, BATCH)):
            for log_odds, _ in self._loudest(batch, self._log_odds(batch)):
                yield probability(log_odds)

    def _loudest(self, samples: Sequence[Sample], wholes: Iterable[float]) -> list[tuple[float, Span | None]]:
        """The log-odds, and the part of the text that they are of, if it is not the whole (see `parts`)."""
        found: list[tuple[float, Span | None]] = [(whole, None) for whole in wholes]
        doubted = np.flatnonzero(self._doubt.leaves(np.array([whole for whole, _ in found]))).tolist()
        asked = [(item, part) for item in doubted for part in parts_of(samples[item].body)]
        for (item, part), log_odds in zip(
            asked, self._log_odds([alone(samples[item], part) for item, part in asked]), strict=True
        ):
            if log_odds - self._doubt.margin > found[item][0]:
                found[item] = log_odds - self._doubt.margin, part
        return found

    def _log_odds(self, samples: Sequence[Sample]) -> Iterator[float]:
        """Of texts as they are."""
        readings = [read(sample) for sample in samples]
        for reading, (found, clues) in zip(readings, features_of(readings, self.sites), strict=True):
            yield self._sum(reading, found, clues)

    def _sum(self, reading: Reading, found: Sequence[Block], clues: Sequence[Clues]) -> float:
        total = self._intercept
        for block in found:
            total += block.log_odds(self._weights)
        for some in clues:
            total += some.log_odds(self._weights)
        for value, weight in zip(numbers(reading), self._numbers, strict=True):
            if value:
                total += value * weight
        return total

    def _explain(self, sample: Sample, part: Span) -> tuple[Evidence, ...]:
        reading = read(alone(sample, part), trace=True)
        ((found, clues),) = features_of([reading], self.sites)
        addends = explained(reading, found, clues, numbers(reading), self._weights, self._intercept)
        return placed(addends, part, -self._doubt.margin)
