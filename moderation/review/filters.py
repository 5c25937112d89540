"""What part of the queue is asked for, as conditions on comments."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, String, and_, cast, exists, func, literal_column, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from moderation.people.access import Actor
from moderation.review.search import Question, in_text, read_question
from moderation.tables import Comment, Site, Skip, Status

Value = TypeVar("Value")

#: Scripts by the ranges of their letters. What is written in none of these is taken for Latin.
SCRIPTS = {
    "arabic": "\u0600-\u06ff",
    "chinese": "\u3400-\u9fff",
    "cyrillic": "\u0400-\u052f",
    "devanagari": "\u0900-\u097f",
    "greek": "\u0370-\u03ff",
    "hebrew": "\u0590-\u05ff",
    "japanese": "\u3040-\u30ff",
    "korean": "\uac00-\ud7af",
    "thai": "\u0e00-\u0e7f",
}
LATIN = "latin"


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the queue is asked for; empty: all. ``collapsed``: of a campaign only its first comment."""

    status: Status = Status.PENDING
    site_id: uuid.UUID | None = None
    search: str = ""
    #: A name, or an e-mail address, whole or from the beginning of a word.
    author: str = ""
    #: In a link, in the text or in the e-mail address.
    domain: str = ""
    #: As ``comments.caller.network_of`` gives it.
    ip_network: str = ""
    #: The code of a reason.
    reason: str = ""
    script: str = ""
    after: datetime | None = None
    before: datetime | None = None
    campaign_id: uuid.UUID | None = None
    #: With what the person skipped.
    skipped: bool = False
    collapsed: bool = False

    @property
    def question(self) -> Question:
        """What is sought in the texts."""
        return read_question(self.search, self.author, self.domain)

    @property
    def is_plain(self) -> bool:
        """Whether the kept counts answer how many comments there are."""
        return self == Filter(status=self.status, site_id=self.site_id, skipped=self.skipped, collapsed=self.collapsed)

    @property
    def collapses(self) -> bool:
        """Whether a card stands for its campaign. Narrowed further, every comment that is found is shown."""
        return self.collapsed and self.is_plain and self.status is Status.PENDING

    @property
    def needs_looking(self) -> bool:
        """Whether it asks for more than is ``indexed``, so that comments must be looked at one by one."""
        question = self.question
        return bool(self.reason or self.script or question.phrases or question.substrings or self.author or self.domain)

    @property
    def indexed(self) -> Filter:
        """The part of it that is found at once, in the order of time."""
        return Filter(
            self.status,
            self.site_id,
            ip_network=self.ip_network,
            after=self.after,
            before=self.before,
            campaign_id=self.campaign_id,
            skipped=True,
        )


def conditions(
    session: Session, actor: Actor, wanted: Filter, found: Sequence[uuid.UUID] | None = None
) -> list[ColumnElement[bool]]:
    """Return the conditions for what the person may see of what is wanted, in as far as the database can tell.

    ``found`` are those that the full-text index has found, if it was asked; whether a text has the phrases of the
    question is left to the caller.
    """
    return [*_where(session, actor, wanted, found), *_what(session, wanted, found), *_not_now(actor, wanted)]


def told_blind(session: Session, wanted: Filter) -> list[ColumnElement[bool]]:
    """Return the conditions for what is wanted of comments that wait to be audited, but for what would tell a verdict.

    There are few of them, so that their texts are looked through for the words of a question.
    """
    asked = replace(wanted, search="", reason="", campaign_id=None)
    return [*(in_text(word) for word in wanted.search.split()), *_what(session, asked, None)]


def without_index(session: Session, column: InstrumentedAttribute[Value]) -> ColumnElement[Value]:
    """Return a comment's column so that SQLite does not find comments by it.

    It knows nothing of how few comments another condition leaves, and would rather walk through all of a site.
    """
    if session.get_bind().dialect.name == "sqlite":
        return literal_column(f"+comment.{column.key}", column.type)
    return column.expression


