"""The desk's other forms, which need no script either: many at once, campaigns, skips, notes, replies."""

from __future__ import annotations

import json
import uuid
from typing import Any

from flask import g, request, url_for
from werkzeug.wrappers import Response

from moderation.api import problems
from moderation.api.context import current_actor, read_id, services
from moderation.errors import ConflictError, FieldError, InvalidError
from moderation.pages.queue_address import back, filters_of, read_query
from moderation.pages.shell import page_blueprint, show
from moderation.policy.moves import TO_STATUS
from moderation.review.batches import preview, undo_batch
from moderation.review.campaigns import MOST_MEMBERS, decide_campaign
from moderation.review.claims import skip, unskip
from moderation.review.decisions import Outcome, batch_of, decide_many
from moderation.review.notes import add_note
from moderation.review.reply import publish_and_reply
from moderation.tables import Action

blueprint = page_blueprint("many", __name__)

_NO_ACTION = f"One of {', '.join(TO_STATUS)}."
#: Digits of the longest version that is read.
_LONGEST_NUMBER = 10
_OUTDATED = "The page is out of date. Reload it and choose again."
_NOTHING = "No comment was chosen. Go back and tick one or more."


@blueprint.post("/review/bulk")
def post_bulk() -> Response:
    """Show what a decision on the chosen comments would do."""
    actor, action, seen = current_actor(), _action(), _seen()
    with services().database.reading() as session:
        found = preview(session, actor, list(seen), action, seen)
    return show("bulk.html", found=found, action=action.value, seen=seen, filters=filters_of(read_query()))


@blueprint.post("/review/bulk/decisions")
def post_decisions() -> Response:
    """Decide on the chosen comments, as they were looked at."""
    actor, parts, seen = current_actor(), services(), _seen()
    with parts.database.writing() as session:
        outcomes = decide_many(
            session,
            actor,
            list(seen),
            _action(),
            parts.clock(),
            seen_versions=seen,
            reason=request.form.get("reason", ""),
            blind=read_query().status == "audit",
        )
        return _told(outcomes)


@blueprint.post("/review/batches/<batch_id>/undo")
def post_undo(batch_id: str) -> Response:
    """Take back all that was decided in one go."""
    actor, parts = current_actor(), services()
    with parts.database.writing() as session:
        return _told(undo_batch(session, actor, read_id(batch_id, "batch"), parts.clock()))


@blueprint.post("/review/comments/<comment_id>/campaign")
def post_campaign(comment_id: str) -> Response:
    """Decide on the campaign that a comment stands for, as it was looked at."""
    actor, parts = current_actor(), services()
    try:
        with parts.database.writing() as session:
            outcomes = decide_campaign(
                session,
                actor,
                read_id(comment_id, "comment"),
                _action(),
                parts.clock(),
                seen_versions=_members(),
                reason=request.form.get("reason", ""),
            )
            return _told(outcomes)
    except ConflictError as error:
        return _conflict(error, comment_id)


@blueprint.post("/review/comments/<comment_id>/skip")
def post_skip(comment_id: str) -> Response:
    """Leave a comment to others."""
    actor, parts = current_actor(), services()
    with parts.database.writing() as session:
        skip(session, actor, read_id(comment_id, "comment"), parts.clock())
    return back()


@blueprint.post("/review/skips/clear")
def post_unskip() -> Response:
    """Take back all that one left to others."""
    actor, parts = current_actor(), services()
    with parts.database.writing() as session:
        unskip(session, actor)
    return back()


@blueprint.post("/review/comments/<comment_id>/notes")
def post_note(comment_id: str) -> Response:
    """Write a note for the other moderators."""
    actor, parts = current_actor(), services()
    with parts.database.writing() as session:
        add_note(session, actor, read_id(comment_id, "comment"), request.form.get("text", ""), parts.clock())
    return back(comment_id)


@blueprint.post("/review/comments/<comment_id>/reply")
def post_reply(comment_id: str) -> Response:
    """Publish a comment and put an answer under it."""
    actor, parts = current_actor(), services()
    try:
        with parts.database.writing() as session:
            _, _, batch_id = publish_and_reply(
                session,
                actor,
                read_id(comment_id, "comment"),
                request.form.get("name", ""),
                request.form.get("body", ""),
                parts.clock(),
                seen_version=_number(request.form.get("version", "")),
            )
    except ConflictError as error:
        return _conflict(error, comment_id)
    return back(comment_id, batch=batch_id)


def _told(outcomes: list[Outcome]) -> Response:
    batch = batch_of(outcomes)
    left = sum(o.decision is None for o in outcomes)
    told: dict[str, Any] = {"batch": batch} if batch else {}
    return back(**told, **({"left": left} if left else {}))


def _conflict(error: ConflictError, comment_id: str) -> Response:
    home = url_for("desk.get_queue", **filters_of(read_query()))
    return show("conflict.html", problems.status_of(error), message=error.message, comment_id=comment_id, back=home)


def _action() -> Action:
    wanted = request.form.get("action", "")
    if wanted not in TO_STATUS:
        raise _bad(_NO_ACTION, field="action")
    return Action(wanted)


def _seen() -> dict[uuid.UUID, int]:
    """Return the comments that were ticked, as they were looked at: ``id:version``, one or more for each card."""
    seen = {}
    for text in " ".join(request.form.getlist("seen")).split():
        comment_id, _, version = text.partition(":")
        try:
            seen[uuid.UUID(comment_id)] = int(version)
        except ValueError as error:
            raise _bad(_OUTDATED, field="seen") from error
    if not seen:
        raise _bad(_NOTHING, field="seen")
    return seen


def _members() -> dict[uuid.UUID, int]:
    try:
        found = {uuid.UUID(key): int(version) for key, version in json.loads(request.form.get("versions", "")).items()}
    except (ValueError, AttributeError, TypeError, OverflowError, RecursionError) as error:
        raise _bad(_OUTDATED, field="versions") from error
    if not 0 < len(found) <= MOST_MEMBERS:
        raise _bad(_OUTDATED, field="versions")
    return found


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < _LONGEST_NUMBER else None


def _bad(message: str, *, field: str) -> InvalidError:
    return InvalidError([FieldError(field, "bad_value", message)], message)


@blueprint.before_request
def need_somebody() -> None:
    """Let nobody in who is not signed in."""
    g.actor = current_actor()
