"""From a stated error to both cuts: what may go wrong, and how sure we are that it goes wrong no more often.

Candidate cuts are tested one after the other, the safest first, each by an exact binomial bound, and the walk stops at
the first that fails: fixed-sequence testing, so that choosing the cut does not void the promise (Angelopoulos, Bates,
Candès, Jordan & Lei, "Learn then Test", 2021; Clopper & Pearson 1934 for the bound).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from model.held_out import HeldOut

    Floats = NDArray[np.float64]

#: What is promised unless the owner says otherwise: 1 in 200 genuine comments may be kept as spam, 2 in 100 published
#: ones may be spam, and we want to be 95 % sure.
MAX_HAM_AS_SPAM: Final = 0.005
MAX_SPAM_IN_PUBLISHED: Final = 0.02
CONFIDENCE: Final = 0.95

#: The cuts that are tried, evenly in log-odds from -12 to 12 and fixed before looking at a label: 2 * `_STEPS` + 1.
_STEPS: Final = 200
_CUTS: Final = 1.0 / (1.0 + np.exp(-np.linspace(-12.0, 12.0, 2 * _STEPS + 1)))


@dataclass(frozen=True, slots=True)
class Terms:
    """What an owner allows to go wrong, and how sure it must be.

    Of the genuine comments at most ``max_ham_as_spam`` are kept as spam, of the published ones at most
    ``max_spam_in_published`` are spam; each with ``confidence``.

    Raises:
        ValueError: one of them is not between 0 and 1.
    """

    max_ham_as_spam: float = MAX_HAM_AS_SPAM
    max_spam_in_published: float = MAX_SPAM_IN_PUBLISHED
    confidence: float = CONFIDENCE

    def __post_init__(self) -> None:
        for rate in (self.max_ham_as_spam, self.max_spam_in_published, self.confidence):
            if not 0.0 < rate < 1.0:
                text = f"a rate must be between 0 and 1, not {rate}"
                raise ValueError(text)


#: What is promised unless the owner says otherwise.
DEFAULT: Final = Terms()


@dataclass(frozen=True, slots=True)
class Cuts:
    """Below ``publish_below`` a comment is published, at ``spam_above`` or above it is spam, between it is held.

    A side that cannot be promised yet is closed: ``publish_below`` 0 publishes nothing by itself, ``spam_above`` above
    1 (``math.inf`` is not JSON, so 2.0) rejects nothing by itself.
    """

    publish_below: float
    spam_above: float


#: A site's own labels are enough for a promise of its own from so many times the fewest that can make one.
_ENOUGH: Final = 2

#: Nothing is decided automatically.
HOLD: Final = Cuts(0.0, 2.0)


@dataclass(frozen=True, slots=True)
class Promise:
    """Both cuts with what they rest on. ``missing_*`` say how many more labels each side needs at least (0: kept).

    ``own``: the site's own labels were enough.
    """

    cuts: Cuts
    max_ham_as_spam: float
    max_spam_in_published: float
    confidence: float
    n_ham: int
    n_spam: int
    ham_as_spam: int
    ham_as_spam_bound: float | None
    published: int
    spam_in_published: int
    spam_in_published_bound: float | None
    missing_ham: int
    missing_published: int
    why: str
    own: bool = False

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def upper_bound(errors: int, n: int, confidence: float = CONFIDENCE) -> float:
    """The exact upper confidence bound of a rate of which ``errors`` in ``n`` were seen (Clopper-Pearson)."""
    return float(_upper_bounds(np.array([errors]), np.array([n]), confidence)[0])


def _upper_bounds(errors: NDArray[np.int64], n: NDArray[np.int64], confidence: float) -> Floats:
    from scipy.special import betaincinv  # noqa: PLC0415 - a tenth of a second that most processes never need

    known = (n > 0) & (errors < n)
    bounds = np.ones(len(n))
    bounds[known] = betaincinv(errors[known] + 1, n[known] - errors[known], confidence)
    return bounds


def needed(rate: float, confidence: float = CONFIDENCE) -> int:
    """Fewest faultless trials after which a rate of at most ``rate`` can be promised."""
    return math.ceil(math.log(1.0 - confidence) / math.log1p(-rate))


def solve(
    labels: Sequence[bool | int] | NDArray[Any],
    probabilities: Sequence[float] | Floats,
    terms: Terms = DEFAULT,
) -> Promise:
    """Both cuts from held-out labels, that is from scores of comments that the judge had not learnt.

    Each side keeps its promise with the stated confidence by itself; labels must be a fair sample of what will come.

    Raises:
        ValueError: the lengths differ.
    """
    truth = np.asarray(labels, dtype=bool)
    given = np.asarray(probabilities, dtype=np.float64)
    if truth.shape != given.shape:
        text = f"{len(truth)} labels for {len(given)} probabilities"
        raise ValueError(text)
    max_ham_as_spam, max_spam_in_published = terms.max_ham_as_spam, terms.max_spam_in_published
    confidence = terms.confidence
    high, ham_errors = _spam_above(given[~truth], max_ham_as_spam, confidence)
    low, published, spam_errors = _publish_below(truth, given, max_spam_in_published, confidence, high)
    n_ham = int((~truth).sum())
    missing_ham = 0 if high <= 1.0 else max(needed(max_ham_as_spam, confidence) - n_ham, 1)
    missing_published = 0 if low > 0.0 else max(needed(max_spam_in_published, confidence) - published, 1)
    return Promise(
        cuts=Cuts(low, high),
        max_ham_as_spam=max_ham_as_spam,
        max_spam_in_published=max_spam_in_published,
        confidence=confidence,
        n_ham=n_ham,
        n_spam=int(truth.sum()),
        ham_as_spam=ham_errors,
        ham_as_spam_bound=upper_bound(ham_errors, n_ham, confidence) if high <= 1.0 else None,
        published=published,
        spam_in_published=spam_errors,
        spam_in_published_bound=upper_bound(spam_errors, published, confidence) if low > 0.0 else None,
        missing_ham=missing_ham,
        missing_published=missing_published,
        why=_why(missing_ham, missing_published),
    )


def _spam_above(ham: Floats, rate: float, confidence: float) -> tuple[float, int]:
    """The lowest cut that keeps the first promise, walking down from the safest; and the errors it makes."""
    n = len(ham)
    cuts = _CUTS[:_STEPS:-1]  # from the highest down to even odds
    errors = n - np.searchsorted(np.sort(ham), cuts, side="left")
    kept = _walk(_upper_bounds(errors, np.full(len(cuts), n), confidence) <= rate)
    return (float(cuts[kept - 1]), int(errors[kept - 1])) if kept else (HOLD.spam_above, 0)


def _publish_below(
    truth: NDArray[np.bool_], given: Floats, rate: float, confidence: float, most: float
) -> tuple[float, int, int]:
    """The highest cut up to ``most`` that keeps the second promise: cut, comments published, spam among them.

    The walk starts at the lowest cut below which enough comments lie for any promise; it is found from the scores
    alone, so that the labels stay unseen until they are tested.
    """
    enough = needed(rate, confidence)
    below = np.searchsorted(np.sort(given), _CUTS, side="left")
    spam = np.searchsorted(np.sort(given[truth]), _CUTS, side="left")
    tested = np.flatnonzero((below >= enough) & (most >= _CUTS))
    kept = _walk(_upper_bounds(spam[tested], below[tested], confidence) <= rate)
    if not kept:
        first = tested[0] if len(tested) else -1
        return HOLD.publish_below, int(below[first]) if not len(tested) else 0, 0
    last = tested[kept - 1]
    return float(_CUTS[last]), int(below[last]), int(spam[last])


def _walk(kept: NDArray[np.bool_]) -> int:
    """How many tests in a row are passed before the first that fails."""
    return len(kept) if kept.all() else int(np.argmin(kept))


def _why(missing_ham: int, missing_published: int) -> str:
    parts = []
    if missing_ham:
        parts.append(
            f"at least {missing_ham} more genuine comments with a label before anything is kept as spam by itself"
        )
    if missing_published:
        parts.append(
            f"at least {missing_published} more labelled comments that look genuine before anything is published"
        )
    return "; ".join(parts) or "both cuts keep the promise"


def solve_for(held_out: HeldOut, site: str, terms: Terms = DEFAULT) -> Promise:
    """The promise of one site: from its own held-out labels where they are enough, else from everybody's.

    A site's own comments are the fair sample of what it will get. Whether they are enough is decided by their number
    alone, before a score is looked at, so that having two grounds to choose from does not void the promise.
    """
    own = held_out.at(site) if site else None
    if own is not None and int((~own.spam).sum()) >= _ENOUGH * needed(terms.max_ham_as_spam, terms.confidence):
        return replace(solve(own.spam, own.given, terms), own=True)
    return solve(held_out.spam, held_out.given, terms)
