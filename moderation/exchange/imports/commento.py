"""The JSON export of Commento and its successors Commento++ and Comentario: one document, of version 1 or 3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from model.jsonl import BadLine
from moderation.comments.submission import MAX_NAME, MAX_TITLE
from moderation.exchange.history_file import BadObjectError, read_object, shown
from moderation.exchange.imports.cleaning import ip_address, one_line, web_address
from moderation.exchange.imports.documents import read_document
from moderation.exchange.imports.files import UnreadableError
from moderation.exchange.imports.verdicts import verdict
from moderation.exchange.imports.vocabulary import Imported, ImportedComment, ImportedThread, LeftOut
from moderation.exchange.times import read_time
from moderation.tables import Status

_STATES = {"approved": Status.PUBLISHED, "unapproved": Status.PENDING, "flagged": Status.SPAM}
_ANONYMOUS = frozenset({"", "anonymous", "0" * 64, "00000000-0000-0000-0000-000000000000"})
Record = Mapping[str, Any]


def read(path: Path, now: datetime) -> Iterator[Imported]:
    """Read threads that have comments, and their comments; a page's path is its thread's key."""
    document = _document(path)
    version = document.get("version")
    if not isinstance(version, int) or version not in {1, 3}:
        message = f"version: {shown(version)} is not known, only 1 and 3"
        raise UnreadableError(message)
    pages = {_text(page, "id"): page for page in _records(document, "pages")}
    people = {_text(one, "id", "commenterHex"): one for one in _records(document, "commenters")}
    told: set[str] = set()
    for number, record in enumerate(_records(document, "comments"), 1):
        page = pages.get(_text(record, "pageId"), {})
        path_ = _text(page or record, "path", "url").strip()
        key = "/" + path_.removeprefix("/") if path_ or page else ""
        found = _comment(record, people, key, number, now)
        if isinstance(found, ImportedComment) and key not in told:
            told.add(key)
            title = one_line(_text(page, "title"), MAX_TITLE)
            closed_at = now if page.get("isReadonly") is True else None
            created_at = read_time(_text(page, "createdTime"), now)
            yield ImportedThread(line=number, key=key, title=title, closed_at=closed_at, created_at=created_at)
        yield found


def _document(path: Path) -> Record:
    try:
        return read_object(read_document(path))
    except BadObjectError as error:
        raise UnreadableError(str(error)) from error


def _comment(record: Record, people: Mapping[str, Record], key: str, number: int, now: datetime) -> Imported:
    status = _status(record)
    if isinstance(status, str) and not isinstance(status, Status):
        return BadLine(number, status)
    if not key:
        return BadLine(number, "its page is missing")
    body = _text(record, "markdown").strip()
    if status is None or body in {"", "[deleted]"}:
        return LeftOut(number, "deleted" if status is None or body else "empty")
    who = _text(record, "userCreated", "commenterHex")
    person = people.get(who, {})
    parent = _text(record, "parentId", "parentHex")
    created_at = read_time(_text(record, "createdTime", "creationDate"), now)
    name = _text(record, "authorName") or ("" if who in _ANONYMOUS else _text(person, "name"))
    return ImportedComment(
        line=number,
        body=body,
        status=status,
        label=verdict(status, created_at, now),
        thread=key,
        key=_text(record, "id", "commentHex"),
        parent_key="" if parent == "root" else parent,
        author_name=one_line(name, MAX_NAME),
        author_email=_text(person, "email").strip(),
        author_url=web_address(_text(person, "websiteUrl", "link")),
        author_role="moderator" if person.get("isModerator") is True else "",
        ip=ip_address(_text(record, "authorIp")),
        created_at=created_at,
        forgiving=True,
    )


def _status(record: Record) -> Status | str | None:
    """Return where the comment stood; ``None``: deleted; another text: what is wrong."""
    if record.get("deleted") is True or record.get("isDeleted") is True:
        return None
    if "state" in record:
        return _STATES.get(_text(record, "state")) or f"state: {shown(record['state'])} is not known"
    if record.get("isPending") is True:
        return Status.PENDING
    return Status.PUBLISHED if record.get("isApproved") is True else Status.REJECTED


def _records(document: Record, name: str) -> list[Record]:
    found = document.get(name) or []
    return [item if isinstance(item, dict) else {} for item in found] if isinstance(found, list) else []


def _text(fields: Record, *names: str) -> str:
    """Return the first of the fields that holds a text: the versions call them differently."""
    return next((fields[name] for name in names if isinstance(fields.get(name), str) and fields[name]), "")
