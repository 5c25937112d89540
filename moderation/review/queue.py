"""The review queue: comments by where they stand, in the order in which they want to be decided."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select, true, tuple_
from sqlalchemy.orm import Session, joinedload

from moderation import paging
from moderation.counters import status_counts
from moderation.errors import NotFoundError
from moderation.people.access import Actor, require_site
from moderation.review.filters import Filter, conditions, count
from moderation.review.search import Phrase, are_in, look_up, searched
from moderation.tables import Comment, Decision, Person, Status

MAX_LIMIT = 200
MAX_SEARCH = 200


class Order(StrEnum):
    """In which order the queue is worked through. ``uncertain``: what the judge knows least about comes first."""

    OLDEST = "oldest"
    NEWEST = "newest"
    UNCERTAIN = "uncertain"


#: Where no index helps, so many comments are looked at for one page, and the next one goes on from there.
MOST_LOOKED_AT = 2_000
#: So many tell how frequent a word is.
SAMPLE = 200
#: What more than this share of the sample has is not asked of the index.
_FREQUENT = 0.1
#: Nobody wants to know how many more there are, and counting costs.
MOST_COUNTED = 10_000


def list_queue(
    session: Session, actor: Actor, wanted: Filter, *, order: Order = Order.OLDEST, limit: int = 50, cursor: str = ""
) -> paging.Page[Comment]:
    """Return a page of the queue. Raises ``NotFoundError`` for a site that is not the person's.

    Where no index helps with what is wanted, a page may have fewer comments than ``limit`` and yet a next one; its
    total is that of the comments that were looked at.
    """
    if wanted.site_id is not None:
        require_site(actor, wanted.site_id, "site")
    begin = [_behind(order, cursor)] if cursor else []
    end = _end(session, actor, wanted, order, begin) if wanted.needs_looking else None
    stretch = [*begin, _until(order, end)] if end is not None else begin
    phrases = wanted.question.phrases
    if phrases and end is not None:
        rare = _rare(session, actor, wanted, order, limit, begin)
        ids = look_up(session, rare) if rare else None
        if ids is not None:
            looked_up = conditions(session, actor, wanted, ids)
            return _search(session, looked_up, phrases, order, limit, and_(true(), *begin))
    found = [*conditions(session, actor, wanted), *stretch]
    if phrases:
        return _search(session, found, phrases, order, limit, true(), end)
    rows = session.scalars(_comments().where(*found).order_by(*_place(order)).limit(limit + 1)).all()
    following = _cursor(rows[limit - 1], order) if len(rows) > limit else None
    if following is None and end is not None:
        following = _cursor(end, order)
    total = _total(session, actor, wanted, found)
    return paging.Page(rows[:limit], following, total, end is None and (wanted.is_plain or total < MOST_COUNTED))


def _rare(
    session: Session, actor: Actor, wanted: Filter, order: Order, limit: int, begin: list[ColumnElement[bool]]
) -> list[Phrase]:
    """Return the phrases to look up in the full-text index: none where looking at the next comments fills the page."""
    every = conditions(session, actor, _indexed(wanted, order))
    query = select(searched()).where(*every, *begin).order_by(*_place(order)).limit(SAMPLE)
    sample = session.scalars(query).all()
    phrases = wanted.question.phrases
    together = sum(are_in(phrases, text) for text in sample)
    if together > 0 and together * MOST_LOOKED_AT >= limit * len(sample):
        return []
    return [one for one in phrases if sum(are_in([one], text) for text in sample) <= _FREQUENT * len(sample)]


def _search(
    session: Session,
    found: list[ColumnElement[bool]],
    phrases: Sequence[Phrase],
    order: Order,
    limit: int,
    behind: ColumnElement[bool],
    end: Comment | None = None,
) -> paging.Page[Comment]:
    """Return a page of those comments that have the phrases; ``found`` is bounded, and looked through once."""
    rows = session.execute(select(Comment.id, behind, searched()).where(*found).order_by(*_place(order)))
    have = [(one, is_behind) for one, is_behind, text in rows if are_in(phrases, text)]
    ids = [one for one, is_behind in have if is_behind]
    comments = {one.id: one for one in session.scalars(_comments().where(Comment.id.in_(ids[:limit])))}
    items = [comments[one] for one in ids[:limit] if one in comments]
    last = items[-1] if items and len(ids) > limit else end
    return paging.Page(items, _cursor(last, order) if last is not None else None, len(have), end is None)


def _comments() -> Select[Comment]:
    return select(Comment).options(joinedload(Comment.thread), joinedload(Comment.site))


def _columns(order: Order) -> tuple[Any, Any]:
    return (Comment.uncertainty, Comment.id) if order is Order.UNCERTAIN else (Comment.created_at, Comment.id)


def _place(order: Order) -> list[ColumnElement[Any]]:
    columns = _columns(order)
    return [column.desc() if order is Order.NEWEST else column.asc() for column in columns]


def _behind(order: Order, cursor: str) -> ColumnElement[bool]:
    here = tuple_(*_columns(order))
    return here < _read(order, cursor) if order is Order.NEWEST else here > _read(order, cursor)


def _read(order: Order, cursor: str) -> tuple[Any, uuid.UUID]:
    return paging.read_number_cursor(cursor) if order is Order.UNCERTAIN else paging.read_time_cursor(cursor)


def _until(order: Order, last: Comment) -> ColumnElement[bool]:
    here = tuple_(*_columns(order))
    end = (last.uncertainty if order is Order.UNCERTAIN else last.created_at, last.id)
    return here >= end if order is Order.NEWEST else here <= end


def _end(
    session: Session, actor: Actor, wanted: Filter, order: Order, begin: list[ColumnElement[bool]]
) -> Comment | None:
    """Return the last comment that is looked at for this page; ``None``: all of them can be."""
    every = conditions(session, actor, _indexed(wanted, order))
    query = select(Comment).where(*every, *begin).order_by(*_place(order)).offset(MOST_LOOKED_AT - 1).limit(1)
    return session.scalar(query)


def _indexed(wanted: Filter, order: Order) -> Filter:
    """Return the part of what is wanted that is found at once in an order."""
    return replace(wanted.indexed, after=None, before=None) if order is Order.UNCERTAIN else wanted.indexed


def _cursor(comment: Comment, order: Order) -> str:
    if order is Order.UNCERTAIN:
        return paging.number_cursor(comment.uncertainty, comment.id)
    return paging.time_cursor(comment.created_at, comment.id)


def _total(session: Session, actor: Actor, wanted: Filter, found: list[ColumnElement[bool]]) -> int:
    if wanted.is_plain:
        return counts(session, actor, wanted.site_id)[wanted.status]
    whole = found if wanted.needs_looking else conditions(session, actor, wanted)
    return count(session, whole, MOST_COUNTED)


def counts(session: Session, actor: Actor, site_id: uuid.UUID | None = None) -> dict[Status, int]:
    """Return how many of the comments that the person looks after stand where."""
    if site_id is not None:
        require_site(actor, site_id, "site")
        return status_counts(session, [site_id])
    return status_counts(session, None if actor.is_admin else list(actor.sites))


def get_comment(session: Session, actor: Actor, comment_id: uuid.UUID) -> Comment:
    """Return a comment. Raises ``NotFoundError``, also where it belongs to a site that is not the person's."""
    options = (joinedload(Comment.thread), joinedload(Comment.site))
    comment = session.get(Comment, comment_id, options=options)
    if comment is None:
        message = "There is no such comment."
        raise NotFoundError(message)
    require_site(actor, comment.site_id, "comment")
    return comment


def history_of(session: Session, comment_id: uuid.UUID) -> Sequence[tuple[Decision, str | None]]:
    """Return the comment's decisions in order, each with the address of who made it (``None``: the service)."""
    query = (
        select(Decision, Person.email)
        .outerjoin(Person, Person.id == Decision.person_id)
        .where(Decision.comment_id == comment_id)
        .order_by(Decision.number)
    )
    return session.execute(query).all()
