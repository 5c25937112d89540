"""Everything of a site, as JSON lines."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, inspect, select
from sqlalchemy.orm import Session

from moderation.database import Base
from moderation.exchange.history_file import Kind
from moderation.exchange.snapshot import one_moment
from moderation.exchange.writers import add_writers
from moderation.people.sites import get_site
from moderation.tables import Comment, Decision, Policy, Site, Thread

BATCH = 500
Record = dict[str, Any]
#: What can be worked out again from the rest, and tells a reader nothing.
_DERIVED = frozenset({"digest", "signature", "ip_network", "site_id"})


def export_site(session: Session, site_id: uuid.UUID, *, only_labelled: bool = False) -> Iterator[bytes]:
    """Yield the site, its policies, threads and comments, each with its decisions behind it, one JSON object a line.

    In the order of their ids, so that the same state always gives the same file, of one moment, in constant memory.
    Keys and their digests stay here. The lines of labelled comments are also the contract's labelled lines;
    ``only_labelled`` yields them alone. Raises ``NotFoundError`` for an unknown site.
    """
    one_moment(session)
    get_site(session, site_id)
    records = _comments(session, site_id, only_labelled=True) if only_labelled else _records(session, site_id)
    return map(_line, records)


def _records(session: Session, site_id: uuid.UUID) -> Iterator[Record]:
    yield from _rows(session, Kind.SITE, _select(Site).where(Site.id == site_id))
    policies = _select(Policy).where(Policy.site_id == site_id).order_by(Policy.number)
    yield from _rows(session, Kind.POLICY, policies, site=site_id)
    threads = _select(Thread).where(Thread.site_id == site_id).order_by(Thread.id)
    yield from _rows(session, Kind.THREAD, threads, site=site_id)
    yield from _comments(session, site_id, only_labelled=False)


def _comments(session: Session, site_id: uuid.UUID, *, only_labelled: bool) -> Iterator[Record]:
    query = (
        _select(Comment)
        .add_columns(Thread.key.label("thread"))
        .join(Thread, Thread.id == Comment.thread_id)
        .where(Comment.site_id == site_id)
        .order_by(Comment.id)
    )
    if only_labelled:
        query = query.where(Comment.label.is_not(None))
    comments = _rows(session, Kind.COMMENT, query, site=site_id)
    while batch := list(itertools.islice(comments, BATCH)):
        histories: dict[uuid.UUID, list[Record]] = {}
        if not only_labelled:
            query = _select(Decision).where(Decision.comment_id.in_([comment["id"] for comment in batch]))
            query = query.order_by(Decision.comment_id, Decision.number)
            for decision in _rows(session, Kind.DECISION, query, site=site_id):
                histories.setdefault(decision["comment_id"], []).append(decision)
        add_writers(session, site_id, batch)
        for comment in batch:
            yield comment
            yield from histories.get(comment["id"], ())


def _select(table: type[Base]) -> Select[Any]:
    """Select the columns and no objects: a session remembers every object, and a site may have millions."""
    return select(*(column for column in inspect(table).columns if column.key not in _DERIVED))


def _rows(session: Session, kind: Kind, query: Select[Any], **more: object) -> Iterator[Record]:
    with session.execute(query.execution_options(yield_per=BATCH)) as result:
        for row in result.mappings():
            yield {"kind": kind, **more, **row}


def _line(record: Record) -> bytes:
    return json.dumps(record, ensure_ascii=False, default=_plain, allow_nan=False).encode() + b"\n"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, uuid.UUID | StrEnum):
        return str(value)
    message = f"no plain form of a {type(value).__name__}"
    raise TypeError(message)
