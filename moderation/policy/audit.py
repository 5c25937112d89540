"""The blind audit: which automatic decisions a person looks at without seeing the verdict, and what that tells."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from model.promise import upper_bound
from moderation.policy.rules import Rules
from moderation.tables import Status

#: Returns a number from [0, 1), all equally likely.
Chance = Callable[[], float]
_LOW = (1 << 32) - 1


def draw(status: Status, rules: Rules, chance: Chance) -> float | None:
    """Return the chance with which a comment of this first status was drawn, or ``None`` if it was not."""
    share = {Status.SPAM: rules.audit_spam, Status.PUBLISHED: rules.audit_published}.get(status, 0.0)
    return share if chance() < share else None


def is_repeated(comment_id: uuid.UUID, rules: Rules) -> bool:
    """Return whether two persons are asked of this comment, if it is audited: drawn by the random end of its id."""
    return (comment_id.int & _LOW) / (_LOW + 1) < rules.audit_repeated


@dataclass(frozen=True, slots=True)
class Rate:
    """An error rate of one kind of automatic decision, weighted by inclusion: estimate and bounds.

    ``decided``: automatic decisions of this kind; ``audited``: those that a person answered; ``errors``: those that the
    person decided otherwise. ``estimate`` is ``None`` until one is audited. ``faultless`` would be the upper bound if
    there were no error among as many audits.
    """

    decided: int
    audited: int
    errors: int
    estimate: float | None
    lower: float
    upper: float
    faultless: float


def rate_of(decided: int, answered: Sequence[tuple[float, bool]], confidence: float) -> Rate:
    """Return the error rate that audits tell: of each, the chance with which it was drawn and whether it was an error.

    The estimate is that of Horvitz and Thompson in its ratio form: shares may have changed over time, and an audit
    stands for 1 / share decisions. Of each share the bounds are exact (Clopper and Pearson), and so much surer, the
    more shares there are, that they hold all together (Bonferroni); their mean is weighted as the estimate is.
    """
    if not answered:
        return Rate(decided, 0, 0, None, 0.0, 1.0, 1.0)
    strata: dict[float, list[bool]] = defaultdict(list)
    for share, is_wrong in answered:
        strata[share].append(is_wrong)
    surer = 1.0 - (1.0 - confidence) / len(strata)
    total = sum(1.0 / share for share, _ in answered)
    estimate = lower = upper = faultless = 0.0
    for share, wrong in strata.items():
        n, errors = len(wrong), sum(wrong)
        weight = n / share / total
        estimate += weight * errors / n
        lower += weight * (1.0 - upper_bound(n - errors, n, surer))
        upper += weight * upper_bound(errors, n, surer)
        faultless += weight * upper_bound(0, n, surer)
    return Rate(decided, len(answered), sum(wrong for _, wrong in answered), estimate, lower, upper, faultless)


def genuine_lost(spam: Rate, published: Rate, rate: float, held: int = 0) -> float:
    """Return the share of genuine comments that were kept as spam, if ``rate`` of the spam verdicts are wrong.

    Comments that were ``held`` and published by hand are left out unless told, which errs on the side of caution.
    """
    lost = spam.decided * rate
    genuine = published.decided * (1.0 - (published.estimate or 0.0)) + held + lost
    return lost / genuine if genuine else 0.0


def is_broken(spam: Rate, published: Rate, held: int, rules: Rules) -> bool:
    """Whether audits break the promise, and not merely for want of audits. ``held``: comments first left to people.

    Either they show that more is lost than was promised, however few they are and were all that was held genuine (one
    error may be a slip of who audits); or as many faultless ones would have shown that the promise is kept, and these
    do not.
    """
    most = rules.max_ham_as_spam
    shown = spam.errors > 1 and genuine_lost(spam, published, spam.lower, held) > most
    told = genuine_lost(spam, published, spam.faultless) <= most
    return shown or (told and genuine_lost(spam, published, spam.upper) > most)
