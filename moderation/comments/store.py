"""Writing one comment with all that belongs to it, in one short transaction."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Boolean, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session

from moderation.clock import new_id
from moderation.comments import traps
from moderation.comments.judge import Judgement, Text
from moderation.comments.standing import Verdict
from moderation.comments.submission import Submission
from moderation.counters import Author, Tally
from moderation.database import Upsert, lock, run
from moderation.errors import ConflictError
from moderation.mail.notices import announce_publication
from moderation.outbox import Kind, enqueue
from moderation.policy.first_status import Reason
from moderation.tables import CAMPAIGN, Action, Band, Comment, Decision, IdempotencyKey, ReplyNotice, Status, Thread
from moderation.webhooks.announce import Change, announce

# Made once: making a statement costs more than running it.
_FIND_THREAD = select(Thread.id, Thread.url, Thread.title, Thread.created_at, Thread.closed_at).where(
    Thread.site_id == bindparam("site_id"), Thread.key == bindparam("key")
)
_NAME_THREAD = (
    update(Thread)
    .where(Thread.id == bindparam("thread"), or_(Thread.url.is_(None), bindparam("by_server", type_=Boolean)))
    .values(
        url=func.coalesce(bindparam("new_url", type_=Thread.url.type), Thread.url),
        title=func.coalesce(bindparam("new_title", type_=Thread.title.type), Thread.title),
    )
)
ADD_THREAD = Upsert(
    lambda insert: insert(Thread).on_conflict_do_nothing(index_elements=["site_id", "key"]).returning(Thread.id)
)
ADD_COMMENT = Upsert(
    lambda insert: insert(Comment).on_conflict_do_nothing(index_elements=["thread_id", "digest"]).returning(Comment.id)
)
_REMEMBER = Upsert(
    lambda insert: (
        insert(IdempotencyKey).on_conflict_do_nothing(index_elements=["site_id", "key"]).returning(IdempotencyKey.key)
    )
)
_ADD_DECISION, _ADD_BANDS = insert(Decision), insert(Band)


class FoundThread(NamedTuple):
    """A thread as it is named by now, and when it takes comments."""

    id: uuid.UUID
    url: str | None
    title: str | None
    created_at: datetime
    closed_at: datetime | None


def find_thread(session: Session, site_id: uuid.UUID, key: str) -> FoundThread | None:
    """Return the site's thread of that name, if it has a comment yet."""
    row = run(session, _FIND_THREAD, {"site_id": site_id, "key": key}).one_or_none()
    return None if row is None else FoundThread(*row)


@dataclass(frozen=True, slots=True)
class Moderator:
    """Who wrote a comment at the desk, and the batch of decisions that it came with."""

    person_id: uuid.UUID
    batch_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked and judged comment, ready to be written."""

    id: uuid.UUID
    site_id: uuid.UUID
    policy_number: int
    submission: Submission
    thread_url: str | None
    thread_title: str | None
    ip: str
    ip_network: str
    user_agent: str
    referrer: str
    created_at: datetime
    digest: str
    text: Text
    judgement: Judgement
    #: The chance with which the decision was drawn for a blind audit, if it was.
    audit_share: float | None
    #: Digests of the Idempotency-Key and of the content.
    idempotency: tuple[str, str] | None
    #: Comments a minute from this address; ``None``: no limit.
    flood_limit: int | None
    by_server: bool
    #: Whether the site has webhooks that may want to know.
    has_webhooks: bool = False
    #: Where it came from, as its first decision tells.
    origin: str = "intake"
    #: What the rules looked at and no column holds; needed when a comment is judged later.
    facts: dict[str, Any] = field(default_factory=dict)
    #: Whether the writer wants to be told of replies.
    notify: bool = False
    #: Until when the writer may change it.
    edit_until: datetime | None = None
    #: The first of the near-identical comments that came before.
    campaign_id: uuid.UUID | None = None
    #: What a moderator said of the campaign, newcomers included.
    verdict: Verdict | None = None
    #: A moderator wrote it: there is nothing to judge.
    moderator: Moderator | None = None
    #: Its thread, if that was there before.
    thread: FoundThread | None = None

    @property
    def status(self) -> Status:
        """Where the comment stands once it is written."""
        return self.verdict.status if self.verdict else self.judgement.status

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why it stands there: all that the judge said, and the verdict on its campaign."""
        return (*self.judgement.reasons, self.verdict.why) if self.verdict else self.judgement.reasons

    @property
    def believed_url(self) -> str | None:
        """The page's address: the site's server knows it, a visitor is believed where the comment is, too."""
        return self.thread_url if self.by_server or self.status is Status.PUBLISHED else None


