"""From a review budget ("we can read 60 a day") to the promise that it buys.

A fixed ladder of promises, from strict to lenient, is solved on the held-out labels; how many comments each would leave
for people is counted on the site's recent, unlabelled comments. Since the owner chooses among the rungs after seeing
what they cost, each is solved at a confidence raised by the number of rungs (Bonferroni), so that the choice does not
void the promise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from model.promise import CONFIDENCE, DEFAULT, Promise, Terms, solve_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from model.held_out import HeldOut

    Floats = NDArray[np.float64]

#: The rungs: both rates of the default promise times these.
LADDER: Final = (0.1, 0.2, 0.4, 0.6, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Offer:
    """A promise, the terms that bring it, and how many comments a day it would leave for people to read."""

    terms: Terms
    promise: Promise
    reviews_per_day: float


def offers(held_out: HeldOut, site: str, probabilities: Sequence[float] | Floats, days: float) -> list[Offer]:
    """All rungs, the strictest first, for a site that got comments with these ``probabilities`` in ``days`` days.

    The terms state the raised confidence, so that they bring just the cuts that were counted; whichever rung is chosen,
    it holds as surely as `CONFIDENCE`.

    Raises:
        ValueError: ``days`` is not positive.
    """
    if days <= 0:
        text = f"days must be positive, not {days}"
        raise ValueError(text)
    given = np.asarray(probabilities, dtype=np.float64)
    raised = 1.0 - (1.0 - CONFIDENCE) / len(LADDER)
    found = []
    for factor in LADDER:
        terms = Terms(factor * DEFAULT.max_ham_as_spam, factor * DEFAULT.max_spam_in_published, raised)
        promise = solve_for(held_out, site, terms)
        between = (given >= promise.cuts.publish_below) & (given < promise.cuts.spam_above)
        found.append(Offer(terms, promise, float(between.sum()) / days))
    return found


def best(found: Sequence[Offer], reviews_per_day: float) -> Offer | None:
    """The strictest promise that leaves no more than ``reviews_per_day`` to read; ``None`` if even the last does."""
    return next((offer for offer in found if offer.reviews_per_day <= reviews_per_day), None)
