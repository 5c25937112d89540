"""Kept counts: per site and status, per thread, per author. Rebuilt from the comments by ``recount``."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import BindParameter, Executable, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from model.links import registered_domain
from moderation.database import InsertOf, Upsert, run
from moderation.tables import Comment, Identity, Reputation, Status, StatusCount, Thread

_Known = tuple[uuid.UUID, Identity, str]


_KEY: Final = ("site_id", "kind", "digest")


def _count(insert: InsertOf) -> Executable:
    return (
        insert(StatusCount)
        .values(
            site_id=bindparam("site_id"), status=bindparam("status"), count=bindparam("step"), came=bindparam("came")
        )
        .on_conflict_do_update(
            index_elements=["site_id", "status"],
            set_={"count": StatusCount.count + bindparam("step"), "came": StatusCount.came + bindparam("came")},
        )
    )


def _know(insert: InsertOf) -> Executable:
    added: dict[str, BindParameter[int]] = {status.value: bindparam(f"add_{status}") for status in Status}
    return (
        insert(Reputation)
        .values({**{name: bindparam(name) for name in _KEY}, **added})
        .on_conflict_do_update(
            index_elements=_KEY, set_={name: getattr(Reputation, name) + step for name, step in added.items()}
        )
    )


_COUNT, _KNOW = Upsert(_count), Upsert(_know)
_FORGET = delete(Reputation).where(
    *(getattr(Reputation, name) == bindparam(name) for name in _KEY),
    *(getattr(Reputation, status.value) == 0 for status in Status),
)
_PUBLISH = (
    update(Thread)
    .where(Thread.id == bindparam("thread"))
    .values(
        published=Thread.published + bindparam("step"),
        url=func.coalesce(Thread.url, bindparam("named", type_=Thread.url.type)),
    )
)


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


@dataclass(frozen=True, slots=True)
class Counted:
    """What the counts know of a comment."""

    id: uuid.UUID
    author: Author
    thread_id: uuid.UUID
    status: Status


def counted(session: Session, ids: Collection[uuid.UUID]) -> list[Counted]:
    """Return how the comments are counted."""
    query = select(
        Comment.id,
        Comment.site_id,
        Comment.author_email,
        Comment.ip_network,
        Comment.author_url,
        Comment.thread_id,
        Comment.status,
    ).where(Comment.id.in_(ids))
    return [
        Counted(comment_id, Author(site_id, email, network, url), thread_id, status)
        for comment_id, site_id, email, network, url, thread_id, status in session.execute(query)
    ]


class Tally:
    """Changes of the kept counts, gathered over one or many comments and written at once.

    Written in one order (statuses, authors, threads, each sorted): two transactions that change the same counts wait
    for each other, but never in a circle.
    """

    def __init__(self) -> None:
        self._statuses: Counter[tuple[uuid.UUID, Status]] = Counter()
        self._came: Counter[tuple[uuid.UUID, Status]] = Counter()
        #: Sites of which an audit was answered: whoever writes the tally sees whether their promises still stand.
        self.audited: set[uuid.UUID] = set()
        self._authors: defaultdict[_Known, Counter[str]] = defaultdict(Counter)
        self._threads: Counter[uuid.UUID] = Counter()
        self._urls: dict[uuid.UUID, str] = {}

    def move(
        self, author: Author, thread_id: uuid.UUID, old: Status | None, new: Status | None, url: str | None = None
    ) -> None:
        """Count a comment that moved; ``None`` where it comes from or goes to nowhere.

        ``url``: its page as a visitor named it, to be believed with the comment where nobody has named it yet.
        """
        if url and new is Status.PUBLISHED:
            self._urls.setdefault(thread_id, url)
        for status, step in ((old, -1), (new, 1)):
            if status is not None:
                self._statuses[author.site_id, status] += step
                self._know(author, status, step)
        self._threads[thread_id] += (new is Status.PUBLISHED) - (old is Status.PUBLISHED)

    def came(self, site_id: uuid.UUID, status: Status) -> None:
        """Count a comment that came and that the service itself put there."""
        self._came[site_id, status] += 1

    def forget(self, author: Author, status: Status) -> None:
        """Take a comment that stays where it is out of what the site knows of its author."""
        self._know(author, status, -1)

    def _know(self, author: Author, status: Status, step: int) -> None:
        for kind, digest in author.digests():
            self._authors[author.site_id, kind, digest][status.value] += step

    def write(self, session: Session) -> None:
        """Apply all changes. An author of whom nothing is left to know is not even a row of zeros."""
        counts = [
            {"site_id": site_id, "status": status, "step": step, "came": self._came[site_id, status]}
            for (site_id, status), step in sorted(self._statuses.items())
            if step or self._came[site_id, status]
        ]
        if counts:
            run(session, _COUNT, counts)
        known = [
            {"site_id": site_id, "kind": kind, "digest": digest} | {f"add_{status}": steps[status] for status in Status}
            for (site_id, kind, digest), steps in sorted(self._authors.items())
            if any(steps.values())
        ]
        if known:
            run(session, _KNOW, known)
        for row in known:
            if any(row[f"add_{status}"] < 0 for status in Status):  # type: ignore[operator]
                run(session, _FORGET, {name: row[name] for name in _KEY})
        for thread_id, step in sorted(self._threads.items()):
            if step:
                values = {"thread": thread_id, "step": step, "named": self._urls.get(thread_id)}
                run(session, _PUBLISH, values)


def count_move(
    session: Session,
    author: Author,
    thread_id: uuid.UUID,
    old: Status | None,
    new: Status | None,
    url: str | None = None,
) -> None:
    """Count one comment that moved from one status to another, as ``Tally.move`` does."""
    tally = Tally()
    tally.move(author, thread_id, old, new, url)
    tally.write(session)


def recount(session: Session, site_id: uuid.UUID) -> None:
    """Rebuild all of a site's kept counts from its comments."""
    session.execute(delete(Reputation).where(Reputation.site_id == site_id))
    # How many came is told by no comment: some are gone.
    session.execute(update(StatusCount).where(StatusCount.site_id == site_id).values(count=0))
    session.execute(update(Thread).where(Thread.site_id == site_id).values(published=0))
    tally = Tally()
    for comment in session.scalars(select(Comment).where(Comment.site_id == site_id)).yield_per(1000):
        tally.move(author_of(comment), comment.thread_id, None, comment.status)
    tally.write(session)


def status_counts(session: Session, site_ids: list[uuid.UUID] | None = None) -> dict[Status, int]:
    """Return how many comments stand where, at the named sites or (``None``) at all."""
    query = select(StatusCount.status, func.sum(StatusCount.count)).group_by(StatusCount.status)
    if site_ids is not None:
        query = query.where(StatusCount.site_id.in_(site_ids))
    found = {status: int(count) for status, count in session.execute(query)}
    return {status: found.get(status, 0) for status in Status}
