"""Taking in one comment. ``submit`` is the whole way: check, look up, judge (reading), then one short write."""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from model.sample import Sample
from model.scoring import Scorer
from moderation.clock import Clock, new_id
from moderation.comments import traps
from moderation.comments.caller import Caller, identify, network_of
from moderation.comments.editing import editable_until
from moderation.comments.judge import Judgement, Text, judge, knowledge_of, text_of
from moderation.comments.store import Draft, store
from moderation.comments.submission import Submission, parse_submission
from moderation.counters import Author
from moderation.database import Database
from moderation.errors import ConflictError, FieldError, InvalidError, NotFoundError
from moderation.mail.addresses import is_proved
from moderation.people.sites import get_site, origin_of
from moderation.policy.audit import Chance, draw
from moderation.policy.rules import Rules, current_rules
from moderation.policy.standing_rules import Facts
from moderation.tables import Comment, Decision, IdempotencyKey, KeyPurpose, Site, Status, Thread

MAX_IDEMPOTENCY_KEY = 255


@dataclass(frozen=True, slots=True)
class Accepted:
    """A comment that was taken in, as it was first decided. ``by_server`` tells who may see how it was judged."""

    id: uuid.UUID
    status: Status
    spam_probability: float | None
    reasons: tuple[Mapping[str, Any], ...]
    model: str | None
    created_at: datetime
    by_server: bool
    job_id: uuid.UUID | None = None
    #: Until when its writer may change it; ``None``: never.
    edit_until: datetime | None = None


def submit(
    database: Database,
    find_scorer: Callable[[], Scorer | None],
    clock: Clock,
    site_id: uuid.UUID,
    fields: Mapping[str, Any],
    caller: Caller,
    *,
    chance: Chance = random.random,
) -> Accepted:
    """Take in a comment. Raises the refusals of ``moderation.errors``; what is not refused is on disk at return."""
    now = clock()
    try:
        return _take_in(database, find_scorer(), site_id, fields, caller, now, chance)
    except ConflictError:
        if caller.idempotency_key is None:
            raise
        # Of two equal requests at once the second meets the first one's comment, but wants its answer: by now it is
        # there to be found.
        return _take_in(database, find_scorer(), site_id, fields, caller, now, chance)


def _take_in(
    database: Database,
    scorer: Scorer | None,
    site_id: uuid.UUID,
    fields: Mapping[str, Any],
    caller: Caller,
    now: datetime,
    chance: Chance,
) -> Accepted:
    with database.reading() as session:
        prepared = _prepare(session, scorer, site_id, fields, caller, now, chance)
    if isinstance(prepared, Accepted):
        return prepared
    with database.writing() as session:
        job_id = store(session, prepared, now)
    judgement = prepared.judgement
    return Accepted(
        id=prepared.id,
        status=judgement.status,
        spam_probability=judgement.spam_probability,
        reasons=tuple(reason.as_json() for reason in judgement.reasons),
        model=judgement.model_version,
        created_at=prepared.created_at,
        by_server=prepared.by_server,
        job_id=job_id,
        edit_until=prepared.edit_until,
    )


def _prepare(
    session: Session,
    scorer: Scorer | None,
    site_id: uuid.UUID,
    fields: Mapping[str, Any],
    caller: Caller,
    now: datetime,
    chance: Chance,
) -> Draft | Accepted:
    site = get_site(session, site_id)
    purpose = identify(session, site, caller, now)
    by_server = purpose is not None
    history = purpose is KeyPurpose.REPLAY
    submission = parse_submission(
        fields,
        by_server=by_server,
        # An old history may lack what the site asks of today's visitors.
        name_required=site.name_required and not history,
        email_required=site.email_required and not history,
        now=now,
    )
    idempotency = _idempotency(caller, submission, by_server=by_server)
    if answered := _earlier_answer(session, site.id, idempotency, by_server=by_server):
        return answered
    rules = current_rules(session, site)
    ip = submission.ip if by_server else caller.ip
    thread = session.scalar(select(Thread).where(Thread.site_id == site.id, Thread.key == submission.thread))
    _check_thread(session, submission, thread, rules, now)
    digest = traps.digest_of(submission)
    traps.refuse_duplicate(session, thread, digest)
    network = network_of(ip)
    limit = None if history else rules.comments_per_minute
    traps.refuse_flood(session, site.id, network, limit, now)
    text = text_of(submission.body)
    author = Author(site.id, submission.author_email, network, submission.author_url)
    judgement = _judge(session, scorer, site, submission, caller, rules, network, text, now, by_server=by_server)
    return Draft(
        id=new_id(),
        site_id=site.id,
        policy_number=site.policy_number,
        submission=submission,
        # A visitor could name any page, and any title for it: only the site's own pages and its server are believed.
        thread_url=submission.thread_url if origin_of(submission.thread_url) in site.origins else None,
        thread_title=(submission.thread_title or None) if by_server else None,
        ip=ip,
        ip_network=network,
        user_agent=submission.user_agent if by_server else caller.user_agent[:2000],
        referrer=submission.referrer if by_server else caller.referrer[:2048],
        created_at=submission.created_at or now,
        digest=digest,
        text=text,
        judgement=judgement,
        audit_share=draw(judgement.status, rules, chance),
        idempotency=idempotency,
        flood_limit=limit,
        by_server=by_server,
        edit_until=_edit_until(now, rules),
        facts=_facts_to_keep(session, author, caller),
        notify=submission.notify and bool(submission.author_email),
    )


