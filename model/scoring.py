"""The fast path: a comment in, a calibrated spam probability with its evidence out.

No scikit-learn at serving: its validation and sparse-matrix glue cost twenty times the arithmetic. A property test
holds this path equal to the pipeline of `pipeline.fitted` to 1e-9.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from model import artifact
from model.explanation import explain as explained
from model.features import numbers
from model.promise import HOLD, Cuts
from model.reading import read
from model.sample import Evidence, Score
from model.vector import NUMBERS_FROM, Block, Clues, features_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from model.sample import Sample

#: The folder of the judge that is shipped.
STARTER: Final = Path(__file__).parent / "starter"


def probability(log_odds: float) -> float:
    """The logistic function, without overflow."""
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1.0 + odds)


#: Where a model cannot promise anything yet: clear cases only. On the starter's held-out corpora these err in few
#: cases on either side (docs/judge.md), but no bound stands behind them.
CAUTIOUS: Final = Cuts(publish_below=0.05, spam_above=0.97)


def promised(promise: Mapping[str, Any] | None) -> Cuts:
    """The cuts that a model's promise solved; a side that it could not solve takes the cautious default."""
    cuts = (promise or {}).get("cuts") or {}
    low, high = float(cuts.get("publish_below", 0.0)), float(cuts.get("spam_above", HOLD.spam_above))
    high = high if high <= 1.0 else CAUTIOUS.spam_above
    return Cuts(low if low > 0.0 else min(CAUTIOUS.publish_below, high), high)


class Scorer:
    """A loaded judge. Immutable, so that any number of threads may use it at once."""

    def __init__(self, weights: artifact.Weights, manifest: artifact.Manifest, folder: Path) -> None:
        self.folder = folder
        self.manifest = manifest
        self.version = manifest.version
        self.sites = weights.sites
        self.cuts = promised(manifest.promise)
        self._weights = weights.weights
        self._weights.flags.writeable = False
        self._numbers = weights.weights[NUMBERS_FROM:].tolist()
        self._intercept = weights.intercept

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
        found, clues = features_of(reading, self.sites)
        plain = numbers(reading)
        log_odds = self._log_odds(found, clues, plain)
        evidence: tuple[Evidence, ...] = ()
        if explain:
            evidence = explained(reading, found, clues, plain, self._weights, self._intercept)
        return Score(probability(log_odds), log_odds, evidence, self.version)

    def score_many(self, samples: Iterable[Sample]) -> Iterator[float]:
        """Spam probabilities in the order of ``samples``, streaming."""
        for sample in samples:
            reading = read(sample)
            yield probability(self._log_odds(*features_of(reading, self.sites), numbers(reading)))

    def _log_odds(self, found: Sequence[Block], clues: Sequence[Clues], plain: Sequence[float]) -> float:
        total = self._intercept
        for block in found:
            total += block.log_odds(self._weights)
        for some in clues:
            total += some.log_odds(self._weights)
        for value, weight in zip(plain, self._numbers, strict=True):
            if value:
                total += value * weight
        return total
