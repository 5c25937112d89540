"""JSON lines: the contract's labelled lines, and our own export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from model.jsonl import LONGEST_LINE, BadLine
from model.sample import Label
from moderation.comments.submission import CLOCK_SKEW
from moderation.exchange.history_file import CommentLine, Kind, RecordLine, read_history
from moderation.exchange.imports.files import opened, read_lines
from moderation.exchange.imports.past import (
    BadRecordError,
    PastDecision,
    PastPolicy,
    PastSite,
    PastThread,
    read_past,
    read_record,
)
from moderation.exchange.imports.vocabulary import (
    NO_THREAD,
    Imported,
    ImportedComment,
    ImportedSettings,
    ImportedThread,
)
from moderation.exchange.threads import fit_key
from moderation.exchange.times import read_time
from moderation.tables import Status

STANDING = {Label.SPAM: Status.SPAM, Label.HAM: Status.PUBLISHED}


@dataclass(slots=True)
class _Held:
    """What is complete only when a line of another kind comes: a site with its policies, a comment's decisions."""

    comment: CommentLine | None = None
    #: The id of the latest comment, even of one that was bad: its decisions go with it.
    comment_id: object = None
    decisions: list[PastDecision] = field(default_factory=list)
    site: tuple[int, PastSite] | None = None
    policies: list[PastPolicy] = field(default_factory=list)


def read(path: Path, now: datetime) -> Iterator[Imported]:
    """Read threads and comments; a label alone says where a comment stood: spam, or published."""
    held = _Held()
    with opened(path) as file:
        for line in read_history(read_lines(file, LONGEST_LINE)):
            try:
                if isinstance(line, RecordLine) and line.kind is Kind.DECISION:
                    _add_decision(held, line, now)
                    continue
                if isinstance(line, RecordLine) and line.kind is Kind.POLICY:
                    held.policies.append(read_record(PastPolicy, line.fields, now))
                    continue
                yield from _released(held, now)
                if isinstance(line, BadLine):
                    yield line
                elif isinstance(line, CommentLine):
                    held.comment, held.comment_id = line, line.fields.get("id")
                elif line.kind is Kind.SITE:
                    held.site = line.number, read_record(PastSite, line.fields, now)
                else:
                    yield _thread(line, now)
            except BadRecordError as error:
                yield BadLine(line.number, str(error))
    yield from _released(held, now)


def _add_decision(held: _Held, line: RecordLine, now: datetime) -> None:
    decision = read_record(PastDecision, line.fields, now)
    if held.comment_id is None or str(decision.comment_id) != held.comment_id:
        message = "comment_id: not that of the comment above"
        raise BadRecordError(message)
    held.decisions.append(decision)


def _released(held: _Held, now: datetime) -> Iterator[Imported]:
    if held.site is not None:
        yield ImportedSettings(*held.site, tuple(held.policies))
        held.site = None
    if held.comment is not None:
        yield _comment(held.comment, held.decisions, now)
        held.comment, held.decisions = None, []


def _thread(line: RecordLine, now: datetime) -> ImportedThread | BadLine:
    key = _text(line.fields, "key")
    if not key.strip():
        return BadLine(line.number, "key: missing or empty")
    times = read_record(PastThread, line.fields, now)
    return ImportedThread(
        line=line.number,
        key=fit_key(key),
        url=_text(line.fields, "url"),
        title=_text(line.fields, "title"),
        closed_at=times.closed_at,
        created_at=min(times.created_at or now, now),
        is_exact=times.created_at is not None,
    )


def _comment(line: CommentLine, decisions: list[PastDecision], now: datetime) -> ImportedComment | BadLine:
    fields, sample = line.fields, line.sample
    status = _status(line, is_told=bool(decisions))
    if status is None:
        return BadLine(line.number, f"status: none of {', '.join(Status)}")
    written = _text(fields, "created_at")
    created_at = read_time(written, now + CLOCK_SKEW)
    if written.strip() and created_at is None:
        return BadLine(line.number, f"created_at: {written!r:.40} is no time, before 1970 or yet to come")
    try:
        past = read_past(fields, decisions, now) if decisions else None
    except BadRecordError as error:
        return BadLine(line.number, str(error))
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
        created_at=created_at,
        knowledge=sample.knowledge,
        own_id=past.comment.id if past else None,
        past=past,
    )


def _status(line: CommentLine, *, is_told: bool) -> Status | None:
    if line.label is not None and not is_told:
        return STANDING[line.label]
    try:
        return Status(_text(line.fields, "status"))
    except ValueError:
        return None


def _text(fields: Mapping[str, Any], name: str) -> str:
    """Return a text of our own export; what is no text is of another origin and says nothing."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""
