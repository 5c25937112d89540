"""Taking back all that a person decided, or all of a day: a moderator who was careless, an account that was stolen."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from moderation.clock import new_id
from moderation.counters import Tally
from moderation.errors import ConflictError
from moderation.people.access import Actor
from moderation.review.decisions import Outcome, settle, undo
from moderation.tables import Action, Comment, Decision


@dataclass(frozen=True, slots=True)
class Whose:
    """Which decisions of people are meant: by whom, on which day (UTC), at which site; ``None``: any."""

    person_id: uuid.UUID | None = None
    day: date | None = None
    site_id: uuid.UUID | None = None

    @property
    def condition(self) -> ColumnElement[bool]:
        """The same as a condition on decisions joined with their comments."""
        found = [Decision.person_id.is_not(None), Decision.action != Action.UNDO, Decision.number > 1]
        if self.person_id is not None:
            found.append(Decision.person_id == self.person_id)
        if self.day is not None:
            begin = datetime.combine(self.day, time(), UTC)
            found += [Decision.created_at >= begin, Decision.created_at < begin + timedelta(days=1)]
        if self.site_id is not None:
            found.append(Comment.site_id == self.site_id)
        return and_(*found)


def standing_decisions(session: Session, whose: Whose) -> Sequence[tuple[uuid.UUID, uuid.UUID]]:
    """Return ids of the decisions that are meant and are the latest of their comment, with the comment's."""
    query = (
        select(Decision.id, Decision.comment_id)
        .join(Comment, Comment.id == Decision.comment_id)
        .where(whose.condition, Decision.number == Comment.version)
        .order_by(Decision.comment_id)
    )
    return [(decision_id, comment_id) for decision_id, comment_id in session.execute(query)]


def withdraw(session: Session, actor: Actor, whose: Whose, now: datetime) -> tuple[uuid.UUID, list[Outcome]]:
    """Take the decisions back with their lessons, as one batch that can itself be taken back.

    What somebody decided on since stands: it is theirs. Where the same person had decided on a comment several times,
    the last is taken back and the one before it stands; repeat to take back that, too.
    """
    batch, tally, outcomes = new_id(), Tally(), []
    for decision_id, comment_id in standing_decisions(session, whose):
        try:
            outcomes.append(
                Outcome(comment_id, undo(session, actor, decision_id, now, batch_id=batch, tally=tally), None)
            )
        except ConflictError as problem:
            outcomes.append(Outcome(comment_id, None, problem))
    settle(session, tally, now)
    return batch, outcomes
