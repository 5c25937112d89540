"""The admin's room: the model and its versions, sites, people."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import g, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from moderation import jobs
from moderation.api import problems
from moderation.api.context import current_actor, services
from moderation.counters import status_counts
from moderation.errors import ConflictError
from moderation.learning.registry import list_versions, promote, rollback
from moderation.learning.retrain import request_retrain
from moderation.outbox import Kind
from moderation.pages.shell import page_blueprint, show
from moderation.people.access import require_admin
from moderation.people.sites import list_sites
from moderation.tables import Job, JobState, Person, PersonSite, Promotion

blueprint = page_blueprint("admin", __name__)

#: The figures of a model that are shown, in order, and what they are called.
FIGURES = {
    "n": "Labels",
    "roc_auc": "ROC AUC",
    "average_precision": "Average precision",
    "recall_at_fpr_0.01": "Spam caught at 1 % false alarms",
    "brier": "Brier score",
    "ece": "Calibration error",
}


@blueprint.before_request
def need_admin() -> None:
    """Let nobody in but admins."""
    g.actor = current_actor()
    require_admin(g.actor)


@blueprint.get("/admin")
def get_admin() -> Response:
    """Show the model, the sites and the people."""
    return _show()


@blueprint.post("/admin/retrain")
def post_retrain() -> Response:
    """Order a retraining; where one is ordered already, show that."""
    parts = services()
    try:
        with parts.database.writing() as session:
            job_id = request_retrain(session, g.actor.person_id, parts.clock())
    except ConflictError as error:
        return _show(error)
    jobs.wake(parts, job_id)
    return redirect(url_for("admin.get_admin", _anchor="model"), HTTPStatus.SEE_OTHER)


@blueprint.post("/admin/models/<version>/promote")
def post_promote(version: str) -> Response:
    """Put a model live."""
    parts = services()
    try:
        with parts.database.writing() as session:
            promote(session, version, g.actor.person_id, parts.clock(), force="force" in request.form)
    except ConflictError as error:
        return _show(error)
    return redirect(url_for("admin.get_admin", _anchor="model"), HTTPStatus.SEE_OTHER)


@blueprint.post("/admin/models/rollback")
def post_rollback() -> Response:
    """Go back to the model that was live before."""
    parts = services()
    try:
        with parts.database.writing() as session:
            rollback(session, g.actor.person_id, parts.clock())
    except ConflictError as error:
        return _show(error)
    return redirect(url_for("admin.get_admin", _anchor="model"), HTTPStatus.SEE_OTHER)


def _show(error: ConflictError | None = None) -> Response:
    with services().database.reading() as session:
        sites = list_sites(session, g.actor)
        return show(
            "admin.html",
            problems.status_of(error) if error else HTTPStatus.OK,
            error=error.message if error else "",
            figures=FIGURES,
            models=[(one, _figures(one.model.metrics)) for one in list_versions(session)],
            promotions=_promotions(session),
            model_problem=services().live_model.problem,
            job=_retraining(session),
            unfinished=(JobState.QUEUED, JobState.RUNNING),
            sites=[(site, status_counts(session, [site.id])) for site in sites],
            people=_people(session, {site.id: site.name for site in sites}),
        )


def _figures(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a model's figures over all its held-out comments; the starter has them by corpus, too."""
    overall = metrics.get("all")
    return overall if isinstance(overall, Mapping) else metrics


def _retraining(session: Session) -> Job | None:
    return session.scalar(select(Job).where(Job.kind == Kind.RETRAIN).order_by(Job.id.desc()).limit(1))


def _promotions(session: Session) -> list[tuple[Promotion, str | None]]:
    query = (
        select(Promotion, Person.email)
        .outerjoin(Person, Person.id == Promotion.person_id)
        .order_by(Promotion.number.desc())
        .limit(5)
    )
    return list(session.execute(query))


def _people(session: Session, names: dict[Any, str]) -> list[tuple[Person, list[str]]]:
    theirs: dict[Any, list[str]] = {}
    for row in session.scalars(select(PersonSite)):
        theirs.setdefault(row.person_id, []).append(names[row.site_id])
    people = session.scalars(select(Person).order_by(Person.role, Person.email))
    return [(person, sorted(theirs.get(person.id, []))) for person in people]
