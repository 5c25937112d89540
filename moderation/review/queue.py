"""The review queue: comments by where they stand, in the order in which they want to be decided."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.orm import Session, joinedload

from moderation import paging
from moderation.counters import status_counts
from moderation.errors import NotFoundError
from moderation.people.access import Actor, require_site
from moderation.tables import Comment, Decision, Person, Status

MAX_LIMIT = 200
MAX_SEARCH = 200


class Order(StrEnum):
    """In which order the queue is worked through. ``uncertain``: what the judge knows least about comes first."""

    OLDEST = "oldest"
    NEWEST = "newest"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the queue is asked for."""

    status: Status = Status.PENDING
    site_id: uuid.UUID | None = None
    search: str = ""


def list_queue(
    session: Session, actor: Actor, wanted: Filter, *, order: Order = Order.OLDEST, limit: int = 50, cursor: str = ""
) -> paging.Page[Comment]:
    """Return a page of the queue. Raises ``NotFoundError`` for a site that is not the person's."""
    if wanted.site_id is not None:
        require_site(actor, wanted.site_id, "site")
    conditions = _conditions(actor, wanted)
    query = select(Comment).options(joinedload(Comment.thread), joinedload(Comment.site)).where(*conditions)
    query = _after(query, order, cursor).limit(limit + 1)
    rows = session.scalars(query).all()
    following = _cursor(rows[limit - 1], order) if len(rows) > limit else None
    return paging.Page(rows[:limit], following, _total(session, actor, wanted, conditions))


def _conditions(actor: Actor, wanted: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Comment.status == wanted.status]
    if wanted.site_id is not None:
        conditions.append(Comment.site_id == wanted.site_id)
    elif not actor.is_admin:
        conditions.append(actor.only_theirs(Comment.site_id))
    if wanted.search:
        fields = (Comment.body, Comment.author_name, Comment.author_email, Comment.author_url)
        conditions.append(or_(*(field.icontains(wanted.search, autoescape=True) for field in fields)))
    return conditions


def _after(query: Select[Comment], order: Order, cursor: str) -> Select[Comment]:
    if order is Order.UNCERTAIN:
        if cursor:
            query = query.where(tuple_(Comment.uncertainty, Comment.id) > paging.read_number_cursor(cursor))
        return query.order_by(Comment.uncertainty, Comment.id)
    place = tuple_(Comment.created_at, Comment.id)
    if order is Order.NEWEST:
        if cursor:
            query = query.where(place < paging.read_time_cursor(cursor))
        return query.order_by(Comment.created_at.desc(), Comment.id.desc())
    if cursor:
        query = query.where(place > paging.read_time_cursor(cursor))
    return query.order_by(Comment.created_at, Comment.id)


def _cursor(comment: Comment, order: Order) -> str:
    if order is Order.UNCERTAIN:
        return paging.number_cursor(comment.uncertainty, comment.id)
    return paging.time_cursor(comment.created_at, comment.id)


def _total(session: Session, actor: Actor, wanted: Filter, conditions: Sequence[ColumnElement[bool]]) -> int:
    if wanted.search:
        return session.scalar(select(func.count()).select_from(Comment).where(*conditions)) or 0
    return counts(session, actor, wanted.site_id)[wanted.status]


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
