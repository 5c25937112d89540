"""The reply form as plain HTML sends it: back to the page, or the form again with its errors and the writer's text."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Request, g, redirect, request
from sqlalchemy import select
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from moderation.api import problems
from moderation.api.bodies import read_body
from moderation.api.comments import of_our_form, present_accepted, take_in
from moderation.api.context import read_caller, read_id, services
from moderation.api.form_token import make_form_token, seconds_shown
from moderation.comments.intake import Accepted
from moderation.errors import (
    FieldError,
    InvalidError,
    MalformedError,
    ModerationError,
    TooManyError,
    UnavailableError,
)
from moderation.pages.origins import own_origins, sent_from
from moderation.pages.shell import page_blueprint, show
from moderation.people.sites import get_site, origin_of
from moderation.tables import Site, Thread

blueprint = page_blueprint("form", __name__)

#: What WordPress' own reply form calls our fields.
WORDPRESS = {
    "author": "author_name",
    "email": "author_email",
    "url": "author_url",
    "comment": "body",
    "comment_post_ID": "thread",
    "comment_parent": "parent_id",
}
_FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}
_ADVICE = {
    "thread_closed": "This thread takes no more comments. Copy your text if you want to keep it.",
    "duplicate_comment": "You have sent this comment already; it has not been lost.",
    "parent_not_found": "The comment you reply to is not there any more. Post it again to send it as a new comment.",
    "wrong_origin": "This form was open for very long, or not on one of the site’s own pages. Post it again.",
}


@blueprint.post("/sites/<site>/comments")
def post_comment(site: str) -> Response:
    """Take in a comment from a plain form."""
    fields: Mapping[str, Any] = {}
    known = None
    try:
        known = _find(site)
        fields = in_our_words(_read(request))
        accepted = _take_in(known, fields)
    except ModerationError as error:
        return _again(error, known, fields or in_our_words(_whatever_came(request)))
    return _thanks(known, fields, str(present_accepted(accepted)["status"]), accepted.id)


def in_our_words(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields under our names. A reply to what only WordPress knows by number becomes a new comment."""
    ours = dict(fields)
    for theirs, name in WORDPRESS.items():
        value = fields.get(theirs, "")
        if theirs == "comment_parent" and not _is_id(str(value)):
            # 0 for no reply, or a number of WordPress' own, of a comment that we may not even have.
            continue
        if value and not ours.get(name):
            ours[name] = value
    return ours


def _is_id(text: str) -> bool:
    try:
        return bool(uuid.UUID(text.strip()))
    except ValueError:
        return False


def _find(site: str) -> Site:
    with services().database.reading() as session:
        found = get_site(session, read_id(site, "site"))
    # Browsers hold the policy of the page with the form against the redirect that follows, too.
    g.form_targets = tuple(found.origins)
    return found


def _read(incoming: Request) -> Mapping[str, Any]:
    if incoming.mimetype not in _FORMS:
        message = "This address takes what a form sends. Programs send JSON to /api/v1/sites/…/comments."
        raise MalformedError(message, code="unsupported_media_type")
    return read_body(incoming)


def _whatever_came(incoming: Request) -> dict[str, Any]:
    """Return what can be shown of fields that could not be read strictly, so that the writer need not type again."""
    try:
        if incoming.mimetype == "multipart/form-data":
            pairs = list(incoming.form.items(multi=True))
        else:
            pairs = parse_qsl(incoming.get_data().decode("utf-8", "replace"), keep_blank_values=True)
    except RequestEntityTooLarge:
        return {}
    # Of a field that came twice the longer text is the one that would be missed.
    return dict(sorted(pairs, key=lambda pair: len(pair[1])))


def _take_in(site: Site, fields: Mapping[str, Any]) -> Accepted:
    parts = services()
    caller = of_our_form(parts, read_caller(request, None), site.id, fields)
    ours = caller.form_seconds is not None and sent_from(request) in own_origins(request)
    return take_in(site.id, fields, replace(caller, from_our_page=ours))


def _thanks(site: Site, fields: Mapping[str, Any], status: str, comment_id: uuid.UUID) -> Response:
    page = _page(site, fields)
    if page is None:
        return show("thanks.html", HTTPStatus.OK, site=site, became=status)
    parts = urlsplit(page)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "comment"]
    fragment = f"comment-{comment_id}" if status == "published" else "respond"
    address = urlunsplit(parts._replace(query=urlencode([*query, ("comment", status)]), fragment=fragment))
    return redirect(address, HTTPStatus.SEE_OTHER)


def _page(site: Site, fields: Mapping[str, Any]) -> str | None:
    """Return the page to go back to. Only ever one of the site's own, whatever the form says."""
    with services().database.reading() as session:
        of_thread = session.scalar(
            select(Thread.url).where(Thread.site_id == site.id, Thread.key == str(fields.get("thread", "")).strip())
        )
    for address in (str(fields.get("thread_url", "")).strip(), of_thread, request.referrer):
        if address and origin_of(address) in site.origins and not _is_bare(address):
            return address
    return _wordpress_page(site, fields)


def _is_bare(address: str) -> bool:
    # From another origin browsers send as Referer no more than the origin; that is not the page, but the way to it.
    parts = urlsplit(address)
    return address == request.referrer and parts.path in {"", "/"} and not parts.query


def _wordpress_page(site: Site, fields: Mapping[str, Any]) -> str | None:
    """Return the address under which WordPress finds a post by its number, if that is what the form named."""
    number = str(fields.get("comment_post_ID", "")).strip()
    origin = origin_of(request.headers.get("Origin", "")) or origin_of(request.referrer or "")
    return f"{origin}/?p={number}" if number.isdecimal() and origin in site.origins else None


def _again(error: ModerationError, site: Site | None, fields: Mapping[str, Any]) -> Response:
    status = problems.status_of(error)
    errors = error.errors if isinstance(error, InvalidError) else ()
    if error.code == "parent_not_found" or any(e.field == "parent_id" for e in errors):
        # The form shows no field for it, so the writer could not mend it.
        fields = {**fields, "parent_id": ""}
    response = show(
        "form_again.html",
        status,
        site=site,
        action=request.path,
        fields=fields,
        errors={e.field: e for e in errors},
        message=_ADVICE.get(error.code, error.message),
        others=_others(errors),
        form_token=_token(site, fields),
        notices=services().settings.sends_mail,
    )
    if isinstance(error, TooManyError):
        response.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, UnavailableError):
        response.headers["Retry-After"] = "5"
    return response


def _others(errors: tuple[FieldError, ...]) -> list[FieldError]:
    """Return the errors in fields that the form does not show."""
    shown = {"author_name", "author_email", "author_url", "body"}
    return [e for e in errors if e.field not in shown]


def _token(site: Site | None, fields: Mapping[str, Any]) -> str:
    """Return the form's own token, or a new one where that is worth nothing any more."""
    if site is None:
        return ""
    token = str(fields.get("form_token", ""))
    return token if seconds_shown(services(), site.id, token) is not None else make_form_token(services(), site.id)
