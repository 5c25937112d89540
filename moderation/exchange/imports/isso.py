"""Isso's SQLite database, which is only read, or its dump; and the JSON from which Isso imports."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from model.jsonl import BadLine
from moderation.comments.submission import MAX_NAME, MAX_TITLE
from moderation.exchange.history_file import BadObjectError, read_object
from moderation.exchange.imports.cleaning import ip_address, one_line, web_address
from moderation.exchange.imports.databases import database_of
from moderation.exchange.imports.documents import read_document
from moderation.exchange.imports.files import UnreadableError, opened, read_chunks
from moderation.exchange.imports.verdicts import verdict
from moderation.exchange.imports.vocabulary import Imported, ImportedComment, ImportedThread, LeftOut
from moderation.exchange.times import read_time
from moderation.tables import Status

_TABLES = frozenset({"threads", "comments"})
_PUBLISHED, _PENDING, _DELETED = 1, 2, 4
_STATUS = {_PUBLISHED: Status.PUBLISHED, _PENDING: Status.PENDING}
_COLUMNS = ("id", "parent", "created", "mode", "remote_addr", "text", "author", "email", "website")
_QUERY = (
    f"SELECT threads.id, threads.uri, threads.title, {', '.join(f'comments.{name}' for name in _COLUMNS)} "  # noqa: S608 -- our own words
    "FROM comments LEFT JOIN threads ON threads.id = comments.tid ORDER BY threads.id, comments.id"
)


def read(path: Path, now: datetime) -> Iterator[Imported]:
    """Read threads that have comments, and their comments; a page's path is its thread's key."""
    with opened(path) as file:
        is_json = next(read_chunks(file), b"").lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    return _read_generic(path, now) if is_json else _read_database(path, now)


def _read_database(path: Path, now: datetime) -> Iterator[Imported]:
    told: set[object] = set()
    try:
        with database_of(path, _TABLES) as database:
            for thread, uri, title, *values in database.execute(_QUERY):
                row = dict(zip(_COLUMNS, values, strict=True))
                found = _comment(row, _text(uri), now)
                if isinstance(found, ImportedComment) and thread not in told:
                    told.add(thread)
                    yield _thread(found, title)
                yield found
    except sqlite3.Error as error:
        message = f"no database of Isso that can be read: {error}"
        raise UnreadableError(message) from error


def _read_generic(path: Path, now: datetime) -> Iterator[Imported]:
    """Read the JSON from which Isso itself imports: threads with their comments, all of them public."""
    try:
        # The document is a list, and what reads documents reads objects.
        threads = read_object(b'{"threads":' + read_document(path).lstrip(b"\xef\xbb\xbf") + b"}")["threads"]
    except BadObjectError as error:
        raise UnreadableError(str(error)) from error
    number = 0
    for thread in threads:
        uri, told = _text(_map(thread).get("id")), False
        comments = _map(thread).get("comments")
        for row in comments if isinstance(comments, list) else []:
            number += 1
            found = _comment(_generic_row(_map(row), uri), uri, now, number)
            if isinstance(found, ImportedComment) and not told:
                told = True
                yield _thread(found, _map(thread).get("title"))
            yield found


def _generic_row(fields: Mapping[str, Any], uri: str) -> dict[str, Any]:
    row = {name: value for name in _COLUMNS if isinstance(value := fields.get(name), str | int | float)}
    # Its numbers begin anew on every page.
    name = f"{uri} {row['id']}" if "id" in row else None
    return dict.fromkeys(_COLUMNS) | row | {"id": name, "parent": None, "mode": _PUBLISHED}


def _thread(comment: ImportedComment, title: object) -> ImportedThread:
    return ImportedThread(line=comment.line, key=comment.thread, title=one_line(_text(title), MAX_TITLE))


def _comment(row: Mapping[str, Any], uri: str, now: datetime, number: int | None = None) -> Imported:
    number, mode = row["id"] if number is None else number, row["mode"]
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
        key=_text(row["id"]),
        parent_key="" if row["parent"] is None else str(row["parent"]),
        author_name=one_line(_text(row["author"]), MAX_NAME),
        author_email=_text(row["email"]).strip(),
        author_url=web_address(_text(row["website"])),
        ip=ip_address(_text(row["remote_addr"])),
        created_at=created_at,
        forgiving=True,
    )


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


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
