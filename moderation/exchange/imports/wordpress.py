"""WordPress' own export (WXR): posts with their comments, the spam folder and the trash included."""

from __future__ import annotations

import html
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from model.jsonl import BadLine
from model.sample import Label
from moderation.comments.submission import MAX_NAME, MAX_TITLE
from moderation.exchange.imports.cleaning import one_line, web_address
from moderation.exchange.imports.elements import MAX_TEXT, Element, read_elements
from moderation.exchange.imports.markup import to_markdown
from moderation.exchange.imports.verdicts import verdict
from moderation.exchange.imports.vocabulary import Imported, ImportedComment, ImportedThread, LeftOut
from moderation.exchange.times import read_time
from moderation.exchange.wxr import OWN_ID
from moderation.tables import Status

#: Also as plugins and the REST interface write them. Without any word, nobody has decided.
_STATUS = {
    "": Status.PENDING,
    "0": Status.PENDING,
    "hold": Status.PENDING,
    "1": Status.PUBLISHED,
    "approve": Status.PUBLISHED,
    "approved": Status.PUBLISHED,
    "spam": Status.SPAM,
    "trash": Status.REJECTED,
    "post-trashed": Status.REJECTED,
}
_COMMENTS = frozenset({"", "comment", "review"})
#: What Akismet's plugin notes where a person corrected it.
_CORRECTED = {"true": (Status.SPAM, Label.SPAM), "false": (Status.PUBLISHED, Label.HAM)}
_POST = frozenset(
    {"title", "link", "guid", "pubDate", "post_id", "post_date", "post_date_gmt", "comment_status", "thread_identifier"}
)
_ITEM, _COMMENT = 2, 3  # levels: rss, channel, item, comment


@dataclass(slots=True)
class _Post:
    fields: dict[str, str] = field(default_factory=dict)
    is_told: bool = False

    @property
    def key(self) -> str:
        names = ("thread_identifier", "post_id", "link", "guid")
        return next((self.fields[name].strip() for name in names if self.fields.get(name, "").strip()), "")


@dataclass(slots=True)
class _Comment:
    line: int
    fields: dict[str, str] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    meta_key: str = ""
    is_cut: bool = False

    def add(self, element: Element) -> None:
        if element.name == "meta_key":
            self.meta_key = element.text
        elif element.name == "meta_value":
            self.meta[self.meta_key] = element.text
        elif element.depth == _COMMENT + 1:
            self.fields[element.name.removeprefix("comment_")] = element.text
            self.is_cut |= element.is_cut


def read(path: Path, now: datetime) -> Iterator[Imported]:
    """Read posts that have comments, and their comments; a post's number is its thread's key."""
    post, comment = _Post(), None
    for element in read_elements(path, "rss"):
        name, depth = element.name, element.depth
        if not element.is_end:
            if name == "item" and depth == _ITEM:
                post = _Post()
            elif name == "comment" and depth == _COMMENT:
                comment = _Comment(element.line)
        elif comment is not None and depth > _COMMENT:
            comment.add(element)
        elif comment is not None:
            yield from _finish(post, comment, now)
            comment = None
        elif depth == _COMMENT and name in _POST:
            post.fields.setdefault(name, element.text)


def _finish(post: _Post, comment: _Comment, now: datetime) -> Iterator[Imported]:
    found = _comment(post, comment, now)
    if isinstance(found, ImportedComment) and not post.is_told:
        post.is_told = True
        yield _thread(post, comment.line, now)
    yield found


def _comment(post: _Post, comment: _Comment, now: datetime) -> Imported:
    fields, line = comment.fields, comment.line
    kind = fields.get("type", "").strip()
    if kind not in _COMMENTS:
        return LeftOut(line, kind)
    approved = fields.get("approved", "").strip()
    if comment.is_cut:
        return BadLine(line, f"a field of more than {MAX_TEXT} characters")
    if approved not in _STATUS:
        return BadLine(line, f"comment_approved: {approved!r:.40} is no status that WordPress has")
    if not post.key:
        return BadLine(line, "its post has neither a post_id nor a link")
    content = fields.get("content", "")
    if not content.strip():
        return LeftOut(line, "empty")
    created_at = _time(fields, "date", now)
    status = _STATUS[approved]
    by_person = _CORRECTED.get(comment.meta.get("akismet_user_result", ""), (None, None))
    parent = fields.get("parent", "").strip()
    return ImportedComment(
        line=line,
        body=to_markdown(content) or content.strip(),
        status=status,
        label=by_person[1] if by_person[0] is status else verdict(status, created_at, now),
        thread=post.key,
        key=fields.get("id", "").strip(),
        parent_key="" if parent == "0" else parent,
        author_name=one_line(fields.get("author", ""), MAX_NAME),
        author_email=html.unescape(fields.get("author_email", "")).strip(),
        author_url=web_address(fields.get("author_url", "")),
        ip=fields.get("author_IP", "").strip(),
        user_agent=fields.get("agent", ""),
        created_at=created_at or _time(post.fields, "post_date", now) or read_time(post.fields.get("pubDate", ""), now),
        forgiving=True,
        own_id=_own_id(comment.meta.get(OWN_ID, "")),
    )


def _own_id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text.strip())
    except ValueError:
        return None


def _thread(post: _Post, line: int, now: datetime) -> ImportedThread:
    created_at = _time(post.fields, "post_date", now)
    return ImportedThread(
        line=line,
        key=post.key,
        url=post.fields.get("link", "").strip(),
        title=one_line(post.fields.get("title", ""), MAX_TITLE),
        closed_at=now if post.fields.get("comment_status", "").strip() == "closed" else None,
        created_at=created_at,
    )


def _time(fields: dict[str, str], name: str, now: datetime) -> datetime | None:
    """Return the time, by the world's clock rather than the site's; zeros stand for none."""
    return read_time(fields.get(f"{name}_gmt", ""), now) or read_time(fields.get(name, ""), now)