def _where(
    session: Session, actor: Actor, wanted: Filter, found: Sequence[uuid.UUID] | None
) -> Iterator[ColumnElement[bool]]:
    found_by_id = found is not None or wanted.campaign_id is not None
    status = without_index(session, Comment.status) if found_by_id or wanted.ip_network else Comment.status.expression
    yield status == wanted.status
    site = without_index(session, Comment.site_id) if found_by_id else Comment.site_id.expression
    if wanted.site_id is not None:
        yield site == wanted.site_id
    elif not actor.is_admin:
        yield site == next(iter(actor.sites)) if len(actor.sites) == 1 else site.in_(actor.sites)
    elif wanted.ip_network:
        # Addresses are indexed for each site.
        yield site.in_(select(Site.id))


def _what(session: Session, wanted: Filter, found: Sequence[uuid.UUID] | None) -> Iterator[ColumnElement[bool]]:
    if found is not None:
        yield Comment.id.in_(found)
    for substring in wanted.question.substrings:
        yield in_text(substring)
    if wanted.author:
        name, email = Comment.author_name, Comment.author_email
        part = or_(name.icontains(wanted.author, autoescape=True), email.icontains(wanted.author, autoescape=True))
        yield part
    if wanted.domain:
        fields = (Comment.author_url, Comment.author_email, Comment.body)
        yield or_(*(field.icontains(wanted.domain, autoescape=True) for field in fields))
    if wanted.ip_network:
        yield Comment.ip_network == wanted.ip_network
    yield from _how(session, wanted)


def _how(session: Session, wanted: Filter) -> Iterator[ColumnElement[bool]]:
    if wanted.reason:
        # Both databases store JSON with a space behind the colon.
        yield cast(Comment.reasons, String).contains(f'"code": "{wanted.reason}"', autoescape=True)
    if wanted.script:
        yield _is_written(session, wanted.script)
    if wanted.after is not None:
        yield Comment.created_at >= wanted.after
    if wanted.before is not None:
        yield Comment.created_at < wanted.before
    if wanted.campaign_id is not None:
        yield or_(Comment.campaign_id == wanted.campaign_id, Comment.id == wanted.campaign_id)


def _is_written(session: Session, script: str) -> ColumnElement[bool]:
    letters = "".join(SCRIPTS.values()) if script == LATIN else SCRIPTS[script]
    if session.get_bind().dialect.name == "sqlite":
        found = Comment.body.op("GLOB", is_comparison=True)(f"*[{letters}]*")
    else:
        found = Comment.body.op("~", is_comparison=True)(f"[{letters}]")
    return not_(found) if script == LATIN else found


def _not_now(actor: Actor, wanted: Filter) -> Iterator[ColumnElement[bool]]:
    if wanted.status is not Status.PENDING:
        return
    if not wanted.skipped:
        yield not_skipped(actor)
    if wanted.collapses:
        yield or_(Comment.campaign_id.is_(None), and_(~_head_waits(actor, wanted), ~_earlier_waits(actor, wanted)))


def not_skipped(actor: Actor) -> ColumnElement[bool]:
    """Return the condition that the person has not left the comment, as it is, to others."""
    return ~exists().where(
        Skip.person_id == actor.person_id, Skip.comment_id == Comment.id, Skip.version == Comment.version
    )


def _head_waits(actor: Actor, wanted: Filter) -> ColumnElement[bool]:
    head = aliased(Comment)
    return exists().where(head.id == Comment.campaign_id, *_waits(actor, wanted, head))


def _earlier_waits(actor: Actor, wanted: Filter) -> ColumnElement[bool]:
    other = aliased(Comment)
    first = (other.campaign_id == Comment.campaign_id, other.id < Comment.id)
    return exists().where(*first, *_waits(actor, wanted, other))


def _waits(actor: Actor, wanted: Filter, other: type[Comment]) -> list[ColumnElement[bool]]:
    theirs = actor.only_theirs(other.site_id) if wanted.site_id is None else other.site_id == wanted.site_id
    return [other.status == Status.PENDING, theirs]


def count(session: Session, found: list[ColumnElement[bool]], most: int) -> int:
    """Return how many comments meet the conditions, or ``most`` where there are more."""
    return (
        session.scalar(select(func.count()).select_from(select(Comment.id).where(*found).limit(most).subquery())) or 0
    )
