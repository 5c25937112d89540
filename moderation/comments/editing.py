"""A writer changes a comment, or takes it back, within the window that the site grants.

Whoever calls has made sure that the writer's own browser asks (``moderation.api.writer_tokens``).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from model.scoring import Scorer
from moderation.clock import Clock, new_id
from moderation.comments import traps
from moderation.comments.caller import Caller, identify
from moderation.comments.judge import Copies, Judgement, Text, copied_from, copies_of, judge, knowledge_of, text_of
from moderation.comments.standing import standing_verdict
from moderation.comments.submission import Submission, parse_body
from moderation.counters import author_of, count_move
from moderation.database import Database
from moderation.errors import ConflictError, NotFoundError
from moderation.mail.notices import announce_publication
from moderation.outbox import Kind, enqueue
from moderation.people.sites import SiteSettings, settings_of
from moderation.policy.audit import Chance, draw
from moderation.policy.first_status import GRAVITY, Reason
from moderation.policy.rules import Rules
from moderation.policy.verdict import facts_of
from moderation.samples import sample_of
from moderation.tables import Action, Band, Comment, Decision, EarlierText, Status, Thread
from moderation.webhooks.announce import announce_decision

#: Nobody mends one comment more often than this; who tries what passes does.
MAX_EDITS = 10
WITHDRAWN = "Taken back by its writer."


@dataclass(frozen=True, slots=True)
class Edited:
    """How a changed comment stands, and the job that will judge it if no model could."""

    comment: Comment
    job_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class _Change:
    """A checked and judged change, ready to be written. ``version`` is the comment's when it was looked at."""

    version: int
    body: str
    digest: str
    text: Text
    judgement: Judgement
    status: Status
    reasons: tuple[Reason, ...]
    policy_number: int
    audit_share: float | None
    campaign_id: uuid.UUID | None


def edit(
    database: Database,
    find_scorer: Callable[[], Scorer | None],
    clock: Clock,
    site_id: uuid.UUID,
    comment_id: uuid.UUID,
    fields: Mapping[str, Any],
    caller: Caller,
    *,
    chance: Chance,
) -> Edited:
    """Put the field ``body`` in the place of the comment's text, judged anew; the earlier text is kept.

    Raises ``NotFoundError``, ``InvalidError``, and ``ConflictError``: the window is over, a moderator has decided, or
    the thread holds the same comment already.
    """
    now, scorer = clock(), find_scorer()
    with database.reading() as session:
        comment = _find(session, site_id, comment_id, caller, now)
        _refuse_if_decided(session, comment)
        body = parse_body(fields)
        if body == comment.body:
            return Edited(comment, None)
        change = _prepare(session, scorer, comment, body, now, chance)
    with database.writing() as session:
        return _write(session, comment_id, change, now)


def withdraw(session: Session, site_id: uuid.UUID, comment_id: uuid.UUID, caller: Caller, now: datetime) -> None:
    """Take the comment off its page for good. Moderators still see it, until it is old enough to go.

    What counts as spam stays so, and its writer is not told. Raises as ``edit`` does.
    """
    comment = _find(session, site_id, comment_id, caller, now, lock=True)
    if comment.status not in {Status.PUBLISHED, Status.PENDING}:
        return
    old = comment.status
    comment.status, comment.version = Status.REJECTED, comment.version + 1
    comment.label = comment.labelled_at = comment.labelled_by = None
    # Nobody is asked whether what its writer took back should be on the page.
    comment.audit_share = comment.audited_at = comment.audit_repeats = None
    _decision(session, comment, Action.REJECT, old, now, reason=WITHDRAWN, reasons=[])
    count_move(session, author_of(comment), comment.thread_id, old, comment.status)


def editable_until(received_at: datetime, rules: Rules) -> datetime:
    """Return when a comment's window ends."""
    return received_at + timedelta(minutes=rules.edit_minutes)


def _find(
    session: Session, site_id: uuid.UUID, comment_id: uuid.UUID, caller: Caller, now: datetime, *, lock: bool = False
) -> Comment:
    site = settings_of(session, site_id)
    identify(session, site, caller, now)
    comment = session.get(Comment, comment_id, with_for_update=lock)
    if comment is None or comment.site_id != site.id or comment.erased_at is not None:
        message = "There is no such comment."
        raise NotFoundError(message)
    if now >= editable_until(comment.received_at, site.rules):
        message = "The time for changing this comment is over."
        raise ConflictError(message, code="edit_window_over")
    return comment


def _refuse_if_decided(session: Session, comment: Comment) -> None:
    by_people = select(Decision.id).where(Decision.comment_id == comment.id, Decision.action != Action.JUDGE).limit(1)
    if comment.label is not None or session.scalar(by_people) is not None:
        # A verdict is on what was read; under another text it would be a lie, to readers and to training.
        message = "This comment has been decided on and can be changed no more."
        raise ConflictError(message, code="already_decided")
    query = select(func.count()).select_from(EarlierText).where(EarlierText.comment_id == comment.id)
    if (session.scalar(query) or 0) >= MAX_EDITS:
        message = "This comment has been changed often enough."
        raise ConflictError(message, code="too_many_edits")


