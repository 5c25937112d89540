"""Comments as websites send and read them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from apiflask import APIBlueprint
from flask import Response, g, request

from moderation import jobs
from moderation.api.conditional import headers_of, not_modified
from moderation.api.context import bearer, read_caller, read_id, services
from moderation.api.form_token import seconds_shown
from moderation.api.schemas import (
    AcceptedOut,
    CommentIn,
    CountsOut,
    CountsQuery,
    PublicCommentOut,
    ThreadOut,
    ThreadQuery,
)
from moderation.api.writer_tokens import edit_token, proved_address
from moderation.comments.caller import Caller
from moderation.comments.intake import Accepted, submit
from moderation.comments.reading import PublicComment, count_threads, read_thread, tag_of
from moderation.comments.rendering import render
from moderation.errors import NotFoundError, UnavailableError
from moderation.people.sites import get_site, origin_of
from moderation.services import Services
from moderation.tables import Status

#: The field of our forms that people do not see.
HONEYPOT = "subject"
Answer = Response | tuple[dict[str, Any], HTTPStatus, dict[str, str]]

blueprint = APIBlueprint("comments", __name__, url_prefix="/api/v1/sites/<site>", tag="Websites")


@blueprint.post("/comments")
@blueprint.input(CommentIn, location="json_or_form", arg_name="fields")
@blueprint.output(AcceptedOut, status_code=201)
@blueprint.doc(security=[{"SiteKey": []}, {"Visitor": []}], responses=[400, 401, 403, 404, 409, 413, 422, 429])
def post_comment(site: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Send a comment: with the site's key from its server, without it from a visitor's browser."""
    parts, site_id, key = services(), read_id(site, "site"), bearer(request)
    caller = read_caller(request, key)
    if key is None:
        caller = of_our_form(parts, caller, site_id, fields)
    accepted = take_in(site_id, fields, caller)
    own = caller.form_seconds is not None and accepted.edit_until is not None
    more = {"edit_token": edit_token(parts, accepted.id), "edit_until": accepted.edit_until} if own else {}
    return present_accepted(accepted) | more


def of_our_form(parts: Services, caller: Caller, site_id: uuid.UUID, fields: Mapping[str, Any]) -> Caller:
    """Return the caller with what a form of ours sends beside the comment."""
    return replace(
        caller,
        honeypot=str(fields.get(HONEYPOT) or ""),
        form_seconds=seconds_shown(parts, site_id, str(fields.get("form_token") or "")),
        proved_address=proved_address(parts, site_id, str(fields.get("address_token") or "")),
    )


def take_in(site_id: uuid.UUID, fields: Mapping[str, Any], caller: Caller) -> Accepted:
    """Submit the fields and wake a worker if the comment waits to be judged."""
    parts = services()
    accepted = submit(parts.database, parts.live_model.scorer, parts.clock, site_id, fields, caller)
    if accepted.job_id is not None:
        jobs.wake(parts, accepted.job_id)
    g.taken_in = accepted.status
    return accepted


def present_accepted(accepted: Accepted) -> dict[str, Any]:
    """Return the answer: all of it to the site's server; a visitor is not told spam from waiting."""
    if accepted.by_server:
        return {
            "id": accepted.id,
            "status": accepted.status,
            "created_at": accepted.created_at,
            "spam_probability": accepted.spam_probability,
            "reasons": list(accepted.reasons),
            "model": accepted.model,
        }
    shown = Status.PUBLISHED if accepted.status is Status.PUBLISHED else Status.PENDING
    return {"id": accepted.id, "status": shown, "created_at": accepted.created_at}


@blueprint.get("/comments")
@blueprint.input(ThreadQuery, location="query", arg_name="query")
@blueprint.output(ThreadOut)
@blueprint.doc(responses=[304, 404, 422])
def get_comments(site: str, query: ThreadQuery) -> Answer:
    """Read a thread's published comments. Send ``If-None-Match`` to be answered only if something has changed."""
    with services().database.reading() as session:
        site_id = get_site(session, read_id(site, "site")).id
        page = read_thread(session, site_id, query.thread, order=query.order, limit=query.limit, cursor=query.cursor)
    tag = tag_of(page.items, page.next, page.total)
    if unchanged := not_modified(tag):
        return unchanged
    answer = {"comments": [present_public(c) for c in page.items], "next": page.next, "total": page.total}
    return answer, HTTPStatus.OK, headers_of(tag)


def present_public(comment: PublicComment) -> PublicCommentOut:
    """Return a comment as the public sees it."""
    return PublicCommentOut(
        id=comment.id,
        parent_id=comment.parent_id,
        author_name=comment.author_name,
        author_url=comment.author_url,
        body=comment.body,
        body_html=render(comment.body),
        created_at=comment.created_at,
    )


@blueprint.get("/counts")
@blueprint.input(CountsQuery, location="query", arg_name="query")
@blueprint.output(CountsOut)
@blueprint.doc(responses=[304, 404, 422])
def get_counts(site: str, query: CountsQuery) -> Answer:
    """Count the published comments of threads."""
    with services().database.reading() as session:
        site_id = get_site(session, read_id(site, "site")).id
        counts = count_threads(session, site_id, query.thread)
    tag = tag_of([], counts)
    return not_modified(tag) or ({"counts": counts}, HTTPStatus.OK, headers_of(tag))


@blueprint.after_request
def allow_pages(response: Response) -> Response:
    """Let the site's own pages read the answer; threads and counts are public and may be read by any page."""
    origin = request.headers.get("Origin")
    if origin is None:
        return response
    asked = request.headers.get("Access-Control-Request-Method", request.method)
    if asked == "GET":
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response
    response.headers["Vary"] = "Origin"
    if origin_of(origin) in _origins():
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, PATCH, DELETE"
        response.headers["Access-Control-Allow-Headers"] = "Content-Type, Idempotency-Key, Edit-Token"
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"
        response.headers["Access-Control-Max-Age"] = "3600"
    return response


def _origins() -> list[str]:
    try:
        with services().database.reading() as session:
            return list(get_site(session, read_id((request.view_args or {})["site"], "site")).origins)
    except (NotFoundError, UnavailableError):
        return []
