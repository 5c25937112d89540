"""Retention: what has been kept long enough goes, in short transactions, with all counts kept right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, inspect, or_, select, tuple_, update
from sqlalchemy.orm import Session

from moderation.clock import Clock
from moderation.counters import Tally, counted
from moderation.database import Base, Database
from moderation.people.logins import LIFETIME
from moderation.review.numbers import close_days
from moderation.tables import (
    AuthorAddress,
    Comment,
    EarlierText,
    IdempotencyKey,
    Job,
    JobState,
    KeyPurpose,
    Login,
    ReplyNotice,
    SiteKey,
    Status,
    WebhookDelivery,
)

BATCH = 500
Key = tuple[Any, ...]
_UNSYNCHRONISED = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Retention:
    """How many days things are kept."""

    spam_days: int = 90
    rejected_days: int = 365
    #: IP address, user agent and referrer of comments.
    address_days: int = 90
    #: Answers to repeated requests.
    idempotency_days: int = 2
    #: Finished jobs, and what webhooks were told.
    job_days: int = 30
    login_days: int = 30
    #: What a comment said before its writer changed it.
    earlier_text_days: int = 365
    #: Wishes to be told of replies: who hears nothing for so long expects nothing more.
    notice_days: int = 365
    #: Addresses that were asked to confirm themselves and did not answer.
    address_asked_days: int = 30
    #: Labelled spam is what training learns from; it goes with the rest only if this is set.
    labelled: bool = False


@dataclass(slots=True)
class PurgeReport:
    """How many rows went (``addresses``: how many comments lost theirs)."""

    spam: int = 0
    rejected: int = 0
    addresses: int = 0
    idempotency_keys: int = 0
    jobs: int = 0
    deliveries: int = 0
    logins: int = 0
    replay_keys: int = 0
    earlier_texts: int = 0
    notices: int = 0
    addresses_asked: int = 0


@dataclass(frozen=True, slots=True)
class _Step:
    """One kind of thing that grows old: what of it is due, and what is done to a batch of it."""

    name: str
    table: type[Base]
    due: ColumnElement[bool]
    act: Callable[[Session, type[Base], Sequence[Key]], None]

    @property
    def key(self) -> tuple[ColumnElement[Any], ...]:
        """The primary key's columns."""
        return inspect(self.table).primary_key


def purge(database: Database, retention: Retention, clock: Clock, *, dry_run: bool = False) -> PurgeReport:
    """Remove what is older than it may be; with ``dry_run``, only count it. Safe to repeat and to interrupt.

    Old spam and rejected comments are deleted with all that belongs to them. What people labelled stays, since without
    it the next model would know less than the last; but after ``address_days`` every comment that is not pending, with
    or without a label, loses its IP address, user agent and referrer: of one kind only, their absence would itself
    tell spam from ham. What waits for a moderator is never touched.
    """
    now = clock()
    report = PurgeReport()
    if not dry_run:
        # The numbers of a day outlive its comments, if they were counted before.
        close_days(database, clock)
    for step in _steps(retention, now):
        if dry_run:
            with database.reading() as session:
                done = session.scalar(select(func.count()).select_from(step.table).where(step.due)) or 0
        else:
            done = _run(database, step)
        setattr(report, step.name, done)
    return report


def _run(database: Database, step: _Step) -> int:
    done, last = 0, None
    while True:
        query = select(*step.key).where(step.due).order_by(*step.key).limit(BATCH).with_for_update()
        if last is not None:
            # What is behind us is done; without this, each batch would look through all of it again.
            query = query.where(tuple_(*step.key) > tuple_(*last))
        with database.writing() as session:
            keys: list[Key] = [tuple(row) for row in session.execute(query)]
            if keys:
                step.act(session, step.table, keys)
        done += len(keys)
        if len(keys) < BATCH:
            return done
        last = keys[-1]


def _steps(retention: Retention, now: datetime) -> list[_Step]:
    def before(days: int) -> datetime:
        return now - timedelta(days=days)

    spam = and_(Comment.status == Status.SPAM, Comment.received_at < before(retention.spam_days))
    rejected = and_(Comment.status == Status.REJECTED, Comment.received_at < before(retention.rejected_days))
    addresses = and_(
        Comment.status != Status.PENDING,
        Comment.received_at < before(retention.address_days),
        or_(Comment.ip != "", Comment.ip_network != "", Comment.user_agent != "", Comment.referrer != ""),
    )
    finished = Job.state.in_((JobState.SUCCEEDED, JobState.FAILED))
    over = or_(
        Login.ended_at < before(retention.login_days),
        # Nobody ends most logins: they end by themselves.
        and_(Login.ended_at.is_(None), Login.created_at < before(retention.login_days) - LIFETIME),
    )
    spam = spam if retention.labelled else and_(spam, Comment.label.is_(None))
    idle = IdempotencyKey.created_at < before(retention.idempotency_days)
    unanswered = and_(
        AuthorAddress.verified_at.is_(None),
        AuthorAddress.refused_at.is_(None),
        AuthorAddress.asked_at < before(retention.address_asked_days),
    )
    expired = and_(SiteKey.purpose == KeyPurpose.REPLAY, SiteKey.expires_at < now)
    return [
        _Step("spam", Comment, spam, _delete_comments),
        _Step("rejected", Comment, rejected, _delete_comments),
        _Step("addresses", Comment, addresses, _forget_addresses),
        _Step("idempotency_keys", IdempotencyKey, idle, _delete),
        _Step("jobs", Job, and_(finished, Job.finished_at < before(retention.job_days)), _delete),
        _Step("deliveries", WebhookDelivery, WebhookDelivery.settled_at < before(retention.job_days), _delete),
        _Step("logins", Login, over, _delete),
        _Step("replay_keys", SiteKey, expired, _delete),
        _Step("earlier_texts", EarlierText, EarlierText.replaced_at < before(retention.earlier_text_days), _delete),
        _Step("notices", ReplyNotice, ReplyNotice.created_at < before(retention.notice_days), _delete),
        _Step("addresses_asked", AuthorAddress, unanswered, _delete),
    ]


def _delete(session: Session, table: type[Base], keys: Sequence[Key]) -> None:
    session.execute(
        delete(table).where(tuple_(*inspect(table).primary_key).in_(keys)), execution_options=_UNSYNCHRONISED
    )


def _delete_comments(session: Session, table: type[Base], keys: Sequence[Key]) -> None:
    tally = Tally()
    for comment in counted(session, [key[0] for key in keys]):
        tally.move(comment.author, comment.thread_id, comment.status, None)
    _delete(session, table, keys)
    tally.write(session)


def _forget_addresses(session: Session, _table: type[Base], keys: Sequence[Key]) -> None:
    ids = [key[0] for key in keys]
    tally = Tally()
    for comment in counted(session, ids):
        # The site knows the author by e-mail address and link as before, and by the IP address no more.
        tally.forget(replace(comment.author, email="", url=""), comment.status)
    blanked = {"ip": "", "ip_network": "", "user_agent": "", "referrer": ""}
    session.execute(update(Comment).where(Comment.id.in_(ids)).values(blanked), execution_options=_UNSYNCHRONISED)
    tally.write(session)
