"""The demo page: an article that ends in its comments and a plain reply form, as a website would have it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from flask import g, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from moderation.api.context import services
from moderation.comments.reading import PublicComment, read_thread
from moderation.comments.rendering import render
from moderation.pages.form_token import make_form_token
from moderation.pages.origins import own_origins
from moderation.pages.shell import page_blueprint, show
from moderation.tables import Site

blueprint = page_blueprint("demo", __name__)

SITE = "Demo"
THREAD = "demo"
TITLE = "On keeping a comment section worth reading"
PAGE = 100
#: Deeper replies are shown at this depth: a phone has no room for more.
MAX_DEPTH = 3


@dataclass(slots=True)
class Told:
    """A comment as the page tells it, with the replies to it."""

    comment: PublicComment
    html: str
    replies: list[Told] = field(default_factory=list)


@blueprint.get("/demo")
def get_demo() -> Response:
    """Show the article."""
    parts = services()
    with parts.database.reading() as session:
        site = _find_site(session)
        if site is None:
            return show("no_demo.html", HTTPStatus.NOT_FOUND)
        page = read_thread(session, site.id, THREAD, limit=PAGE, cursor=request.args.get("cursor", ""))
    g.form_targets = tuple(site.origins)
    return show(
        "demo.html",
        title=TITLE,
        site=site,
        comments=list(_in_order(_tree(page.items))),
        total=page.total,
        following=page.next,
        reply_to=_replied_to(page.items),
        sent=request.args.get("comment"),
        fields={"thread": THREAD, "thread_url": f"{_origin(site)}/demo", "thread_title": TITLE},
        form_token=make_form_token(parts, site.id),
    )


def _find_site(session: Session) -> Site | None:
    sites = session.scalars(select(Site).where(Site.name == SITE).order_by(Site.id)).all()
    ours = [site for site in sites if own_origins(request) & set(site.origins)]
    return next(iter([*ours, *sites]), None)


def _origin(site: Site) -> str:
    # The page may have been opened under another name than the site's; the way back leads only to the site's own.
    here = own_origins(request) & set(site.origins)
    return str(min(here) if here else site.origins[0])


def _replied_to(comments: Sequence[PublicComment]) -> PublicComment | None:
    wanted = request.args.get("reply_to", "")
    return next((comment for comment in comments if str(comment.id) == wanted), None)


def _tree(comments: Sequence[PublicComment]) -> list[Told]:
    told: dict[uuid.UUID, Told] = {c.id: Told(c, render(c.body)) for c in comments}
    roots: list[Told] = []
    for one in told.values():
        parent = told.get(one.comment.parent_id) if one.comment.parent_id else None
        (parent.replies if parent else roots).append(one)
    return roots


def _in_order(roots: Sequence[Told]) -> Iterator[tuple[Told, int]]:
    """Yield each comment before its replies, with its depth; a loop, since a thread may be deeper than the stack."""
    waiting = [(one, 0) for one in reversed(roots)]
    while waiting:
        one, depth = waiting.pop()
        yield one, min(depth, MAX_DEPTH)
        waiting += [(reply, depth + 1) for reply in reversed(one.replies)]
