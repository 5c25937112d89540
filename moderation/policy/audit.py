"""The blind audit's lot: which automatic decisions a person looks at without seeing the verdict."""

from __future__ import annotations

from collections.abc import Callable

from moderation.policy.rules import Rules
from moderation.tables import Status

#: Returns a number from [0, 1), all equally likely.
Chance = Callable[[], float]


def draw(status: Status, rules: Rules, chance: Chance) -> float | None:
    """Return the chance with which a comment of this first status was drawn, or ``None`` if it was not."""
    share = {Status.SPAM: rules.audit_spam, Status.PUBLISHED: rules.audit_published}.get(status, 0.0)
    return share if chance() < share else None
