"""A person's decision on a comment, and taking one back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from moderation.clock import new_id
from moderation.counters import Tally, author_of, count_move
from moderation.errors import ConflictError, FieldError, InvalidError, ModerationError, NotFoundError
from moderation.mail.notices import announce_publication
from moderation.people.access import Actor, require_site
from moderation.policy.audit import is_repeated
from moderation.policy.moves import TEACHES, TO_STATUS
from moderation.policy.rules import current_rules
from moderation.review.audit import hold_to_promise, is_asked, text_changed
from moderation.review.history import Standing, fold
from moderation.tables import AUDIT, Action, Claim, Comment, Decision, Person, Site, Status
from moderation.webhooks.announce import announce_decision

MAX_REASON = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one comment of several: its decision, or why there is none."""

    comment_id: uuid.UUID
    decision: Decision | None
    problem: ModerationError | None


def batch_of(outcomes: Sequence[Outcome]) -> uuid.UUID | None:
    """Return the batch that decisions were made in.

    A comment on which the same person had decided so before still has that earlier batch; the newest one is meant.
    """
    made = [o.decision.batch_id for o in outcomes if o.decision is not None and o.decision.batch_id is not None]
    return max(made, default=None)


def decide(
    session: Session,
    actor: Actor,
    comment_id: uuid.UUID,
    action: Action,
    now: datetime,
    *,
    seen_version: int | None = None,
    reason: str = "",
    batch_id: uuid.UUID | None = None,
    blind: bool = True,
    tally: Tally | None = None,
) -> Decision:
    """Decide on a comment.

    ``seen_version`` is the version the person looked at. ``blind``: without seeing how the comment was judged, so that
    the decision answers an audit if one waits. A ``tally`` gathers the counts of a batch, to be written by
    whoever decides on it.
    The same decision by the same person again is harmless and returns the first. Raises ``NotFoundError`` (also for
    a comment of another's site), ``InvalidError``, and ``ConflictError`` if somebody decided since ``seen_version``.
    """
    if action not in TO_STATUS:
        raise InvalidError([FieldError("action", "bad_action", f"One of {', '.join(TO_STATUS)}.")])
    if len(reason) > MAX_REASON:
        raise InvalidError([FieldError("reason", "too_long", f"At most {MAX_REASON} characters.")])
    comment = _lock(session, actor, comment_id)
    last = _last(session, comment)
    asked = is_asked(actor, comment)
    answers = blind and asked and action is not Action.HOLD
    if last.person_id == actor.person_id and last.action is action and not answers:
        return last
    if seen_version is not None and seen_version != comment.version:
        if not asked:
            raise _moved_on(session, comment, last)
        # A blind answer is of the text. What was decided meanwhile must neither hinder it nor be told.
        if not answers or text_changed(session, comment.id, seen_version):
            message = "This comment has changed since you looked at it; read it again."
            raise ConflictError(message, code="version_conflict")
    decision = _new_decision(comment, actor, action, now, reason=reason, batch_id=batch_id)
    decision.origin = AUDIT if answers else decision.origin
    decision.to_status, decision.label = TO_STATUS[action], TEACHES[action]
    labelled = decision.label is not None
    standing = Standing(
        decision.to_status,
        decision.number,
        decision.label,
        now if labelled else None,
        actor.person_id if labelled else None,
    )
    _stand(session, comment, decision, standing, tally)
    return decision


def decide_many(
    session: Session,
    actor: Actor,
    comment_ids: Sequence[uuid.UUID],
    action: Action,
    now: datetime,
    *,
    seen_versions: Mapping[uuid.UUID, int] | None = None,
    reason: str = "",
    batch_id: uuid.UUID | None = None,
    blind: bool = True,
) -> list[Outcome]:
    """Decide on several comments in one go; what cannot be decided is reported and hinders none of the others."""
    batch_id, tally = batch_id or new_id(), Tally()
    outcomes = {}
    # One order for all, so that two bulk decisions never wait for each other in a circle.
    for comment_id in sorted(set(comment_ids)):
        seen = (seen_versions or {}).get(comment_id)
        try:
            decision = decide(
                session,
                actor,
                comment_id,
                action,
                now,
                seen_version=seen,
                reason=reason,
                batch_id=batch_id,
                blind=blind,
                tally=tally,
            )
            outcomes[comment_id] = Outcome(comment_id, decision, None)
        except (NotFoundError, ConflictError) as problem:
            outcomes[comment_id] = Outcome(comment_id, None, problem)
    settle(session, tally, now)
    return [outcomes[comment_id] for comment_id in dict.fromkeys(comment_ids)]


def settle(session: Session, tally: Tally, now: datetime) -> None:
    """Write what a batch of decisions has gathered, and hold its sites to their promises."""
    tally.write(session)
    for site_id in sorted(tally.audited):
        hold_to_promise(session, session.get_one(Site, site_id), now)


def undo(
    session: Session,
    actor: Actor,
    decision_id: uuid.UUID,
    now: datetime,
    *,
    batch_id: uuid.UUID | None = None,
    tally: Tally | None = None,
) -> Decision:
    """Take a decision back, with its lesson. An undo is a decision, too, and can be taken back itself.

    Raises ``NotFoundError``, and ``ConflictError`` if the comment was decided on since, or for its first decision,
    before which there is nothing.
    """
    named = session.get(Decision, decision_id)
    if named is None:
        message = "There is no such decision."
        raise NotFoundError(message)
    comment = _lock(session, actor, named.comment_id, "decision")
    decisions = _decisions(session, comment.id)
    last = decisions[-1]
    if last.undoes_id == named.id and last.person_id == actor.person_id:
        return last
    if last.id != named.id:
        raise _moved_on(session, comment, last)
    if named.number == 1:
        message = "Before a comment's first decision there is nothing to go back to; decide on it instead."
        raise ConflictError(message, code="first_decision")
    decision = _new_decision(comment, actor, Action.UNDO, now, batch_id=batch_id, undoes_id=named.id)
    standing = fold([*decisions, decision])
    decision.to_status, decision.label = standing.status, standing.label
    _stand(session, comment, decision, standing, tally)
    return decision


