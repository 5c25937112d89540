"""Threads as the public reads them: published comments only, and nothing of a person but the name and link."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from moderation import paging
from moderation.tables import Comment, Status, Thread

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


def read_thread(
    session: Session, site_id: uuid.UUID, key: str, *, order: Order = Order.OLDEST, limit: int = 50, cursor: str = ""
) -> paging.Page[PublicComment]:
    """Return a page of a thread's published comments. An unknown thread is an empty one."""
    thread = session.scalar(select(Thread).where(Thread.site_id == site_id, Thread.key == key))
    if thread is None:
        return paging.Page([], None, 0)
    place = tuple_(Comment.created_at, Comment.id)
    query = select(
        Comment.id, Comment.parent_id, Comment.author_name, Comment.author_url, Comment.body, Comment.created_at
    ).where(Comment.thread_id == thread.id, Comment.status == Status.PUBLISHED)
    if cursor:
        at, last = paging.read_time_cursor(cursor)
        query = query.where(place > (at, last) if order is Order.OLDEST else place < (at, last))
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
