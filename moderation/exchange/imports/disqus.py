"""Disqus' export: XML with all threads first and all posts after them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from model.jsonl import BadLine
from moderation.comments.submission import MAX_NAME, MAX_TITLE
from moderation.exchange.imports.cleaning import ip_address, one_line
from moderation.exchange.imports.elements import MAX_TEXT, Element, read_elements
from moderation.exchange.imports.markup import to_markdown
from moderation.exchange.imports.verdicts import verdict
from moderation.exchange.imports.vocabulary import Imported, ImportedComment, ImportedThread, LeftOut
from moderation.exchange.times import read_time
from moderation.tables import Status

_FLAGS = {"true": True, "1": True, "false": False, "0": False, "": None}


@dataclass(slots=True)
class _Record:
    """A thread or post: its texts (those of its author as ``author.name``), and the ids of what it names."""

    line: int
    id: str
    texts: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False

    def add(self, element: Element, inside: str) -> None:
        name = f"{inside}.{element.name}" if inside else element.name
        self.texts[name] = element.text
        self.ids[name] = element.attributes.get("id", "") or element.text.strip()
        self.is_cut |= element.is_cut

    def flag(self, name: str) -> bool | None:
        """Return a flag; ``None`` where it is not there. Raises ``KeyError`` for what is none."""
        return _FLAGS[self.texts.get(name, "").strip().lower()]

    def text(self, name: str) -> str:
        return self.texts.get(name, "").strip()


def read(path: Path, now: datetime) -> Iterator[Imported]:
    """Read threads that have posts, and their posts; a thread's identifier is its key, or else its address."""
    threads: dict[str, ImportedThread] = {}
    told: set[str] = set()
    record, inside = None, ""
    for element in read_elements(path, "disqus"):
        if not element.is_end:
            if element.depth == 1:
                record = _Record(element.line, element.attributes.get("id", ""))
            elif element.depth == 2:  # noqa: PLR2004 -- what is in a thread or post
                inside = element.name
        elif record is None or element.depth == 0:
            continue
        elif element.depth > 1:
            record.add(element, inside if element.depth > 2 else "")  # noqa: PLR2004 -- and what is in that
        elif element.name == "thread":
            threads[record.id or record.text("id")] = _thread(record, now)
        elif element.name == "post":
            found = _post(record, threads, now)
            if isinstance(found, ImportedComment) and found.thread not in told:
                told.add(found.thread)
                yield threads[record.ids["thread"]]
            yield found


def _thread(record: _Record, now: datetime) -> ImportedThread:
    link = record.text("link")
    return ImportedThread(
        line=record.line,
        key=record.text("id") or link or record.id,
        url=link,
        title=one_line(record.text("title"), MAX_TITLE),
        closed_at=now if _FLAGS.get(record.text("isClosed").lower()) else None,
        created_at=read_time(record.text("createdAt"), now),
    )


def _post(record: _Record, threads: dict[str, ImportedThread], now: datetime) -> Imported:
    if record.is_cut:
        return BadLine(record.line, f"a field of more than {MAX_TEXT} characters")
    thread = threads.get(record.ids.get("thread", ""))
    if thread is None:
        return BadLine(record.line, f"thread: there is no thread {record.ids.get('thread', '')!r:.40} above it")
    try:
        status = _status(record)
    except KeyError as error:
        return BadLine(record.line, f"isSpam, isDeleted or isApproved: {error.args[0]!r:.40} is neither true nor false")
    message = record.text("message")
    if not message:
        return LeftOut(record.line, "empty")
    created_at = read_time(record.text("createdAt"), now)
    return ImportedComment(
        line=record.line,
        body=to_markdown(message) or message,
        status=status,
        label=verdict(status, created_at, now),
        thread=thread.key,
        key=record.id or record.text("id"),
        parent_key=record.ids.get("parent", ""),
        author_name=one_line(record.text("author.name") or record.text("author.username"), MAX_NAME),
        author_email=record.text("author.email"),
        ip=ip_address(record.text("ipAddress")),
        created_at=created_at or thread.created_at,
        forgiving=True,
    )


def _status(record: _Record) -> Status:
    is_spam, is_deleted, is_approved = (record.flag(name) for name in ("isSpam", "isDeleted", "isApproved"))
    if is_spam:
        return Status.SPAM
    if is_deleted:
        return Status.REJECTED
    return Status.PENDING if is_approved is False else Status.PUBLISHED