def _new_decision(
    comment: Comment,
    actor: Actor | None,
    action: Action,
    now: datetime,
    *,
    reason: str = "",
    batch_id: uuid.UUID | None = None,
    undoes_id: uuid.UUID | None = None,
) -> Decision:
    return Decision(
        id=new_id(),
        comment_id=comment.id,
        number=comment.version + 1,
        action=action,
        from_status=comment.status,
        # To be filled in by who knows what the action makes of the comment.
        to_status=comment.status,
        person_id=actor.person_id if actor else None,
        origin="review",
        reason=reason,
        reasons=[],
        batch_id=batch_id,
        undoes_id=undoes_id,
        model_version=comment.model_version,
        spam_probability=comment.spam_probability,
        policy_number=comment.policy_number,
        created_at=now,
    )


def _lock(session: Session, actor: Actor, comment_id: uuid.UUID, what: str = "comment") -> Comment:
    comment = session.get(Comment, comment_id, with_for_update=True, populate_existing=True)
    if comment is None:
        message = f"There is no such {what}."
        raise NotFoundError(message)
    require_site(actor, comment.site_id, what)
    return comment


def _decisions(session: Session, comment_id: uuid.UUID) -> list[Decision]:
    query = select(Decision).where(Decision.comment_id == comment_id).order_by(Decision.number)
    return list(session.scalars(query))


def _last(session: Session, comment: Comment) -> Decision:
    query = select(Decision).where(Decision.comment_id == comment.id, Decision.number == comment.version)
    return session.scalars(query).one()


def _stand(
    session: Session, comment: Comment, decision: Decision, standing: Standing, tally: Tally | None = None
) -> None:
    session.add(decision)
    # Whatever ends a comment's wait ends its claim, too, so that none is left to keep others away.
    session.execute(delete(Claim).where(Claim.comment_id == comment.id))
    old = comment.status
    comment.status, comment.version = standing.status, standing.version
    comment.label, comment.labelled_at, comment.labelled_by = (
        standing.label,
        standing.labelled_at,
        standing.labelled_by,
    )
    if comment.audit_share is not None:
        session.flush()
        site, answers = session.get_one(Site, comment.site_id), answers_to_audit(_decisions(session, comment.id))
        comment.audited_at = answers[0].created_at if answers else None
        again = len(answers) == 1 and is_repeated(comment.id, current_rules(session, site))
        comment.audit_repeats = answers[0].person_id if again else None
        if tally is None:
            session.flush()
            hold_to_promise(session, site, decision.created_at)
        else:
            tally.audited.add(site.id)
    session.flush()
    announce_decision(session, comment, decision)
    if comment.status is Status.PUBLISHED and old is not Status.PUBLISHED:
        announce_publication(session, author_of(comment), comment.id, comment.parent_id, decision.created_at)
    url = comment.facts.get("thread_url")
    if tally is not None:
        tally.move(author_of(comment), comment.thread_id, old, comment.status, url)
    else:
        count_move(session, author_of(comment), comment.thread_id, old, comment.status, url)


def answers_to_audit(decisions: Sequence[Decision]) -> list[Decision]:
    """Return a comment's answers to its audit, in order: blind, not taken back, and the comment not held since."""
    taken_back: set[uuid.UUID | None] = set()
    answers = []
    for decision in reversed(decisions):
        if decision.id in taken_back:
            continue
        taken_back.add(decision.undoes_id)
        if decision.action is Action.HOLD:
            break
        if decision.origin == AUDIT:
            answers.append(decision)
    return answers[::-1]


def _moved_on(session: Session, comment: Comment, last: Decision) -> ConflictError:
    who = session.get(Person, last.person_id) if last.person_id else None
    current: dict[str, Any] = {
        "status": comment.status,
        "version": comment.version,
        "action": last.action,
        "decided_by": who.email if who else None,
        "decided_at": last.created_at.isoformat(),
    }
    name = who.email if who else ("The judge" if last.action is Action.JUDGE else "The website")
    message = f"{name} has decided on this comment meanwhile: it is {comment.status.value} now."
    return ConflictError(message, code="version_conflict", extra={"current": current})


def decide_for_site(
    session: Session, comment_id: uuid.UUID, action: Action, origin: str, now: datetime, *, reason: str = ""
) -> Decision | None:
    """Decide as the site itself says it should be, through a client of its own; whoever asks has shown its key.

    Returns ``None`` where the comment stands and teaches so already. Raises ``NotFoundError``.
    """
    comment = session.get(Comment, comment_id, with_for_update=True, populate_existing=True)
    if comment is None or comment.erased_at is not None:
        message = "There is no such comment."
        raise NotFoundError(message)
    status, label = TO_STATUS[action], TEACHES[action]
    if comment.status is status and comment.label is label:
        return None
    decision = _new_decision(comment, None, action, now, reason=reason)
    decision.origin, decision.to_status, decision.label = origin, status, label
    standing = Standing(status, decision.number, label, now if label else None, None)
    _stand(session, comment, decision, standing)
    return decision
