"""Threads as the public reads them: published comments only, and nothing of a person but the name and link."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from moderation import paging
from moderation.tables import Comment, EarlierText, Status, Thread

#: Changes with what is made of a comment on its way out, so that nobody keeps what an older version made of it.
PRESENTATION = 1
MAX_LIMIT = 200
#: A page that shows counts for more threads than this asks twice.
MAX_THREADS = 500


class Order(StrEnum):
    """In which order a thread is read."""

    OLDEST = "oldest"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class PublicComment:
    """All that the public sees of a comment."""

    id: uuid.UUID
    parent_id: uuid.UUID | None
    author_name: str
    author_url: str
    body: str
    created_at: datetime
    #: Tells two states of the comment apart; never shown.
    version: int
    erased_at: datetime | None


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A published comment as a feed tells it, with its page."""

    comment: PublicComment
    thread: str
    thread_url: str | None
    thread_title: str | None
    #: When its writer changed it last, if ever.
    edited_at: datetime | None


_PUBLIC = (
    Comment.id,
    Comment.parent_id,
    Comment.author_name,
    Comment.author_url,
    Comment.body,
    Comment.created_at,
    Comment.version,
    Comment.erased_at,
)


def read_thread(
    session: Session, site_id: uuid.UUID, key: str, *, order: Order = Order.OLDEST, limit: int = 50, cursor: str = ""
) -> paging.Page[PublicComment]:
    """Return a page of a thread's published comments. An unknown thread is an empty one."""
    behind = paging.read_time_cursor(cursor) if cursor else None
    thread = session.scalar(select(Thread).where(Thread.site_id == site_id, Thread.key == key))
    if thread is None:
        return paging.Page([], None, 0)
    place = tuple_(Comment.created_at, Comment.id)
    query = select(*_PUBLIC).where(Comment.thread_id == thread.id, Comment.status == Status.PUBLISHED)
    if behind is not None:
        query = query.where(place > behind if order is Order.OLDEST else place < behind)
    directions = (Comment.created_at, Comment.id)
    query = query.order_by(*(c.asc() if order is Order.OLDEST else c.desc() for c in directions)).limit(limit + 1)
    rows = [PublicComment(*row) for row in session.execute(query)]
    return paging.Page(
        rows[:limit],
        paging.time_cursor(rows[limit - 1].created_at, rows[limit - 1].id) if len(rows) > limit else None,
        thread.published,
    )


def count_threads(session: Session, site_id: uuid.UUID, keys: Sequence[str]) -> dict[str, int]:
    """Return the number of published comments of each thread, 0 for unknown ones."""
    found = dict(
        session.execute(
            select(Thread.key, Thread.published).where(Thread.site_id == site_id, Thread.key.in_(keys))
        ).all()
    )
    return {key: found.get(key, 0) for key in keys}


def read_feed(session: Session, site_id: uuid.UUID, key: str | None, limit: int) -> list[FeedEntry]:
    """Return the newest published comments of a site, or of one of its threads; an unknown thread is an empty one."""
    if key is None:
        narrowed = Comment.site_id == site_id
    else:
        thread_id = select(Thread.id).where(Thread.site_id == site_id, Thread.key == key).scalar_subquery()
        narrowed = Comment.thread_id == thread_id
    query = (
        select(*_PUBLIC)
        .add_columns(Thread.key, Thread.url, Thread.title)
        .join(Thread, Thread.id == Comment.thread_id)
        .where(narrowed, Comment.status == Status.PUBLISHED)
        .order_by(Comment.created_at.desc(), Comment.id.desc())
        .limit(limit)
    )
    found = [(PublicComment(*row[: len(_PUBLIC)]), *row[-3:]) for row in session.execute(query).all()]
    edits = _last_edits(session, [comment.id for comment, *_ in found])
    return [FeedEntry(comment, key, url, title, edits.get(comment.id)) for comment, key, url, title in found]


def _last_edits(session: Session, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    query = (
        select(EarlierText.comment_id, func.max(EarlierText.replaced_at))
        .where(EarlierText.comment_id.in_(ids))
        .group_by(EarlierText.comment_id)
    )
    return dict(session.execute(query).all())


def tag_of(comments: Sequence[PublicComment], *more: object) -> str:
    """Return a tag (for ``ETag``) that changes with what the public reads; ``more`` is what else the answer holds.

    Made of ids and versions: nothing need be rendered to know that nothing has changed.
    """
    parts = [(c.id.hex, c.version, c.erased_at is not None) for c in comments]
    return hashlib.blake2b(repr((PRESENTATION, parts, more)).encode(), digest_size=12).hexdigest()
