"""The demo page: an article that ends in its comments and a reply form, as a website would have it.

Where scripts run, ``/embed.js`` takes the place of the plain form; ``?plain`` shows that to everybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from flask import g, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from moderation.api.context import services
from moderation.api.form_token import make_form_token
from moderation.comments.reading import PublicComment, read_thread
from moderation.pages.origins import own_origins
from moderation.pages.shell import page_blueprint, show
from moderation.pages.threads import in_order, tree
from moderation.tables import Site

blueprint = page_blueprint("demo", __name__)

SITE = "Demo"
THREAD = "demo"
TITLE = "On keeping a comment section worth reading"
PAGE = 100


@blueprint.get("/demo")
def get_demo() -> Response:
    """Show the article."""
    parts, plain = services(), "1" if "plain" in request.args else None
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
        comments=list(in_order(tree(page.items))),
        total=page.total,
        following=page.next,
        reply_to=_replied_to(page.items),
        sent=request.args.get("comment"),
        plain=plain,
        notices=parts.settings.sends_mail,
        feed=url_for("threads.get_feed", site=site.id, thread=THREAD),
        fields={
            "thread": THREAD,
            "thread_url": f"{_origin(site)}/demo" + ("?plain=1" if plain else ""),
            "thread_title": TITLE,
        },
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
