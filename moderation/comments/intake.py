"""Taking in one comment. ``submit`` is the whole way: check, look up, judge (reading), then one short write."""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
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
from moderation.comments.judge import Judgement, copied_from, copies_of, judge, knowledge_of, text_of
from moderation.comments.standing import standing_verdict
from moderation.comments.store import Draft, FoundThread, find_thread, store
from moderation.comments.submission import Submission, parse_submission
from moderation.counters import Author
from moderation.database import Database
from moderation.errors import ConflictError, FieldError, InvalidError, NotFoundError
from moderation.mail.addresses import is_proved
from moderation.people.sites import SiteSettings, origin_of, settings_of
from moderation.policy.audit import Chance, draw
from moderation.policy.first_status import Reason
from moderation.policy.rules import Rules
from moderation.policy.standing_rules import Facts
from moderation.tables import CAMPAIGN, Comment, Decision, IdempotencyKey, KeyPurpose, Status

MAX_IDEMPOTENCY_KEY = 255


@dataclass(frozen=True, slots=True)
class Way:
    """How a comment comes: with which key (``None``: from a visitor), and what that adds to judging and storing it."""

    purpose: KeyPurpose | None
    origin: str = "intake"
    #: Reasons of the way's own, beside the judge's and the rules'.
    reasons: tuple[Reason, ...] = ()
    #: The site vouches for the author, whatever its rules say of roles.
    trusted: bool = False
    #: To be kept beside what the rules looked at.
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def by_server(self) -> bool:
        """Whether the site's server sends it, and is believed."""
        return self.purpose is not None


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
    # Found first, since whoever loads a new model is not to keep the others waiting.
    scorer = find_scorer()
    with database.turn():
        now = clock()
        try:
            return _take_in(database, scorer, site_id, fields, caller, now, chance)
        except ConflictError:
            if caller.idempotency_key is None:
                raise
            # Of two equal requests at once the second meets the first one's comment, but wants its answer: by now it
            # is there to be found.
            return _take_in(database, scorer, site_id, fields, caller, now, chance)


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
    return accepted(prepared, job_id)


def accepted(draft: Draft, job_id: uuid.UUID | None = None) -> Accepted:
    """Return what is told of a comment that was taken in."""
    judgement = draft.judgement
    return Accepted(
        id=draft.id,
        status=draft.status,
        spam_probability=judgement.spam_probability,
        reasons=tuple(reason.as_json() for reason in draft.reasons),
        model=judgement.model_version,
        created_at=draft.created_at,
        by_server=draft.by_server,
        job_id=job_id,
        edit_until=draft.edit_until,
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
    site = settings_of(session, site_id)
    way = Way(identify(session, site, caller, now))
    by_server, history = way.by_server, way.purpose is KeyPurpose.REPLAY
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
    thread = find_thread(session, site.id, submission.thread)
    _check_thread(session, submission, thread, site.rules, now)
    traps.refuse_duplicate(session, thread.id if thread else None, traps.digest_of(submission))
    limit = None if history else site.rules.comments_per_minute
    traps.refuse_flood(session, site.id, network_of(submission.ip if by_server else caller.ip), limit, now)
    draft = judged(session, scorer, site, submission, caller, way, now, chance)
    return replace(draft, thread=thread, idempotency=idempotency, flood_limit=limit)


def judged(
    session: Session,
    scorer: Scorer | None,
    site: SiteSettings,
    submission: Submission,
    caller: Caller,
    way: Way,
    now: datetime,
    chance: Chance,
) -> Draft:
    """Judge a comment that nothing speaks against taking in, and return all that is to be stored of it."""
    by_server, rules = way.by_server, site.rules
    ip = submission.ip if by_server else caller.ip
    network = network_of(ip)
    text = text_of(submission.body)
    copies = copies_of(session, site.id, text, now)
    author = Author(site.id, submission.author_email, network, submission.author_url)
    verified = _is_verified(session, author, submission, caller, by_server=by_server)
    knowledge = knowledge_of(session, author, text, now, copies=copies)
    copied = copied_from(session, copies, author, submission.body)
    judgement = _judge(scorer, site, submission, caller, knowledge, copied, now, way, verified=verified)
    # A site's own people are not part of a campaign, whatever they quote; nor is history of today's.
    vouched = way.trusted or (by_server and submission.author_role in rules.trusted_roles)
    history = way.purpose is KeyPurpose.REPLAY
    verdict = None if history or vouched else standing_verdict(session, site.id, text, now)
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
        digest=traps.digest_of(submission),
        text=text,
        judgement=judgement,
        campaign_id=copies.campaign_id,
        verdict=verdict,
        # What a person decided is not the judge's to be audited, nor what was only recorded.
        audit_share=None if verdict or rules.log_only else draw(judgement.status, rules, chance),
        idempotency=None,
        flood_limit=None,
        by_server=by_server,
        has_webhooks=site.has_webhooks,
        origin=way.origin,
        facts={
            **_facts_to_keep(caller, verified=verified),
            **way.facts,
            **({"copied": judgement.copied} if judgement.copied else {}),
        },
        edit_until=_edit_until(now, rules),
        notify=submission.notify and bool(submission.author_email),
    )


