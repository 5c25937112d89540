"""Isso's SQLite database itself, which is opened for reading only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from model.jsonl import BadLine
from moderation.comments.submission import MAX_NAME, MAX_TITLE
from moderation.exchange.imports.cleaning import ip_address, one_line, web_address
from moderation.exchange.imports.files import UnreadableError
from moderation.exchange.imports.verdicts import verdict
from moderation.exchange.imports.vocabulary import Imported, ImportedComment, ImportedThread, LeftOut
from moderation.exchange.times import read_time
from moderation.tables import Status

#: Bytes of one value.
MAX_VALUE = 10_000_000
_PENDING, _DELETED = 2, 4
_STATUS = {1: Status.PUBLISHED, _PENDING: Status.PENDING}
_COLUMNS = ("id", "parent", "created", "mode", "remote_addr", "text", "author", "email", "website")
_QUERY = (
    f"SELECT threads.id, threads.uri, threads.title, {', '.join(f'comments.{name}' for name in _COLUMNS)} "  # noqa: S608 -- our own words
    "FROM comments LEFT JOIN threads ON threads.id = comments.tid ORDER BY threads.id, comments.id"
)


def read(path: Path, now: datetime) -> Iterator[Imported]:
    """Read threads that have comments, and their comments; a page's path is its thread's key."""
    told: set[object] = set()
    try:
        with closing(_open(path)) as database:
            for thread, uri, title, *values in database.execute(_QUERY):
                row = dict(zip(_COLUMNS, values, strict=True))
                found = _comment(row, _text(uri), now)
                if isinstance(found, ImportedComment) and thread not in told:
                    told.add(thread)
                    key = _text(uri).strip()
                    yield ImportedThread(line=found.line, key=key, title=one_line(_text(title), MAX_TITLE))
                yield found
    except sqlite3.Error as error:
        message = f"no database of Isso that can be read: {error}"
        raise UnreadableError(message) from error


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)
    # A database can hold more than data; what it brings along is not to be run, and what is no text here to be told.
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA cell_size_check = ON")
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE)
    database.text_factory = bytes
    tables = (
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND rootpage > 0 AND name IN ('threads', 'comments')"
    )
    if database.execute(tables).fetchone() != (2,):
        database.close()
        message = "no database of Isso: it has no tables threads and comments"
        raise UnreadableError(message)
    return database


def _comment(row: dict[str, Any], uri: str, now: datetime) -> Imported:
    number, mode = row["id"], row["mode"]
    if mode == _DELETED:
        # Isso empties what is deleted, and keeps the place only for the replies.
        return LeftOut(number, "deleted")
    if mode not in _STATUS:
        return BadLine(number, f"mode: {mode!r:.40} is none of 1, 2 and 4")
    if not uri.strip():
        return BadLine(number, "tid: its thread is missing")
    body = _text(row["text"]).strip()
    if not body:
        return LeftOut(number, "empty")
    status = _STATUS[mode]
    created_at = _time(row["created"], now)
    return ImportedComment(
        line=number,
        body=body,
        status=status,
        label=verdict(status, created_at, now),
        thread=uri.strip(),
        key=str(number),
        parent_key="" if row["parent"] is None else str(row["parent"]),
        author_name=one_line(_text(row["author"]), MAX_NAME),
        author_email=_text(row["email"]).strip(),
        author_url=web_address(_text(row["website"])),
        ip=ip_address(_text(row["remote_addr"])),
        created_at=created_at,
        forgiving=True,
    )


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return "" if value is None else str(value)


def _time(value: object, now: datetime) -> datetime | None:
    if not isinstance(value, int | float):
        return read_time(_text(value), now)
    try:
        found = datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found if value > 0 and found <= now else None
