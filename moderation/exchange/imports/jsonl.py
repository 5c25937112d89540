"""JSON lines: the contract's labelled lines, and our own export."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from model.jsonl import BadLine
from model.sample import Label
from moderation.exchange.history_file import CommentLine, ThreadLine, read_history
from moderation.exchange.imports.vocabulary import NO_THREAD, Imported, ImportedComment, ImportedThread
from moderation.exchange.threads import fit_key
from moderation.exchange.times import read_time
from moderation.tables import Status

STANDING = {Label.SPAM: Status.SPAM, Label.HAM: Status.PUBLISHED}


def read(lines: Iterable[bytes], now: datetime) -> Iterator[Imported]:
    """Read threads and comments; a label alone says where a comment stood: spam, or published."""
    for line in read_history(lines):
        if isinstance(line, BadLine):
            yield line
        elif isinstance(line, ThreadLine):
            yield _thread(line, now)
        else:
            yield _comment(line, now)


def _thread(line: ThreadLine, now: datetime) -> ImportedThread | BadLine:
    key = _text(line.fields, "key")
    if not key.strip():
        return BadLine(line.number, "key: missing or empty")
    return ImportedThread(
        line=line.number,
        key=fit_key(key),
        url=_text(line.fields, "url"),
        title=_text(line.fields, "title"),
        closed_at=read_time(_text(line.fields, "closed_at"), now),
        created_at=read_time(_text(line.fields, "created_at"), now),
    )


def _comment(line: CommentLine, now: datetime) -> ImportedComment | BadLine:
    fields, sample = line.fields, line.sample
    status = _status(line)
    if status is None:
        return BadLine(line.number, f"status: none of {', '.join(Status)}")
    return ImportedComment(
        line=line.number,
        body=sample.body,
        status=status,
        label=line.label,
        thread=fit_key(sample.thread) or NO_THREAD,
        key=_text(fields, "id"),
        parent_key=_text(fields, "parent_id"),
        author_name=sample.author_name,
        author_email=sample.author_email,
        author_url=sample.author_url,
        author_role=_text(fields, "author_role"),
        ip=sample.ip,
        user_agent=sample.user_agent,
        referrer=_text(fields, "referrer"),
        created_at=read_time(_text(fields, "created_at"), now),
        knowledge=sample.knowledge,
    )


def _status(line: CommentLine) -> Status | None:
    if line.label is not None:
        return STANDING[line.label]
    try:
        return Status(_text(line.fields, "status"))
    except ValueError:
        return None


def _text(fields: Mapping[str, Any], name: str) -> str:
    """Return a text of our own export; what is no text is of another origin and says nothing."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""
