"""Histories for tests, and what is asked after each of them: whether the kept counts are right."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.clock import Clock
from moderation.counters import recount
from moderation.database import Database
from moderation.exchange.imports.formats import FORMATS
from moderation.exchange.imports.importing import import_file
from moderation.exchange.imports.writer import ImportReport
from moderation.people.sites import create_site
from moderation.tables import Reputation, StatusCount, Thread

SPAM: dict[str, Any] = {
    "thread": "/bread",
    "author_name": "cheap pills",
    "author_email": "Pills@Example.net",
    "author_url": "http://pills.example.net/buy",
    "ip": "192.0.2.7",
    "user_agent": "Mozilla/4.0",
    "created_at": "2025-12-01T10:00:00+00:00",
    "body": "Buy the cheapest pills online now, without prescription, at http://pills.example.net/ today!",
    "label": "spam",
}
HAM: dict[str, Any] = {
    "thread": "/bread",
    "author_name": "Mary Miller",
    "author_email": "mary@example.com",
    "ip": "198.51.100.4",
    "user_agent": "Firefox",
    "created_at": "2025-12-02T11:00:00+00:00",
    "body": "I let the dough rest overnight, and the crust came out better than it ever did before. Thank you!",
    "label": "ham",
}


def write(folder: Path, lines: Iterable[Mapping[str, Any] | bytes], name: str = "history.jsonl") -> Path:
    """Write a file of JSON lines; bytes go in as they are."""
    path = folder / name
    encoded = (line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    path.write_bytes(b"".join(line + b"\n" for line in encoded))
    return path


def make_site(database: Database, clock: Clock) -> uuid.UUID:
    """Make a site and return its id."""
    with database.writing() as session:
        return create_site(session, "Bread blog", ["https://blog.example.org"], clock()).site.id


def bring_in(
    database: Database, site_id: uuid.UUID, clock: Clock, folder: Path, lines: Iterable[Mapping[str, Any] | bytes]
) -> ImportReport:
    """Import lines into the site."""
    return import_file(database, site_id, write(folder, lines), FORMATS["jsonl"], clock)


def counts(session: Session) -> dict[str, object]:
    """Return all kept counts; those of zero are as good as absent."""
    found: dict[str, object] = {}
    for status in session.scalars(select(StatusCount)):
        found[f"{status.site_id} {status.status}"] = status.count
    for known in session.scalars(select(Reputation)):
        numbers = (known.published, known.pending, known.spam, known.rejected)
        if any(numbers):
            found[f"{known.site_id} {known.kind} {known.digest}"] = numbers
    for thread in session.scalars(select(Thread)):
        found[str(thread.id)] = thread.published
    return found


def assert_counts_are_right(database: Database) -> None:
    """Compare the kept counts with those that the comments add up to."""
    with database.reading() as session:
        kept = counts(session)
        for site_id in {uuid.UUID(name.split()[0]) for name in kept if " " in name}:
            recount(session, site_id)
        session.flush()
        session.expire_all()
        assert kept == counts(session)
