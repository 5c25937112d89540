"""A site's threads and comments as WordPress exports its own (WXR), which WordPress, Disqus and others read.

It carries threads, comments, where they stand and, as the mark of Akismet's plugin, what people said of them; not what
was decided when and by whom, which only our own format does (``export_site``).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from xml.sax.saxutils import escape

from sqlalchemy import select
from sqlalchemy.orm import Session

from model.sample import Label
from moderation.comments.rendering import render
from moderation.exchange.snapshot import one_moment
from moderation.people.sites import get_site
from moderation.tables import Comment, Site, Status, Thread

BATCH = 500
#: The note of a comment's own id, which WordPress keeps: its numbers are others, and its text is not ours any more.
OWN_ID = "moderation_comment_id"
_APPROVED = {Status.PUBLISHED: "1", Status.PENDING: "0", Status.SPAM: "spam", Status.REJECTED: "trash"}
_JUDGED = {Label.SPAM: "true", Label.HAM: "false"}
#: What comments may hold and XML may not.
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dsq="http://www.disqus.com/" \
xmlns:wp="http://wordpress.org/export/1.2/">
<channel>
"""


def export_wxr(session: Session, site_id: uuid.UUID) -> Iterator[bytes]:
    """Yield the file in pieces, of one moment, in constant memory. Raises ``NotFoundError`` for an unknown site."""
    one_moment(session)
    site = get_site(session, site_id)
    return (piece.encode() for piece in _file(session, site))


def _file(session: Session, site: Site) -> Iterator[str]:
    address = site.origins[0] if site.origins else ""
    yield _HEAD
    yield _elements({"title": site.name, "link": address, "wp:wxr_version": "1.2", "wp:base_site_url": address})
    threads = select(Thread.id, Thread.key, Thread.url, Thread.title, Thread.closed_at, Thread.created_at)
    query = threads.where(Thread.site_id == site.id).order_by(Thread.id).execution_options(yield_per=BATCH)
    for thread in session.execute(query):
        yield f"<item>\n{_thread(thread)}"
        comments = select(Comment).where(Comment.thread_id == thread.id).order_by(Comment.id)
        for comment in session.scalars(comments.execution_options(yield_per=BATCH)):
            yield _comment(comment)
            session.expunge(comment)
        yield "</item>\n"
    yield "</channel>\n</rss>\n"


def _thread(thread: Any) -> str:  # noqa: ANN401 -- a row
    # A post's number, where its key is one: WordPress' own form and export call it so.
    is_number = thread.key.isascii() and thread.key.isdigit()
    return _elements(
        {
            "title": thread.title or thread.key,
            "link": thread.url or "",
            "dsq:thread_identifier": thread.key,
            "wp:post_id": thread.key if is_number else str(_number(thread.id)),
            "wp:post_date_gmt": _time(thread.created_at),
            "wp:comment_status": "closed" if thread.closed_at else "open",
            "wp:post_type": "post",
            "wp:status": "publish",
        }
    )


def _comment(comment: Comment) -> str:
    fields = {
        "comment_id": str(_number(comment.id)),
        "comment_author": escape(comment.author_name),
        "comment_author_email": comment.author_email,
        "comment_author_url": escape(comment.author_url),
        "comment_author_IP": comment.ip,
        "comment_agent": comment.user_agent,
        "comment_date": _time(comment.created_at),
        "comment_date_gmt": _time(comment.created_at),
        "comment_content": render(comment.body),
        "comment_approved": _APPROVED[comment.status],
        "comment_type": "comment",
        "comment_parent": str(_number(comment.parent_id)) if comment.parent_id else "0",
    }
    told = _elements({f"wp:{name}": value for name, value in fields.items()})
    meta = _meta(OWN_ID, str(comment.id))
    if comment.label is not None:
        meta += _meta("akismet_user_result", _JUDGED[comment.label])
    return f"<wp:comment>\n{told}{meta}</wp:comment>\n"


def _meta(key: str, value: str) -> str:
    return f"<wp:commentmeta>\n{_elements({'wp:meta_key': key, 'wp:meta_value': value})}</wp:commentmeta>\n"


def _elements(fields: dict[str, str]) -> str:
    return "".join(f"<{name}>{escape(_FORBIDDEN.sub('', value))}</{name}>\n" for name, value in fields.items())


def _number(own: uuid.UUID) -> int:
    """Return the number that stands for an id, always the same: WordPress' ids are numbers of 64 bits."""
    return (own.int ^ own.int >> 64) & 0x7FFF_FFFF_FFFF_FFFF


def _time(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")