def store(session: Session, draft: Draft, now: datetime) -> uuid.UUID | None:
    """Write the comment, its first decision and its counts. Returns the re-judging job's id, if it needs one.

    Raises ``ConflictError`` for a duplicate and ``TooManyError`` for a flood that others' writes have completed since.
    """
    if draft.flood_limit is not None and draft.ip_network:
        lock(session, ("flood", str(draft.site_id), draft.ip_network))
        traps.refuse_flood(session, draft.site_id, draft.ip_network, draft.flood_limit, now)
    thread = draft.thread or _thread(session, draft, now)
    _comment(session, draft, thread.id, now)
    _first_decision(session, draft, now)
    if draft.verdict is not None:
        _campaign_decision(session, draft, draft.verdict, now)
    if draft.text.bands:
        run(
            session,
            _ADD_BANDS,
            [
                {"comment_id": draft.id, "number": number, "site_id": draft.site_id, "value": value}
                for number, value in enumerate(draft.text.bands)
            ],
        )
    if draft.idempotency is not None:
        _remember(session, draft, draft.idempotency, now)
    author = Author(draft.site_id, draft.submission.author_email, draft.ip_network, draft.submission.author_url)
    tally = Tally()
    tally.move(author, thread.id, None, draft.status)
    if draft.verdict is None and draft.moderator is None:
        tally.came(draft.site_id, draft.judgement.status)
    tally.write(session)
    # Only now, since the counts lock threads last.
    _name(session, draft, thread)
    if draft.has_webhooks:
        number = 2 if draft.verdict else 1
        change = Change(draft.site_id, draft.id, number, draft.status, draft.origin, draft.facts)
        announce(session, change, now)
    if draft.notify:
        session.add(ReplyNotice(comment_id=draft.id, created_at=now))
        session.flush()
    # Most comments concern nobody's mail, and are not to cost a question.
    if draft.status is Status.PUBLISHED and (draft.notify or draft.submission.parent_id is not None):
        announce_publication(session, author, draft.id, draft.submission.parent_id, now)
    if draft.judgement.model_version is None and draft.moderator is None:
        return enqueue(session, Kind.REJUDGE, {"comment_id": str(draft.id)}, now)
    return None


def _thread(session: Session, draft: Draft, now: datetime) -> FoundThread:
    site_id, key = draft.site_id, draft.submission.thread
    found = find_thread(session, site_id, key)
    while found is None:
        url, title = draft.believed_url, draft.thread_title
        made = new_id()
        row = {
            "id": made,
            "site_id": site_id,
            "key": key,
            "url": url,
            "title": title,
            "published": 0,
            "created_at": now,
        }
        if run(session, ADD_THREAD, row).scalar() is not None:
            return FoundThread(made, url, title, now, None)
        # Nothing comes back where another request has just made the thread.
        found = find_thread(session, site_id, key)
    return found


def _name(session: Session, draft: Draft, thread: FoundThread) -> None:
    """Set the thread's address and title right; what a visitor says only fills a gap."""
    url, title = draft.believed_url or thread.url, draft.thread_title or thread.title
    if (url, title) == (thread.url, thread.title) or not (draft.by_server or thread.url is None):
        return
    names = {"thread": thread.id, "by_server": draft.by_server, "new_url": url, "new_title": title}
    run(session, _NAME_THREAD, names)


