"""The review desk: the queue, decisions and undo, as pages that need no script."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any

from flask import g, jsonify, redirect, request, url_for
from pydantic import ValidationError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from moderation.api import problems
from moderation.api.context import current_actor, read_id, services
from moderation.api.review import filter_of
from moderation.api.schemas import DecisionIn, QueueQuery
from moderation.comments.submission import field_errors
from moderation.errors import ConflictError, InvalidError, NotFoundError
from moderation.pages.card import cards
from moderation.pages.shell import page_blueprint, show
from moderation.paging import Page
from moderation.people.access import Actor
from moderation.people.sites import list_sites
from moderation.review import queue
from moderation.review.audit import list_audits
from moderation.review.decisions import decide, undo
from moderation.tables import Action, Comment, Decision

blueprint = page_blueprint("desk", __name__)

#: Enough to work on for a while without a further request, few enough to come at once.
PAGE = 25


@blueprint.get("/review")
def get_queue() -> Response:
    """Show comments by where they stand."""
    actor, query = current_actor(), _query()
    with services().database.reading() as session:
        page = _page(session, actor, query)
        return show(
            "review.html",
            cards=cards(session, page.items, unseen=query.status == "audit"),
            following=_address(query, cursor=page.next) if page.next else None,
            total=page.total,
            counts=_counts(session, actor, query),
            sites=list_sites(session, actor),
            query=query,
            filters=_filters(query),
            address=lambda **changes: _address(query, **changes),
            done=_done(session, actor),
            orders=queue.Order,
        )


@blueprint.get("/review/counts")
def get_counts() -> Response:
    """Return how many comments stand where, for a page that is left open."""
    actor, query = current_actor(), _query()
    with services().database.reading() as session:
        return jsonify(_counts(session, actor, query))


def _page(session: Session, actor: Actor, query: QueueQuery) -> Page[Comment]:
    if query.status == "audit":
        return list_audits(session, actor, query.site, limit=query.limit, cursor=query.cursor)
    wanted = filter_of(query, services().clock())
    return queue.list_queue(session, actor, wanted, order=query.order, limit=query.limit, cursor=query.cursor)


def _counts(session: Session, actor: Actor, query: QueueQuery) -> dict[str, int]:
    found = {status.value: count for status, count in queue.counts(session, actor, query.site).items()}
    return {**found, "audit": list_audits(session, actor, query.site, limit=1).total}


@blueprint.get("/review/comments/<comment_id>")
def get_comment(comment_id: str) -> Response:
    """Show one comment with its whole history."""
    actor = current_actor()
    with services().database.reading() as session:
        comment = queue.get_comment(session, actor, read_id(comment_id, "comment"))
        history = queue.history_of(session, comment.id)
        return show(
            "comment.html",
            card=cards(session, [comment])[0],
            history=history,
            undoable=_undoable([decision for decision, _ in history]),
            filters={"from": "comment"},
            done=_done(session, actor),
        )


@blueprint.post("/review/comments/<comment_id>/decision")
def post_decision(comment_id: str) -> Response:
    """Decide on a comment and go back to where it was decided."""
    actor, parts = current_actor(), services()
    wanted = _decision()
    try:
        with parts.database.writing() as session:
            decision = decide(
                session,
                actor,
                read_id(comment_id, "comment"),
                Action(wanted.action),
                parts.clock(),
                seen_version=wanted.version,
                reason=wanted.reason,
            )
    except ConflictError as error:
        return _conflict(error, comment_id)
    return _back(decision)


@blueprint.post("/review/decisions/<decision_id>/undo")
def post_undo(decision_id: str) -> Response:
    """Take a decision back."""
    actor, parts = current_actor(), services()
    try:
        with parts.database.writing() as session:
            decision = undo(session, actor, read_id(decision_id, "decision"), parts.clock())
    except ConflictError as error:
        return _conflict(error, request.form.get("comment", ""))
    return _back(decision)


def _query() -> QueueQuery:
    fields: dict[str, Any] = {name: value for name, value in request.args.items() if value}
    fields.setdefault("limit", PAGE)
    try:
        return QueueQuery.model_validate(fields)
    except ValidationError as error:
        raise InvalidError(field_errors(error), "This address asks for a queue that does not exist.") from error


def _filters(query: QueueQuery) -> dict[str, Any]:
    """Return what of the address differs from the plain queue."""
    plain = QueueQuery(limit=PAGE)
    found = {name: getattr(query, name) for name in QueueQuery.model_fields}
    return {name: str(value) for name, value in found.items() if value is not None and value != getattr(plain, name)}


def _address(query: QueueQuery, **changes: Any) -> str:
    # The cursor belongs to the list as it was: with another filter or order it stands nowhere.
    return url_for("desk.get_queue", **_filters(query.model_copy(update={"cursor": "", **changes})))


def _decision() -> DecisionIn:
    fields: dict[str, Any] = {name: request.form.get(name) for name in ("action", "reason", "version")}
    try:
        return DecisionIn.model_validate({name: value for name, value in fields.items() if value})
    except ValidationError as error:
        problem = "; ".join(f"{e.field}: {e.message}" for e in field_errors(error))
        raise InvalidError(field_errors(error), f"This decision cannot be read. {problem}") from error


def _back(decision: Decision) -> Response:
    if request.args.get("from") == "comment":
        address = url_for("desk.get_comment", comment_id=decision.comment_id, done=decision.id)
    else:
        address = url_for("desk.get_queue", **_filters(_query()), done=decision.id)
    return redirect(address, HTTPStatus.SEE_OTHER)


def _conflict(error: ConflictError, comment_id: str) -> Response:
    filters = {} if request.args.get("from") == "comment" else _filters(_query())
    back = url_for("desk.get_queue", **filters)
    return show("conflict.html", problems.status_of(error), message=error.message, comment_id=comment_id, back=back)


def _done(session: Session, actor: Actor) -> tuple[Decision, Comment] | None:
    """Return the decision that was just made, as the address names it, to be told and to be undone."""
    text = request.args.get("done", "")
    try:
        decision = session.get(Decision, uuid.UUID(text)) if text else None
        return (decision, queue.get_comment(session, actor, decision.comment_id)) if decision else None
    except (ValueError, NotFoundError):
        return None


def _undoable(decisions: list[Decision]) -> Decision | None:
    """Return the latest decision if a person made it."""
    last = decisions[-1]
    return last if last.person_id is not None and last.number > 1 else None


@blueprint.before_request
def need_somebody() -> None:
    """Let nobody in who is not signed in."""
    g.actor = current_actor()