def thread_is_closed(session: Session, site_id: uuid.UUID, key: str, rules: Rules, now: datetime) -> bool:
    """Tell whether a thread takes no more comments."""
    return _is_closed(find_thread(session, site_id, key), rules, now)


def _is_closed(thread: FoundThread | None, rules: Rules, now: datetime) -> bool:
    if thread is None:
        return False
    age = (now - thread.created_at).days
    return (thread.closed_at is not None and thread.closed_at <= now) or (
        rules.close_after_days is not None and age >= rules.close_after_days
    )


def _check_thread(
    session: Session, submission: Submission, thread: FoundThread | None, rules: Rules, now: datetime
) -> None:
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
    scorer: Scorer | None,
    site: SiteSettings,
    submission: Submission,
    caller: Caller,
    knowledge: Mapping[str, float],
    copied: tuple[tuple[int, int], ...],
    now: datetime,
    way: Way,
    *,
    verified: bool,
) -> Judgement:
    sample = Sample(
        body=submission.body,
        author_name=submission.author_name,
        author_email=submission.author_email,
        author_url=submission.author_url,
        ip=submission.ip if way.by_server else caller.ip,
        user_agent=submission.user_agent if way.by_server else caller.user_agent,
        thread=submission.thread,
        site=str(site.id),
        created_at=submission.created_at or now,
        knowledge=knowledge,
        copied=copied,
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
        address_verified=verified,
    )
    trusted = way.trusted or (way.by_server and submission.author_role in site.rules.trusted_roles)
    hold_spam = site.held_since is not None
    return judge(scorer, sample, facts, site.rules, trusted=trusted, hold_spam=hold_spam, more=way.reasons)


def _facts_to_keep(caller: Caller, *, verified: bool) -> dict[str, Any]:
    facts = {"honeypot": bool(caller.honeypot), "form_seconds": caller.form_seconds}
    return facts | ({"verified": True} if verified else {})


def _is_verified(session: Session, author: Author, submission: Submission, caller: Caller, *, by_server: bool) -> bool:
    """Whether nobody else can write under this address."""
    # Who has a role at the site is signed in there, so that the address is theirs.
    if by_server and submission.author_role and submission.author_email:
        return True
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
    at_intake = (Decision.number == 1) | (Decision.origin == CAMPAIGN)
    query = select(Decision).where(Decision.comment_id == comment.id, at_intake).order_by(Decision.number)
    first, *later = session.scalars(query)
    return Accepted(
        id=comment.id,
        status=later[0].to_status if later else first.to_status,
        spam_probability=first.spam_probability,
        reasons=(*first.reasons, *(later[0].reasons if later else [])),
        model=first.model_version,
        created_at=comment.created_at,
        by_server=by_server,
        edit_until=_edit_until(comment.received_at, settings_of(session, site_id).rules),
    )


def _edit_until(received_at: datetime, rules: Rules) -> datetime | None:
    return editable_until(received_at, rules) if rules.edit_minutes else None
