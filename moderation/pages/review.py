"""The review desk: the queue, decisions and undo, as pages that need no script."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from flask import g, jsonify, request, url_for
from pydantic import ValidationError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from moderation.api import problems
from moderation.api.context import current_actor, read_id, services
from moderation.api.review import filter_of, scorer_of
from moderation.api.schemas import DecisionIn, QueueQuery
from moderation.comments.submission import field_errors
from moderation.errors import ConflictError, InvalidError, NotFoundError
from moderation.pages.card import cards
from moderation.pages.queue_address import back, filters_of, queue_address, read_query
from moderation.pages.shell import page_blueprint, show
from moderation.paging import Page
from moderation.people.access import Actor
from moderation.people.sites import list_sites
from moderation.review import queue
from moderation.review.audit import count_audits, is_asked, list_audits
from moderation.review.batches import BatchTold, tell_batch
from moderation.review.context import context_of
from moderation.review.decisions import decide, undo
from moderation.review.filters import LATIN, SCRIPTS, Filter
from moderation.tables import Action, Comment, Decision

blueprint = page_blueprint("desk", __name__)

AGES = {
    "hour": "Within an hour",
    "day": "Within a day",
    "week": "Within a week",
    "month": "Within a month",
    "over-day": "Over a day ago",
    "over-week": "Over a week ago",
    "over-month": "Over a month ago",
}
#: Reasons by their codes, as people call them.
REASONS = {
    "model_unsure": "The model is unsure",
    "model_spam": "The model says spam",
    "model_clean": "The model says genuine",
    "not_judged": "Not judged yet",
    "spam_words": "Word on the spam list",
    "hold_words": "Word on the watch list",
    "many_links": "Many links",
    "first_comment": "First comment",
    "hold_everything": "The site holds everything",
    "honeypot": "Hidden field filled in",
    "too_fast": "Form sent too fast",
    "campaign": "Decided with a campaign",
    "moderator_reply": "A moderator’s reply",
}

#: By which letters a text may be written in, in the order in which they are offered.
_SCRIPTS = [LATIN, *SCRIPTS]


@blueprint.get("/review")
def get_queue() -> Response:
    """Show comments by where they stand."""
    actor, query = current_actor(), read_query()
    with services().database.reading() as session:
        wanted = filter_of(query, services().clock())
        page = _page(session, actor, query, wanted)
        return show(
            "review.html",
            cards=cards(
                session,
                actor,
                page.items,
                services().clock(),
                unseen=query.status == "audit",
                collapsed=query.status != "audit" and wanted.collapses,
            ),
            following=queue_address(query, cursor=page.next) if page.next else None,
            total=page.total,
            counts=_counts(session, actor, query),
            sites=list_sites(session, actor),
            query=query,
            filters=filters_of(query),
            address=lambda **changes: queue_address(query, **changes),
            done=_done(session, actor),
            batch=_batch(session, actor),
            is_asked=partial(is_asked, actor),
            narrowed=bool(filters_of(query).keys() - {"status", "cursor", "limit", "collapse"}),
            ages=AGES,
            scripts=_SCRIPTS,
            reasons=REASONS,
            counted=page.counted,
        )


@blueprint.get("/review/counts")
def get_counts() -> Response:
    """Return how many comments stand where, for a page that is left open."""
    actor, query = current_actor(), read_query()
    with services().database.reading() as session:
        return jsonify(_counts(session, actor, query))


def _page(session: Session, actor: Actor, query: QueueQuery, wanted: Filter) -> Page[Comment]:
    if query.status == "audit":
        newest = query.order == queue.Order.NEWEST
        return list_audits(session, actor, wanted, newest=newest, limit=query.limit, cursor=query.cursor)
    return queue.list_queue(session, actor, wanted, order=query.order, limit=query.limit, cursor=query.cursor)


def _counts(session: Session, actor: Actor, query: QueueQuery) -> dict[str, int]:
    found = {status.value: count for status, count in queue.counts(session, actor, query.site).items()}
    return {**found, "audit": count_audits(session, actor, query.site)}


@blueprint.get("/review/comments/<comment_id>")
def get_comment(comment_id: str) -> Response:
    """Show one comment with its whole history."""
    actor = current_actor()
    with services().database.reading() as session:
        comment = queue.get_comment(session, actor, read_id(comment_id, "comment"))
        # Whoever opens a comment that they are asked to audit must not read the verdict there.
        unseen = is_asked(actor, comment)
        history = [] if unseen else queue.history_of(session, comment.id)
        return show(
            "comment.html",
            card=cards(session, actor, [comment], services().clock(), unseen=unseen)[0],
            context=None if unseen else context_of(session, actor, comment, scorer_of(comment)),
            history=history,
            undoable=_undoable([decision for decision, _ in history]),
            filters={"from": "comment"},
            is_asked=partial(is_asked, actor),
            done=_done(session, actor),
            batch=_batch(session, actor),
        )


@blueprint.get("/review/comments/<comment_id>/more")
def get_more(comment_id: str) -> Response:
    """Show what is worked out only for a comment that is looked at, as a piece of a page."""
    actor = current_actor()
    with services().database.reading() as session:
        comment = queue.get_comment(session, actor, read_id(comment_id, "comment"))
        context = None if is_asked(actor, comment) else context_of(session, actor, comment, scorer_of(comment))
        return show("more.html", context=context)


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
                # To whom is asked to audit a comment, its page tells no verdict, as the lane does.
                blind=request.args.get("from") == "comment" or read_query().status == "audit",
            )
    except ConflictError as error:
        return _conflict(error, comment_id)
    return back(decision.comment_id, done=decision.id)


@blueprint.post("/review/decisions/<decision_id>/undo")
def post_undo(decision_id: str) -> Response:
    """Take a decision back."""
    actor, parts = current_actor(), services()
    try:
        with parts.database.writing() as session:
            decision = undo(session, actor, read_id(decision_id, "decision"), parts.clock())
    except ConflictError as error:
        return _conflict(error, request.form.get("comment", ""))
    return back(decision.comment_id, done=decision.id)


def _decision() -> DecisionIn:
    fields: dict[str, Any] = {name: request.form.get(name) for name in ("action", "reason", "version")}
    try:
        return DecisionIn.model_validate({name: value for name, value in fields.items() if value})
    except ValidationError as error:
        problem = "; ".join(f"{e.field}: {e.message}" for e in field_errors(error))
        raise InvalidError(field_errors(error), f"This decision cannot be read. {problem}") from error


def _conflict(error: ConflictError, comment_id: str) -> Response:
    filters = {} if request.args.get("from") == "comment" else filters_of(read_query())
    back = url_for("desk.get_queue", **filters)
    return show("conflict.html", problems.status_of(error), message=error.message, comment_id=comment_id, back=back)


def _done(session: Session, actor: Actor) -> tuple[Decision, Comment] | None:
    """Return the decision that was just made, as the address names it, to be told and to be undone."""
    text = request.args.get("done", "")
    try:
        decision = session.get(Decision, uuid.UUID(text)) if text else None
        # Of what others decided a crafted address must tell nothing.
        if decision is None or decision.person_id != actor.person_id:
            return None
        return decision, queue.get_comment(session, actor, decision.comment_id)
    except (ValueError, NotFoundError):
        return None


def _batch(session: Session, actor: Actor) -> BatchTold | None:
    """Return the batch of decisions that was just made, as the address names it."""
    text = request.args.get("batch", "")
    try:
        return tell_batch(session, actor, uuid.UUID(text)) if text else None
    except ValueError:
        return None


def _undoable(decisions: list[Decision]) -> Decision | None:
    """Return the latest decision if a person made it."""
    last = decisions[-1] if decisions else None
    return last if last is not None and last.person_id is not None and last.number > 1 else None


@blueprint.before_request
def need_somebody() -> None:
    """Let nobody in who is not signed in."""
    g.actor = current_actor()