def _comment(session: Session, draft: Draft, thread_id: uuid.UUID, now: datetime) -> None:
    submission, judgement, verdict = draft.submission, draft.judgement, draft.verdict
    stored = run(
        session,
        ADD_COMMENT,
        {
            "id": draft.id,
            "site_id": draft.site_id,
            "thread_id": thread_id,
            "parent_id": submission.parent_id,
            "author_name": submission.author_name,
            "author_email": submission.author_email,
            "author_url": submission.author_url,
            "author_role": submission.author_role,
            "body": submission.body,
            "ip": draft.ip,
            "ip_network": draft.ip_network,
            "user_agent": draft.user_agent,
            "referrer": draft.referrer,
            "created_at": draft.created_at,
            "received_at": now,
            "digest": draft.digest,
            "signature": draft.text.signature,
            "campaign_id": draft.campaign_id,
            "status": draft.status,
            "version": 2 if verdict else 1,
            "policy_number": draft.policy_number,
            "reasons": [reason.as_json() for reason in draft.reasons],
            "knowledge": dict(judgement.knowledge),
            # To be believed once somebody publishes it.
            "facts": draft.facts
            | ({"thread_url": draft.thread_url} if draft.thread_url and not draft.believed_url else {}),
            "model_version": judgement.model_version,
            "spam_probability": judgement.spam_probability,
            "uncertainty": judgement.uncertainty,
            "audit_share": draft.audit_share,
            "label": verdict.label if verdict else None,
            "labelled_at": now if verdict and verdict.label else None,
            "labelled_by": verdict.person_id if verdict and verdict.label else None,
        },
    ).scalar()
    if stored is None:
        raise traps.duplicate()


def _first_decision(session: Session, draft: Draft, now: datetime) -> None:
    judgement, moderator = draft.judgement, draft.moderator
    run(
        session,
        _ADD_DECISION,
        {
            "id": new_id(),
            "comment_id": draft.id,
            "number": 1,
            # A moderator's own words are no verdict and teach nothing.
            "action": Action.JUDGE,
            "to_status": judgement.status,
            "person_id": moderator.person_id if moderator else None,
            "batch_id": moderator.batch_id if moderator else None,
            "origin": draft.origin,
            "reason": "",
            "reasons": [reason.as_json() for reason in judgement.reasons],
            "model_version": judgement.model_version,
            "spam_probability": judgement.spam_probability,
            "policy_number": draft.policy_number,
            "created_at": now,
        },
    )


def _campaign_decision(session: Session, draft: Draft, verdict: Verdict, now: datetime) -> None:
    """Write the moderator's decision as one of their batch, so that taking the batch back takes this back, too."""
    judgement = draft.judgement
    run(
        session,
        _ADD_DECISION,
        {
            "id": new_id(),
            "comment_id": draft.id,
            "number": 2,
            "action": verdict.action,
            "from_status": judgement.status,
            "to_status": verdict.status,
            "label": verdict.label,
            "person_id": verdict.person_id,
            "origin": CAMPAIGN,
            "reason": verdict.reason,
            "reasons": [verdict.why.as_json()],
            "batch_id": verdict.batch_id,
            "model_version": judgement.model_version,
            "spam_probability": judgement.spam_probability,
            "policy_number": draft.policy_number,
            "created_at": now,
        },
    )


def _remember(session: Session, draft: Draft, idempotency: tuple[str, str], now: datetime) -> None:
    key, content = idempotency
    row = {"site_id": draft.site_id, "key": key, "content": content, "comment_id": draft.id, "created_at": now}
    stored = run(session, _REMEMBER, row).scalar()
    if stored is None:
        message = "A request with this Idempotency-Key is being answered."
        raise ConflictError(message, code="idempotency_race")
