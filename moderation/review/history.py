"""A comment's standing as the sum of its decisions: the decisions are the truth, the comment's columns a copy."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from model.sample import Label
from moderation.policy.moves import TEACHES
from moderation.tables import Action, Status


class DecisionLike(Protocol):
    """What of a decision counts for a comment's standing."""

    @property
    def id(self) -> uuid.UUID: ...  # noqa: D102
    @property
    def number(self) -> int: ...  # noqa: D102
    @property
    def action(self) -> Action: ...  # noqa: D102
    @property
    def to_status(self) -> Status: ...  # noqa: D102
    @property
    def person_id(self) -> uuid.UUID | None: ...  # noqa: D102
    @property
    def undoes_id(self) -> uuid.UUID | None: ...  # noqa: D102
    @property
    def created_at(self) -> datetime: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a comment stands, at which version, and what it teaches since when and by whom."""

    status: Status
    version: int
    label: Label | None = None
    labelled_at: datetime | None = None
    labelled_by: uuid.UUID | None = None


def fold(decisions: Sequence[DecisionLike]) -> Standing:
    """Return the standing that the decisions of one comment, in order of their numbers, add up to.

    An undo restores the standing before the decision it names, its lesson included. Raises ``ValueError`` for a
    history that cannot be: empty, out of order, or undoing what is not the latest.
    """
    standings: list[Standing] = []
    for place, decision in enumerate(decisions):
        if decision.number != place + 1:
            message = f"decision {decision.number} at place {place + 1}"
            raise ValueError(message)
        standings.append(_after(standings, decisions, decision))
    if not standings:
        message = "a comment without decisions"
        raise ValueError(message)
    return standings[-1]


def _after(standings: list[Standing], decisions: Sequence[DecisionLike], decision: DecisionLike) -> Standing:
    if decision.action is Action.UNDO:
        if len(standings) < 2 or decisions[len(standings) - 1].id != decision.undoes_id:  # noqa: PLR2004
            message = f"decision {decision.number} undoes what is not the latest decision"
            raise ValueError(message)
        before = standings[-2]
        return Standing(before.status, decision.number, before.label, before.labelled_at, before.labelled_by)
    if decision.action is Action.JUDGE:
        # The judge moves comments; it never teaches itself.
        last = standings[-1] if standings else None
        if last is None:
            return Standing(decision.to_status, decision.number)
        return Standing(decision.to_status, decision.number, last.label, last.labelled_at, last.labelled_by)
    label = TEACHES[decision.action]
    if label is None:
        return Standing(decision.to_status, decision.number)
    return Standing(decision.to_status, decision.number, label, decision.created_at, decision.person_id)