def thread_is_closed(session: Session, site_id: uuid.UUID, key: str, rules: Rules, now: datetime) -> bool:
    """Tell whether a thread takes no more comments."""
    return _is_closed(session.scalar(select(Thread).where(Thread.site_id == site_id, Thread.key == key)), rules, now)


def _is_closed(thread: Thread | None, rules: Rules, now: datetime) -> bool:
    if thread is None:
        return False
    age = (now - thread.created_at).days
    return (thread.closed_at is not None and thread.closed_at <= now) or (
        rules.close_after_days is not None and age >= rules.close_after_days
    )


def _check_thread(session: Session, submission: Submission, thread: Thread | None, rules: Rules, now: datetime) -> None:
    if _is_closed(thread, rules, now):
        message = "This thread takes no more comments."
        raise ConflictError(message, code="thread_closed")
    if submission.parent_id is None:
        return
    parent = session.get(Comment, submission.parent_id)
    if parent is None or thread is None or parent.thread_id != thread.id or parent.status is not Status.PUBLISHED:
        message = "There is no published comment with the id parent_id in this thread."
        raise NotFoundError(message, code="parent_not_found")


def _judge(
    session: Session,
    scorer: Scorer | None,
    site: Site,
    submission: Submission,
    caller: Caller,
    rules: Rules,
    network: str,
    text: Text,
    now: datetime,
    *,
    by_server: bool,
) -> Judgement:
    author = Author(site.id, submission.author_email, network, submission.author_url)
    knowledge = knowledge_of(session, author, text, now)
    sample = Sample(
        body=submission.body,
        author_name=submission.author_name,
        author_email=submission.author_email,
        author_url=submission.author_url,
        ip=submission.ip if by_server else caller.ip,
        user_agent=submission.user_agent if by_server else caller.user_agent,
        thread=submission.thread,
        site=str(site.id),
        created_at=submission.created_at or now,
        knowledge=knowledge,
    )
    facts = Facts(
        author_name=submission.author_name,
        author_email=submission.author_email,
        author_url=submission.author_url,
        body=submission.body,
        author_published=int(knowledge.get("author_published", 0)),
        honeypot_filled=bool(caller.honeypot),
        form_seconds=caller.form_seconds,
        author_spam=int(knowledge.get("author_spam", 0)),
        address_verified=_is_verified(session, author, caller),
    )
    trusted = by_server and submission.author_role in rules.trusted_roles
    return judge(scorer, sample, facts, rules, trusted=trusted, hold_spam=site.held_since is not None)


def _facts_to_keep(session: Session, author: Author, caller: Caller) -> dict[str, Any]:
    facts = {"honeypot": bool(caller.honeypot), "form_seconds": caller.form_seconds}
    return facts | ({"verified": True} if _is_verified(session, author, caller) else {})


def _is_verified(session: Session, author: Author, caller: Caller) -> bool:
    # The proof is for one address; whoever holds it may not write under another's.
    return caller.proved_address is not None and is_proved(session, author, caller.proved_address)


def _idempotency(caller: Caller, submission: Submission, *, by_server: bool) -> tuple[str, str] | None:
    if caller.idempotency_key is None:
        return None
    key = caller.idempotency_key
    if not 0 < len(key) <= MAX_IDEMPOTENCY_KEY or not key.isprintable():
        message = f"An Idempotency-Key has 1 to {MAX_IDEMPOTENCY_KEY} printable characters."
        raise InvalidError([FieldError("Idempotency-Key", "bad_key", message)])
    # A visitor must never meet the answer to a server's request, so the two have key rooms of their own.
    room = "server" if by_server else f"visitor\0{caller.ip}"
    content = json.dumps(submission.model_dump(mode="json"), sort_keys=True)
    return _digest(f"{room}\0{key}"), _digest(content)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _earlier_answer(
    session: Session, site_id: uuid.UUID, idempotency: tuple[str, str] | None, *, by_server: bool
) -> Accepted | None:
    if idempotency is None:
        return None
    key, content = idempotency
    row = session.get(IdempotencyKey, (site_id, key))
    if row is None:
        return None
    if row.content != content:
        message = "This Idempotency-Key was used for another comment."
        raise InvalidError([FieldError("Idempotency-Key", "idempotency_mismatch", message)], message)
    comment = session.get_one(Comment, row.comment_id)
    first = session.scalars(select(Decision).where(Decision.comment_id == comment.id, Decision.number == 1)).one()
    return Accepted(
        id=comment.id,
        status=first.to_status,
        spam_probability=first.spam_probability,
        reasons=tuple(first.reasons),
        model=first.model_version,
        created_at=comment.created_at,
        by_server=by_server,
        edit_until=_edit_until(comment.received_at, current_rules(session, get_site(session, site_id))),
    )


def _edit_until(received_at: datetime, rules: Rules) -> datetime | None:
    return editable_until(received_at, rules) if rules.edit_minutes else None
