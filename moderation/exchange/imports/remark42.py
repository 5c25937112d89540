"""Remark42's backup: a line about users and posts, then a comment a line."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from model.jsonl import LONGEST_LINE, BadLine
from moderation.comments.submission import MAX_NAME, MAX_TITLE
from moderation.exchange.history_file import BadObjectError, read_line, shown
from moderation.exchange.imports.cleaning import ip_address, one_line
from moderation.exchange.imports.files import opened, read_lines
from moderation.exchange.imports.markup import to_markdown
from moderation.exchange.imports.verdicts import verdict
from moderation.exchange.imports.vocabulary import Imported, ImportedComment, ImportedThread, LeftOut
from moderation.exchange.times import read_time
from moderation.tables import Status

_VERSIONS = frozenset({0, 1})


def read(path: Path, now: datetime) -> Iterator[Imported]:
    """Read threads and comments. Remark42 knows no spam: all that was not deleted is public."""
    closed: set[str] = set()
    told: set[str] = set()
    with opened(path) as file:
        for number, line in enumerate(read_lines(file, LONGEST_LINE), 1):
            if not line.strip():
                continue
            try:
                record = read_line(line)
            except BadObjectError as error:
                yield BadLine(number, str(error))
                continue
            if "locator" not in record and "version" in record:
                yield from _header(record, number, closed)
                continue
            found = _comment(record, number, now)
            if isinstance(found, ImportedComment) and found.thread not in told:
                told.add(found.thread)
                yield _thread(record, found, now if found.thread in closed else None)
            yield found


def _header(record: Mapping[str, Any], number: int, closed: set[str]) -> Iterator[BadLine]:
    version = record["version"]
    if not isinstance(version, int) or version not in _VERSIONS:
        yield BadLine(number, f"version: {shown(version)} is not known")
    for post in _list(record.get("posts")):
        if post.get("read_only") is True:
            closed.add(_text(post, "url"))


def _comment(record: Mapping[str, Any], number: int, now: datetime) -> Imported:
    url = _text(_map(record.get("locator")), "url").strip()
    if not url:
        return BadLine(number, "locator.url: missing or empty")
    if record.get("delete") is True:
        return LeftOut(number, "deleted")
    # ``orig`` is what was typed, with its special characters as entities; what was itself imported has none.
    body = html.unescape(_text(record, "orig")).strip() or to_markdown(_text(record, "text"))
    if not body:
        return LeftOut(number, "empty")
    user = _map(record.get("user"))
    created_at = read_time(_text(record, "time"), now)
    return ImportedComment(
        line=number,
        body=body,
        status=Status.PUBLISHED,
        label=verdict(Status.PUBLISHED, created_at, now),
        thread=url,
        key=_text(record, "id"),
        parent_key=_text(record, "pid"),
        author_name=one_line(_text(user, "name"), MAX_NAME),
        author_role="admin" if user.get("admin") is True else "",
        ip=ip_address(_text(user, "ip")),
        created_at=created_at,
        forgiving=True,
    )


def _thread(record: Mapping[str, Any], comment: ImportedComment, closed_at: datetime | None) -> ImportedThread:
    title = one_line(_text(record, "title"), MAX_TITLE)
    return ImportedThread(
        line=comment.line, key=comment.thread, url=comment.thread, title=title, closed_at=closed_at,
        created_at=comment.created_at,
    )  # fmt: skip


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
