"""What our own script asks for a writer: how the form is to look, and changing or taking back a comment."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from typing import Any

from apiflask import APIBlueprint
from flask import request

from moderation import jobs
from moderation.api.comments import allow_pages
from moderation.api.context import read_caller, read_id, services
from moderation.api.form_token import make_form_token
from moderation.api.schemas import AcceptedOut, BodyIn, FormOut, FormQuery
from moderation.api.writer_tokens import check_edit_token
from moderation.comments.editing import edit, withdraw
from moderation.comments.intake import thread_is_closed
from moderation.people.sites import get_site
from moderation.policy.rules import current_rules
from moderation.tables import Status

blueprint = APIBlueprint("writers", __name__, url_prefix="/api/v1/sites/<site>", tag="Websites")
blueprint.after_request(allow_pages)

TOKEN_HEADER = "Edit-Token"  # noqa: S105 -- its name
_SECURITY: list[str | dict[str, list[Any]]] = [{"EditToken": []}]


@blueprint.get("/form")
@blueprint.input(FormQuery, location="query", arg_name="query")
@blueprint.output(FormOut)
@blueprint.doc(responses=[404, 422])
def get_form(site: str, query: FormQuery) -> dict[str, Any]:
    """Say how a reply form is to look, with the token that tells since when it is shown."""
    parts = services()
    with parts.database.reading() as session:
        found = get_site(session, read_id(site, "site"))
        rules = current_rules(session, found)
        closed = thread_is_closed(session, found.id, query.thread, rules, parts.clock())
    return {
        "form_token": make_form_token(parts, found.id),
        "name_required": found.name_required,
        "email_required": found.email_required,
        "edit_minutes": rules.edit_minutes,
        "notices": parts.settings.sends_mail,
        "closed": closed,
    }


@blueprint.patch("/comments/<comment>")
@blueprint.input(BodyIn, location="json", arg_name="fields")
@blueprint.output(AcceptedOut)
@blueprint.doc(security=_SECURITY, responses=[400, 403, 404, 409, 413, 422])
def patch_comment(site: str, comment: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Change a comment's text. It is judged again, and may have to wait."""
    parts, site_id, comment_id = services(), read_id(site, "site"), _own(comment)
    edited = edit(
        parts.database,
        parts.live_model.scorer,
        parts.clock,
        site_id,
        comment_id,
        fields,
        read_caller(request, None),
        chance=random.random,
    )
    if edited.job_id is not None:
        jobs.wake(parts, edited.job_id)
    shown = Status.PUBLISHED if edited.comment.status is Status.PUBLISHED else Status.PENDING
    return {"id": edited.comment.id, "status": shown, "created_at": edited.comment.created_at}


@blueprint.delete("/comments/<comment>")
@blueprint.output({}, status_code=204)
@blueprint.doc(security=_SECURITY, responses=[403, 404, 409])
def delete_comment(site: str, comment: str) -> str:
    """Take a comment back: it leaves the page at once."""
    parts, site_id, comment_id = services(), read_id(site, "site"), _own(comment)
    with parts.database.writing() as session:
        withdraw(session, site_id, comment_id, read_caller(request, None), parts.clock())
    return ""


def _own(comment: str) -> uuid.UUID:
    comment_id = read_id(comment, "comment")
    check_edit_token(services(), comment_id, request.headers.get(TOKEN_HEADER, ""))
    return comment_id
