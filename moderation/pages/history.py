"""The history: who did what and when, on which evidence; with undo, and each decision replayed as of then."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from flask import g, redirect, request, url_for
from werkzeug.wrappers import Response

from moderation.api import problems
from moderation.api.context import read_id, services
from moderation.errors import ConflictError, InvalidError
from moderation.pages.rooms import need_somebody
from moderation.pages.shell import page_blueprint, show
from moderation.people.access import require_admin
from moderation.people.sites import list_sites
from moderation.policy.versions import list_versions
from moderation.review import journal
from moderation.review.as_of_then import replay_decision
from moderation.review.batches import undo_batch
from moderation.review.decisions import undo
from moderation.tables import Action

blueprint = page_blueprint("history", __name__)
blueprint.before_request(need_somebody)

PERIODS = {1: "the last day", 7: "the last 7 days", 30: "the last 30 days", 365: "the last year", 0: "all time"}


@blueprint.get("/admin/history")
def get_history() -> Response:
    """List decisions."""
    return _show()


@blueprint.get("/admin/history/administration")
def get_administration() -> Response:
    """List what was done to models, policies, sites and people."""
    require_admin(g.actor)
    with services().database.reading() as session:
        events, following = journal.list_events(session, _moment(request.args.get("before", "")))
        return show("admin_events.html", events=events, following=following)


@blueprint.get("/admin/history/<decision_id>")
def get_decision(decision_id: str) -> Response:
    """Show one decision and replay it as of then."""
    parts = services()
    with parts.database.reading() as session:
        entry = journal.get_entry(session, g.actor, read_id(decision_id, "decision"))
        version = entry.decision.model_version
        scorer = parts.live_model.scorer_for(version) if version else None
        policies = {one.number: one for one in list_versions(session, entry.comment.site, 100)}
        return show(
            "admin_decision.html",
            entry=entry,
            replayed=replay_decision(session, entry.decision, entry.comment, scorer),
            policy=policies.get(entry.decision.policy_number or 0),
        )


@blueprint.post("/admin/history/<decision_id>/undo")
def post_undo(decision_id: str) -> Response:
    """Take a decision back."""
    parts = services()
    try:
        with parts.database.writing() as session:
            undo(session, g.actor, read_id(decision_id, "decision"), parts.clock())
    except (ConflictError, InvalidError) as error:
        return _show(problem=error.message, status=problems.status_of(error))
    return redirect(url_for("history.get_history", **_given()), HTTPStatus.SEE_OTHER)


@blueprint.post("/admin/history/batches/<batch_id>/undo")
def post_batch_undo(batch_id: str) -> Response:
    """Take back all decisions that were made in one go; what was decided on since is left alone and told."""
    parts = services()
    with parts.database.writing() as session:
        outcomes = undo_batch(session, g.actor, read_id(batch_id, "batch"), parts.clock())
    left = sum(outcome.problem is not None for outcome in outcomes)
    told = f"{len(outcomes) - left} taken back" + (
        f", {left} left alone, since they were decided on since" if left else ""
    )
    return _show(done=f"{told}.")


def _show(problem: str = "", status: int = HTTPStatus.OK, done: str = "") -> Response:
    parts = services()
    given = _given()
    with parts.database.reading() as session:
        entries, following = journal.list_decisions(session, g.actor, _wanted(), request.args.get("cursor", ""))
        return show(
            "admin_history.html",
            status,
            problem=problem,
            done=done,
            entries=entries,
            following=url_for("history.get_history", **{**given, "cursor": following}) if following else None,
            sites=list_sites(session, g.actor),
            people=journal.list_deciders(session, g.actor),
            actions=[one for one in Action if one is not Action.JUDGE],
            periods=PERIODS,
            given=given,
            days=_days(),
        )


def _given() -> dict[str, Any]:
    """Return the filters of the address, without where a page of them begins."""
    names = ("site", "person", "action", "batch", "days", "judge")
    return {name: request.args[name] for name in names if request.args.get(name)}


def _wanted() -> journal.Wanted:
    given, days = _given(), _days()
    try:
        action = Action(given["action"]) if "action" in given else None
    except ValueError:
        action = None
    return journal.Wanted(
        site_id=_id(given.get("site"), "site"),
        person_id=_id(given.get("person"), "person"),
        action=action,
        batch_id=_id(given.get("batch"), "decision"),
        since=services().clock() - timedelta(days=days) if days else None,
        judge="judge" in given,
    )


def _days() -> int:
    text = request.args.get("days", "")
    days = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 30  # noqa: PLR2004
    return days if days in PERIODS else 30


def _id(text: str | None, what: str) -> uuid.UUID | None:
    return read_id(text, what) if text else None


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
        return found.astimezone(UTC) if found and found.tzinfo else None
    except (ValueError, OverflowError):
        return None
