"""Comments as an Atom feed (RFC 4287), each reply naming what it replies to (RFC 4685)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from moderation.comments.reading import FeedEntry, PublicComment
from moderation.comments.rendering import render

ATOM = "http://www.w3.org/2005/Atom"
THREADING = "http://purl.org/syndication/thread/1.0"
MEDIA_TYPE = "application/atom+xml"
#: What XML 1.0 cannot hold, not even escaped.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NOBODY = "Anonymous"

register_namespace("", ATOM)
register_namespace("thr", THREADING)


@dataclass(frozen=True, slots=True)
class Feed:
    """A site's newest comments, or a thread's. ``address`` is where it is read, ``page`` what it is about."""

    site_id: uuid.UUID
    site_name: str
    #: The thread's key; ``None``: the whole site.
    thread: str | None
    address: str
    page: str
    #: For a feed without comments: something must have happened last.
    since: datetime
    entries: Sequence[FeedEntry]


def atom(feed: Feed) -> bytes:
    """Return the feed as an XML document. It names authors by name and link only."""
    root = Element(_atom("feed"))
    name = feed.site_name if feed.thread is None else (_title(feed.entries) or feed.thread)
    _text(root, "id", _id_of(feed))
    _text(root, "title", f"Comments on {name}")
    _text(root, "updated", max((_updated(e) for e in feed.entries), default=feed.since).isoformat())
    SubElement(root, _atom("link"), rel="self", type=MEDIA_TYPE, href=_clean(feed.address))
    SubElement(root, _atom("link"), rel="alternate", type="text/html", href=_clean(feed.page))
    for entry in feed.entries:
        _entry(root, entry, feed.page)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + bytes(tostring(root, encoding="utf-8"))


def _entry(root: Element, entry: FeedEntry, page: str) -> None:
    comment = entry.comment
    element = SubElement(root, _atom("entry"))
    _text(element, "id", comment.id.urn)
    _text(element, "title", f"{comment.author_name or NOBODY} on {entry.thread_title or entry.thread}")
    _text(element, "published", comment.created_at.isoformat())
    _text(element, "updated", _updated(entry).isoformat())
    _author(element, comment)
    href = f"{(entry.thread_url or page).partition('#')[0]}#comment-{comment.id}"
    SubElement(element, _atom("link"), rel="alternate", type="text/html", href=_clean(href))
    if comment.parent_id is not None:
        SubElement(element, f"{{{THREADING}}}in-reply-to", ref=comment.parent_id.urn)
    _text(element, "content", render(comment.body), type="html")


def _author(element: Element, comment: PublicComment) -> None:
    author = SubElement(element, _atom("author"))
    _text(author, "name", comment.author_name or NOBODY)
    if comment.author_url.startswith(("https://", "http://")):
        _text(author, "uri", comment.author_url)


def _id_of(feed: Feed) -> str:
    # Stable whatever the service is called or wherever it moves; a thread's is worked out of its site and its key.
    return feed.site_id.urn if feed.thread is None else uuid.uuid5(feed.site_id, feed.thread).urn


def _title(entries: Sequence[FeedEntry]) -> str | None:
    return next((entry.thread_title for entry in entries), None)


def _updated(entry: FeedEntry) -> datetime:
    return max(entry.comment.created_at, entry.edited_at or entry.comment.created_at)


def _text(parent: Element, name: str, text: str, **attributes: str) -> None:
    SubElement(parent, _atom(name), attributes).text = _clean(text)


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


def _atom(name: str) -> str:
    return f"{{{ATOM}}}{name}"
