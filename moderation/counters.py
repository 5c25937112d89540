"""Kept counts: per site and status, per thread, per author. Rebuilt from the comments by ``recount``."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from model.links import registered_domain
from moderation.database import insert
from moderation.tables import Comment, Identity, Reputation, Status, StatusCount, Thread


@dataclass(frozen=True, slots=True)
class Author:
    """By what a site recognises who wrote a comment; empty where unknown."""

    site_id: uuid.UUID
    email: str
    ip_network: str
    url: str

    def digests(self) -> Iterator[tuple[Identity, str]]:
        """Yield each known identity as a digest of its own for each site, so that sites cannot be joined by it."""
        values = {
            Identity.EMAIL: self.email.lower(),
            Identity.IP: self.ip_network,
            Identity.DOMAIN: registered_domain(self.url) if self.url else "",
        }
        for kind, value in values.items():
            if value:
                text = f"{self.site_id}\0{kind}\0{value}"
                yield kind, hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def author_of(comment: Comment) -> Author:
    """Return by what the site recognises the comment's author."""
    return Author(comment.site_id, comment.author_email, comment.ip_network, comment.author_url)


def count_move(session: Session, author: Author, thread_id: uuid.UUID, old: Status | None, new: Status | None) -> None:
    """Count a comment that moved from one status to another; ``None`` where it comes from or goes to nowhere."""
    if old is new:
        return
    steps = [(status, step) for status, step in ((old, -1), (new, 1)) if status is not None]
    for status, step in sorted(steps):
        _add(session, StatusCount, {"site_id": author.site_id, "status": status}, {"count": step})
    change = dict(_column_steps(steps))
    # One order for all, so that two transactions never wait for each other in a circle.
    for kind, digest in sorted(author.digests()):
        _add(session, Reputation, {"site_id": author.site_id, "kind": kind, "digest": digest}, change)
    published = (new is Status.PUBLISHED) - (old is Status.PUBLISHED)
    if published:
        session.execute(
            update(Thread).where(Thread.id == thread_id).values(published=Thread.published + published),
            execution_options={"synchronize_session": False},
        )


def _column_steps(steps: list[tuple[Status, int]]) -> Iterator[tuple[str, int]]:
    for status, step in steps:
        yield status.value, step


def _add(session: Session, table: type[Any], key: dict[str, object], change: dict[str, int]) -> None:
    statement = insert(session, table).values({**key, **change})
    columns = {name: getattr(table, name) + step for name, step in change.items()}
    session.execute(
        statement.on_conflict_do_update(index_elements=list(key), set_=columns),
        execution_options={"synchronize_session": False},
    )


def recount(session: Session, site_id: uuid.UUID) -> None:
    """Rebuild all of a site's kept counts from its comments."""
    session.execute(delete(Reputation).where(Reputation.site_id == site_id))
    session.execute(delete(StatusCount).where(StatusCount.site_id == site_id))
    session.execute(update(Thread).where(Thread.site_id == site_id).values(published=0))
    session.add_all(StatusCount(site_id=site_id, status=status, count=0) for status in Status)
    session.flush()
    for comment in session.scalars(select(Comment).where(Comment.site_id == site_id)).yield_per(1000):
        count_move(session, author_of(comment), comment.thread_id, None, comment.status)


def status_counts(session: Session, site_ids: list[uuid.UUID] | None = None) -> dict[Status, int]:
    """Return how many comments stand where, at the named sites or (``None``) at all."""
    query = select(StatusCount.status, func.sum(StatusCount.count)).group_by(StatusCount.status)
    if site_ids is not None:
        query = query.where(StatusCount.site_id.in_(site_ids))
    found = {status: int(count) for status, count in session.execute(query)}
    return {status: found.get(status, 0) for status in Status}
