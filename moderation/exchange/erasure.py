"""Forgetting a person, by their e-mail address."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, func, select, text, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.orm import Session

from moderation.clock import Clock, new_id
from moderation.counters import Tally, counted
from moderation.database import Database
from moderation.errors import FieldError, InvalidError
from moderation.exchange.writers import forget_addresses
from moderation.tables import (
    Action,
    Band,
    Comment,
    Decision,
    EarlierText,
    IdempotencyKey,
    Note,
    Person,
    ReplyNotice,
    WebhookDelivery,
)

BATCH = 200
#: What stands where a comment had replies: without it they would answer nobody.
PLACEHOLDER = "[removed at the author's request]"
_TEXTS = ("author_name", "author_email", "author_url", "author_role", "ip", "ip_network", "user_agent", "referrer")
_UNSYNCHRONISED = {"synchronize_session": False}


@dataclass(slots=True)
class ErasureReport:
    """What was forgotten."""

    comments: int = 0
    #: Comments that had replies: their place is kept, all they held is gone.
    placeholders: int = 0
    labels: int = 0
    decisions: int = 0
    #: Sites at which the address had been asked, proved or refused.
    addresses: int = 0
    sites: set[uuid.UUID] = field(default_factory=set)
    #: The address is also that of somebody who signs in here, whose account is not touched.
    has_account: bool = False


def count_comments(session: Session, email: str, site_id: uuid.UUID | None = None) -> int:
    """Return how many comments ``erase`` would forget. Raises ``InvalidError`` for what is no address, nor stored."""
    count = 0
    spellings = _spellings(session, email)
    if not spellings:
        # A slip of the keyboard must not read as if a person had been forgotten.
        _require_address(email)
    for spelling in spellings:
        query = select(func.count()).select_from(Comment).where(Comment.author_email == spelling)
        if site_id is not None:
            query = query.where(Comment.site_id == site_id)
        count += session.scalar(query) or 0
    return count


def erase(database: Database, email: str, clock: Clock, site_id: uuid.UUID | None = None) -> ErasureReport:
    """Forget the author with this address, however it is spelt, at one site or at all. Safe to repeat.

    A comment without replies goes with its decisions. One with replies leaves an empty place, with a single decision
    that says so: older ones name what was written, and labels that history still tells would come back.
    What others wrote of the person, and what they tell in reasons of other comments' decisions, is not found here.
    """
    report = ErasureReport()
    with database.reading() as session:
        spellings = _spellings(session, email)
        addresses = select(func.count()).select_from(Person).where(Person.email.in_(_forms(email)))
        report.has_account = bool(session.scalar(addresses))
    _forget_addresses(database, {*spellings, *_forms(email)}, site_id, report)
    done = not spellings
    while not done:
        with database.writing() as session:
            _overwrite(database, session)
            done = _erase_some(session, spellings, site_id, clock(), report)
    if database.is_sqlite and (report.comments or report.addresses):
        _empty_log(database)
    return report


def _forget_addresses(
    database: Database, spellings: Collection[str], site_id: uuid.UUID | None, report: ErasureReport
) -> None:
    with database.writing() as session:
        _overwrite(database, session)
        report.addresses = forget_addresses(session, spellings, site_id)


def _overwrite(database: Database, session: Session) -> None:
    if database.is_sqlite:
        # Without it, what is deleted stays readable in the file until its space is used again.
        session.execute(text("PRAGMA secure_delete = ON"))


def _forms(email: str) -> set[str]:
    typed = email.strip()
    forms = {_fold(typed)}
    try:
        normalised = validate_email(typed, check_deliverability=False)
    except EmailNotValidError:
        return forms
    return forms | {_fold(normalised.normalized), *map(_fold, filter(None, [normalised.ascii_email]))}


def _require_address(email: str) -> None:
    try:
        validate_email(email.strip(), check_deliverability=False)
    except EmailNotValidError as error:
        message = f"{email!r} is no e-mail address."
        raise InvalidError([FieldError("email", "invalid_email", str(error))], message) from error


def _fold(email: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", email).casefold())


def _spellings(session: Session, email: str) -> list[str]:
    """Return the spellings under which the address is stored.

    Compared here and not in the database: SQLite's ``lower`` knows only ASCII.
    """
    forms = _forms(email)
    stored = select(Comment.author_email).distinct().execution_options(yield_per=1000)
    return sorted(address for address in session.scalars(stored) if address and _fold(address) in forms)


def _erase_some(
    session: Session, spellings: Sequence[str], site_id: uuid.UUID | None, now: datetime, report: ErasureReport
) -> bool:
    """Forget the newest of the comments. Returns whether they were the last."""
    query = (
        select(Comment.id, Comment.label)
        .where(Comment.author_email.in_(spellings))
        # Replies before what they reply to, so that a talk with oneself goes as a whole.
        .order_by(Comment.id.desc())
        .limit(BATCH)
        .with_for_update()
    )
    if site_id is not None:
        query = query.where(Comment.site_id == site_id)
    labels = dict(session.execute(query).all())
    kept = _with_replies(session, list(labels))
    tally = Tally()
    for comment in counted(session, labels):
        report.sites.add(comment.author.site_id)
        if comment.id in kept:
            tally.forget(comment.author, comment.status)
        else:
            tally.move(comment.author, comment.thread_id, comment.status, None)
    report.decisions += _delete_histories(session, labels)
    session.execute(delete(Comment).where(Comment.id.in_(labels.keys() - kept)), execution_options=_UNSYNCHRONISED)
    for comment_id in kept:
        _blank(session, comment_id, now)
    tally.write(session)
    report.comments += len(labels)
    report.placeholders += len(kept)
    report.labels += sum(label is not None for label in labels.values())
    return len(labels) < BATCH


def _with_replies(session: Session, ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Return those that will still have replies when the others are gone. ``ids``: replies first."""
    replies: dict[uuid.UUID, set[uuid.UUID]] = {}
    query = select(Comment.parent_id, Comment.id).where(Comment.parent_id.in_(ids))
    for parent_id, reply_id in session.execute(query):
        if parent_id is not None:
            replies.setdefault(parent_id, set()).add(reply_id)
    gone: set[uuid.UUID] = set()
    for comment_id in ids:
        if replies.get(comment_id, set()) <= gone:
            gone.add(comment_id)
    return set(ids) - gone