def _prepare(
    session: Session, scorer: Scorer | None, comment: Comment, body: str, now: datetime, chance: Chance
) -> _Change:
    site, thread = settings_of(session, comment.site_id), session.get_one(Thread, comment.thread_id)
    digest = _digest(comment, thread.key, body)
    if digest != comment.digest:
        traps.refuse_duplicate(session, thread.id, digest)
    text = text_of(body)
    copies = copies_of(session, site.id, text, now, besides=comment.id)
    judgement = _judge(session, scorer, site, comment, thread.key, body, text, copies, now)
    status, reasons = judgement.status, judgement.reasons
    verdict = standing_verdict(session, site.id, text, now)
    if verdict is not None and verdict.status is not Status.PUBLISHED:
        # No person has seen this one, so that what they rejected is held.
        reasons = (*reasons, verdict.why)
        status = Status.SPAM if verdict.status is Status.SPAM else max(status, Status.PENDING, key=GRAVITY.index)
    if comment.status is Status.SPAM and status is Status.PUBLISHED:
        # Else an edit would be a way to try what passes.
        reasons = (*reasons, Reason("edited_spam", "It counted as spam before its writer changed it.", Status.PENDING))
        status = Status.PENDING
    return _Change(
        version=comment.version,
        body=body,
        digest=digest,
        text=text,
        judgement=judgement,
        status=status,
        reasons=reasons,
        policy_number=site.policy_number,
        # As at intake: what a person decided, or what was only recorded, is not the judge's to be audited.
        audit_share=None if verdict or site.rules.log_only else draw(status, site.rules, chance),
        campaign_id=copies.campaign_id,
    )


def _digest(comment: Comment, thread: str, body: str) -> str:
    same = Submission.model_construct(
        thread=thread,
        parent_id=comment.parent_id,
        author_name=comment.author_name,
        author_email=comment.author_email,
        body=body,
    )
    return traps.digest_of(same)


def _judge(
    session: Session,
    scorer: Scorer | None,
    site: SiteSettings,
    comment: Comment,
    thread: str,
    body: str,
    text: Text,
    copies: Copies,
    now: datetime,
) -> Judgement:
    author = author_of(comment)
    knowledge = knowledge_of(session, author, text, now, copies=copies)
    facts = replace(facts_of(comment, knowledge), body=body, author_published=_others_published(comment, knowledge))
    copied = copied_from(session, copies, author, body)
    sample = replace(sample_of(comment, thread), body=body, knowledge=knowledge, copied=copied)
    return judge(scorer, sample, facts, site.rules, hold_spam=site.held_since is not None)


def _others_published(comment: Comment, knowledge: Mapping[str, float]) -> int:
    # A first comment is not the author's second because it stood on the page for a minute.
    return int(knowledge.get("author_published", 0)) - (comment.status is Status.PUBLISHED)


def _write(session: Session, comment_id: uuid.UUID, change: _Change, now: datetime) -> Edited:
    comment = session.get(Comment, comment_id, with_for_update=True)
    if comment is None or comment.version != change.version:
        message = "This comment has been decided on and can be changed no more."
        raise ConflictError(message, code="already_decided")
    earlier = EarlierText(comment_id=comment.id, number=comment.version, body=comment.body, replaced_at=now)
    earlier.knowledge, earlier.copied = comment.knowledge, comment.facts.get("copied", [])
    session.add(earlier)
    old, judgement = comment.status, change.judgement
    comment.body, comment.digest, comment.signature = change.body, change.digest, change.text.signature
    comment.status, comment.version = change.status, comment.version + 1
    comment.policy_number, comment.audit_share = change.policy_number, change.audit_share
    comment.campaign_id = change.campaign_id
    comment.knowledge, comment.model_version = dict(judgement.knowledge), judgement.model_version
    comment.spam_probability, comment.uncertainty = judgement.spam_probability, judgement.uncertainty
    comment.reasons = [reason.as_json() for reason in change.reasons]
    comment.facts = {**comment.facts, "copied": judgement.copied}
    try:
        session.flush()
    except IntegrityError as error:
        raise traps.duplicate() from error
    _replace_bands(session, comment, change.text)
    _decision(session, comment, Action.JUDGE, old, now, reason="", reasons=comment.reasons)
    count_move(session, author_of(comment), comment.thread_id, old, comment.status, comment.facts.get("thread_url"))
    if comment.status is Status.PUBLISHED:
        announce_publication(session, author_of(comment), comment.id, comment.parent_id, now)
    waits = judgement.model_version is None
    return Edited(comment, enqueue(session, Kind.REJUDGE, {"comment_id": str(comment.id)}, now) if waits else None)


def _replace_bands(session: Session, comment: Comment, text: Text) -> None:
    session.execute(delete(Band).where(Band.comment_id == comment.id), execution_options={"synchronize_session": False})
    if text.bands:
        rows = [
            {"comment_id": comment.id, "number": number, "site_id": comment.site_id, "value": value}
            for number, value in enumerate(text.bands)
        ]
        session.execute(insert(Band), rows)


def _decision(
    session: Session, comment: Comment, action: Action, old: Status, now: datetime, *, reason: str, reasons: list[Any]
) -> None:
    decision = Decision(
        id=new_id(),
        comment_id=comment.id,
        number=comment.version,
        action=action,
        from_status=old,
        to_status=comment.status,
        origin="writer",
        reason=reason,
        reasons=reasons,
        model_version=comment.model_version,
        spam_probability=comment.spam_probability,
        policy_number=comment.policy_number,
        created_at=now,
    )
    session.add(decision)
    session.flush()
    announce_decision(session, comment, decision)
