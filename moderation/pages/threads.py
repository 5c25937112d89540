"""Threads as any page may show them without a script: a piece of HTML to put into a page, and Atom feeds."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from flask import make_response, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from moderation.api.conditional import not_modified, with_tag
from moderation.api.context import read_id, services
from moderation.api.schemas import FeedQuery, ThreadQuery
from moderation.comments.reading import FeedEntry, PublicComment, read_feed, read_thread, tag_of
from moderation.comments.rendering import render
from moderation.exchange.feed import MEDIA_TYPE, Feed, atom
from moderation.pages.shell import at, page_blueprint
from moderation.people.sites import get_site
from moderation.tables import Site, Thread

blueprint = page_blueprint("threads", __name__)

#: Deeper replies are shown at this depth: a phone has no room for more.
MAX_DEPTH = 3
FEED_ENTRIES = 50


@dataclass(slots=True)
class Told:
    """A comment as a page tells it, with the replies to it."""

    comment: PublicComment
    html: str
    replies: list[Told] = field(default_factory=list)


@blueprint.get("/sites/<site>/thread")
@blueprint.input(ThreadQuery, location="query", arg_name="query")
def get_thread(site: str, query: ThreadQuery) -> Response:
    """Return a thread's published comments as a piece of HTML for any page: by SSI, htmx or a server's own include."""
    with services().database.reading() as session:
        found = get_site(session, read_id(site, "site"))
        page = read_thread(session, found.id, query.thread, order=query.order, limit=query.limit, cursor=query.cursor)
    tag = tag_of(page.items, page.next, page.total)
    if unchanged := not_modified(tag):
        return unchanged
    following = None
    if page.next:
        further = query.model_dump(mode="json") | {"cursor": page.next}
        following = public_address(url_for("threads.get_thread", site=site), further)
    html = render_template(
        "thread.html", comments=list(in_order(tree(page.items))), total=page.total, following=following, at=at
    )
    return with_tag(make_response(html), tag)


@blueprint.get("/sites/<site>/feed.atom")
@blueprint.input(FeedQuery, location="query", arg_name="query")
def get_feed(site: str, query: FeedQuery) -> Response:
    """Return the newest comments of a site, or of one of its threads, as an Atom feed."""
    key = query.thread or None
    with services().database.reading() as session:
        found = get_site(session, read_id(site, "site"))
        thread = session.scalar(select(Thread).where(Thread.site_id == found.id, Thread.key == key)) if key else None
        entries = read_feed(session, found.id, key, FEED_ENTRIES)
    tag = tag_of([e.comment for e in entries], key, found.name, [(e.thread_url, e.thread_title) for e in entries])
    if unchanged := not_modified(tag):
        return unchanged
    address = public_address(url_for("threads.get_feed", site=site), {"thread": key} if key else {})
    response = make_response(atom(_feed(found, thread, key, address, entries)))
    response.content_type = f"{MEDIA_TYPE}; charset=utf-8"
    return with_tag(response, tag)


def _feed(site: Site, thread: Thread | None, key: str | None, address: str, entries: Sequence[FeedEntry]) -> Feed:
    return Feed(
        site_id=site.id,
        site_name=site.name,
        thread=key,
        address=address,
        page=(thread and thread.url) or site.origins[0],
        since=thread.created_at if thread else site.created_at,
        entries=entries,
    )


def public_address(path: str, query: Mapping[str, object]) -> str:
    """Return how the outside reaches a path of ours."""
    public = services().settings.public_url
    base = str(public).rstrip("/") if public else request.host_url.rstrip("/")
    told = {name: value for name, value in query.items() if value not in {"", None}}
    return f"{base}{path}" + (f"?{urlencode(told)}" if told else "")


def tree(comments: Sequence[PublicComment]) -> list[Told]:
    """Return the comments that reply to none of the others, each with its replies."""
    told: dict[uuid.UUID, Told] = {c.id: Told(c, render(c.body)) for c in comments}
    roots: list[Told] = []
    for one in told.values():
        parent = told.get(one.comment.parent_id) if one.comment.parent_id else None
        (parent.replies if parent else roots).append(one)
    return roots


def in_order(roots: Sequence[Told]) -> Iterator[tuple[Told, int]]:
    """Yield each comment before its replies, with its depth; a loop, since a thread may be deeper than the stack."""
    waiting = [(one, 0) for one in reversed(roots)]
    while waiting:
        one, depth = waiting.pop()
        yield one, min(depth, MAX_DEPTH)
        waiting += [(reply, depth + 1) for reply in reversed(one.replies)]


@blueprint.after_request
def allow_all_pages(response: Response) -> Response:
    """Let a script of any page read what is public."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
