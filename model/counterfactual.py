"""What would have to be different for another verdict: "would be published without the link"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Final

from model.copying import blanked
from model.links import take_out
from model.text import start

if TYPE_CHECKING:
    from model.promise import Cuts
    from model.sample import Sample
    from model.scoring import Scorer


@dataclass(frozen=True, slots=True)
class Change:
    """Leaving out ``without`` would give ``probability`` and ``status`` ("published", "pending" or "spam")."""

    without: tuple[str, ...]
    probability: float
    status: str


def status_of(probability: float, cuts: Cuts) -> str:
    """What two cuts make of a probability."""
    if probability >= cuts.spam_above:
        return "spam"
    return "published" if probability < cuts.publish_below else "pending"


def _without_links(sample: Sample) -> Sample:
    """The body with its links cut out of the text as it came."""
    _, links = take_out(start(sample.body, trace=True))
    body = sample.body
    for link in sorted(links, key=lambda link: -(link.start or 0)):
        body = blanked(body, [(link.start or 0, link.end or 0)])
    return replace(sample, body=body)


#: What may be left out, with what is left. The order breaks ties.
PARTS: Final[dict[str, Callable[[Sample], Sample]]] = {
    "the links in the text": _without_links,
    "the author's link": lambda sample: replace(sample, author_url=""),
    "the author's name": lambda sample: replace(sample, author_name=""),
    "the e-mail address": lambda sample: replace(sample, author_email=""),
    "what the site knows of the author": lambda sample: replace(sample, knowledge={}),
}


def counterfactual(scorer: Scorer, sample: Sample, cuts: Cuts | None = None) -> Change | None:
    """The least change that turns the verdict, one part before two; ``None`` where no part or pair of parts does.

    ``cuts`` are the scorer's own unless given. Among changes of one size, the one that moves the score most.
    """
    cuts = cuts or scorer.cuts
    before = status_of(scorer.score(sample, explain=False).probability, cuts)
    for size in (1, 2):
        changes = []
        for names in combinations(PARTS, size):
            changed = sample
            for name in names:
                changed = PARTS[name](changed)
            if changed == sample:
                continue
            probability = scorer.score(changed, explain=False).probability
            status = status_of(probability, cuts)
            if status != before:
                changes.append(Change(names, probability, status))
        if changes:
            return min(changes, key=lambda change: change.probability if before != "published" else -change.probability)
    return None
