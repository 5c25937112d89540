"""Many decisions at once: what they would do, and taking all of them back."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from moderation.clock import new_id
from moderation.counters import Tally
from moderation.errors import ConflictError, InvalidError, NotFoundError
from moderation.people.access import Actor
from moderation.policy.moves import TO_STATUS
from moderation.review.audit import asked_of
from moderation.review.decisions import Outcome, decide, settle, undo
from moderation.tables import Action, CampaignVerdict, Comment, Decision, Status


@dataclass(slots=True)
class Preview:
    """What a decision on many comments would do: how many it moves from where, and what it leaves alone."""

    moves: Counter[Status] = field(default_factory=Counter)
    #: They wait to be audited, which must not be told where they stand.
    audits: int = 0
    #: They stand there already.
    unmoved: int = 0
    #: They changed since they were looked at.
    changed: list[uuid.UUID] = field(default_factory=list)
    missing: list[uuid.UUID] = field(default_factory=list)

    @property
    def decided(self) -> int:
        """How many comments would be decided on."""
        return self.moves.total() + self.audits + self.unmoved


def preview(
    session: Session,
    actor: Actor,
    comment_ids: Sequence[uuid.UUID],
    action: Action,
    seen_versions: Mapping[uuid.UUID, int],
) -> Preview:
    """Tell what ``decide_many`` would do now."""
    query = select(Comment.id, Comment.status, Comment.version, asked_of(actor)).where(
        Comment.id.in_(set(comment_ids)), actor.only_theirs(Comment.site_id)
    )
    standing = {one: (status, version, unseen) for one, status, version, unseen in session.execute(query)}
    found = Preview()
    for comment_id in dict.fromkeys(comment_ids):
        if comment_id not in standing:
            found.missing.append(comment_id)
            continue
        status, version, unseen = standing[comment_id]
        if unseen:
            # Whatever was decided meanwhile, an answer is of the text.
            found.audits += 1
        elif seen_versions.get(comment_id, version) != version:
            found.changed.append(comment_id)
        elif status is TO_STATUS[action]:
            found.unmoved += 1
        else:
            found.moves[status] += 1
    return found


@dataclass(frozen=True, slots=True)
class BatchTold:
    """A batch of decisions: how many it put where or back into the audit lane, and whether it took another one back."""

    id: uuid.UUID
    statuses: Counter[Status]
    audits: int
    undone: bool


def tell_batch(session: Session, actor: Actor, batch_id: uuid.UUID) -> BatchTold | None:
    """Return what a batch did, as far as the person may see it; ``None`` where they see nothing of it."""
    query = (
        select(Decision.action, Decision.to_status, asked_of(actor))
        .join(Comment, Comment.id == Decision.comment_id)
        .where(Decision.batch_id == batch_id, actor.only_theirs(Comment.site_id))
    )
    made = session.execute(query).all()
    if not made:
        return None
    statuses = Counter(status for _, status, unseen in made if not unseen)
    return BatchTold(
        batch_id, statuses, len(made) - statuses.total(), any(action is Action.UNDO for action, _, _ in made)
    )


def undo_batch(session: Session, actor: Actor, batch_id: uuid.UUID, now: datetime) -> list[Outcome]:
    """Take back all decisions of a batch, also those that a campaign's verdict made on newcomers, and end that verdict.

    What somebody decided on since is left alone and reported. Taking it back again is harmless.
    Raises ``NotFoundError`` where the person sees no decision of such a batch.
    """
    query = (
        select(Decision.id, Decision.comment_id, Decision.number)
        .join(Comment, Comment.id == Decision.comment_id)
        .where(Decision.batch_id == batch_id, actor.only_theirs(Comment.site_id))
        .order_by(Decision.comment_id)
    )
    made = session.execute(query).all()
    if not made:
        message = "There is no such batch of decisions."
        raise NotFoundError(message)
    # First of all, so that nothing comes in under it meanwhile.
    ended = update(CampaignVerdict).where(CampaignVerdict.batch_id == batch_id, CampaignVerdict.until > now)
    session.execute(ended.values(until=now))
    undone, tally, outcomes = new_id(), Tally(), []
    for decision_id, comment_id, number in made:
        try:
            if number == 1:
                # A moderator's own reply came with the batch: there is no standing before it to go back to.
                decision = decide(session, actor, comment_id, Action.REJECT, now, batch_id=undone, tally=tally)
            else:
                decision = undo(session, actor, decision_id, now, batch_id=undone, tally=tally)
            outcomes.append(Outcome(comment_id, decision, None))
        except (ConflictError, InvalidError, NotFoundError) as problem:
            outcomes.append(Outcome(comment_id, None, problem))
    settle(session, tally, now)
    return outcomes