def _delete_histories(session: Session, ids: Collection[uuid.UUID]) -> int:
    """Delete all that hangs on the comments. Returns the number of decisions."""
    for table in (Band, IdempotencyKey, EarlierText, ReplyNotice, Note, WebhookDelivery):
        session.execute(delete(table).where(table.comment_id.in_(ids)), execution_options=_UNSYNCHRONISED)
    gone = delete(Decision).where(Decision.comment_id.in_(ids)).returning(Decision.id)
    return len(session.scalars(gone, execution_options=_UNSYNCHRONISED).all())


def _blank(session: Session, comment_id: uuid.UUID, now: datetime) -> None:
    """Empty a comment in its place, and write the one decision that is left to tell of it."""
    status = session.scalars(
        update(Comment)
        .where(Comment.id == comment_id)
        .values(
            **dict.fromkeys(_TEXTS, ""),
            body=PLACEHOLDER,
            # A digest of what was written could be compared with a guess of it.
            digest=f"erased-{comment_id}",
            signature=None,
            campaign_id=None,
            reasons=[],
            knowledge={},
            facts={},
            version=1,
            label=None,
            labelled_at=None,
            labelled_by=None,
            # Nobody can say of an empty comment whether it was spam.
            audit_share=None,
            audited_at=None,
            audit_repeats=None,
            erased_at=now,
        )
        .returning(Comment.status),
        execution_options=_UNSYNCHRONISED,
    ).one()
    note = plain_insert(Decision).values(
        id=new_id(),
        comment_id=comment_id,
        number=1,
        # As if the judge had put it there: a person's verdict would teach, and could be taken back.
        action=Action.JUDGE,
        to_status=status,
        origin="erasure",
        reason="",
        reasons=[],
        created_at=now,
    )
    session.execute(note)


def _empty_log(database: Database) -> None:
    """Have SQLite's write-ahead log, which still holds the old pages, written back and cut to nothing."""
    with database.writing() as session:
        # The full-text index only marks words as gone; merged into one, it is written anew without them.
        session.execute(text("INSERT INTO search_text (search_text) VALUES ('optimize')"))
    connection = database.engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
