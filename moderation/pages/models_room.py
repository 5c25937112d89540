"""The models: what is live and how it keeps its promise, every version with its report, training and promotion."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import g, make_response, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from moderation import jobs
from moderation.api import problems
from moderation.api.context import services
from moderation.errors import ConflictError, NotFoundError
from moderation.learning.comparison import compare
from moderation.learning.left_out import read_left_out
from moderation.learning.registry import Listed, can_roll_back, list_versions, promote, rollback
from moderation.learning.registry import show as show_model
from moderation.learning.retrain import request_retrain
from moderation.outbox import Kind
from moderation.pages.rooms import admin_blueprint
from moderation.pages.shell import show
from moderation.people.sites import list_sites
from moderation.review.audit import AuditReport, report
from moderation.tables import Comment, Job, JobState, ModelFile, Person, Promotion, Site

blueprint = admin_blueprint("admin_models", __name__)

#: The figures of a model that are shown, in order, and what they are called.
FIGURES = {
    "n": "Labels",
    "roc_auc": "ROC AUC",
    "average_precision": "Average precision",
    "recall_at_fpr_0.01": "Spam caught at 1 % false alarms",
    "brier": "Brier score",
    "ece": "Calibration error",
}
#: For these, less is better.
LESS = frozenset({"brier", "ece"})
PICTURES = {
    "roc.svg": "Spam caught against genuine comments hit",
    "precision-recall.svg": "Precision against recall",
    "calibration.svg": "Calibration: what is stated against what happens",
    "scores.svg": "Scores and cuts",
    "learning-curve.svg": "What more labels bring",
}
UNFINISHED = (JobState.QUEUED, JobState.RUNNING)


@blueprint.get("/admin/models")
def get_models() -> Response:
    """Show the live model, a training that runs, and all versions."""
    return _show_all()


@blueprint.post("/admin/retrain")
def post_retrain() -> Response:
    """Order a retraining; where one is ordered already, show that."""
    parts = services()
    try:
        with parts.database.writing() as session:
            job_id = request_retrain(session, g.actor.person_id, parts.clock())
    except ConflictError as error:
        return _show_all(error)
    jobs.wake(parts, job_id)
    return redirect(url_for("admin_models.get_models"), HTTPStatus.SEE_OTHER)


@blueprint.post("/admin/models/<version>/promote")
def post_promote(version: str) -> Response:
    """Put a model live."""
    parts = services()
    try:
        with parts.database.writing() as session:
            promote(session, version, g.actor.person_id, parts.clock(), force="force" in request.form)
    except ConflictError as error:
        return _show_all(error)
    return redirect(url_for("admin_models.get_models"), HTTPStatus.SEE_OTHER)


@blueprint.post("/admin/models/rollback")
def post_rollback() -> Response:
    """Go back to the model that was live before."""
    parts = services()
    try:
        with parts.database.writing() as session:
            rollback(session, g.actor.person_id, parts.clock())
    except ConflictError as error:
        return _show_all(error)
    return redirect(url_for("admin_models.get_models"), HTTPStatus.SEE_OTHER)


@blueprint.get("/admin/models/<version>")
def get_model(version: str) -> Response:
    """Show one model: its report, and what its training left out."""
    with services().database.reading() as session:
        model, live = _pair(session, version)
        found = _report(session, version)
        names = set(session.scalars(select(ModelFile.name).where(ModelFile.version == version)))
        groups = read_left_out(session, version)
        return show(
            "admin_model.html",
            one=model,
            live=live,
            figures=FIGURES,
            less=LESS,
            metrics=figures_of(model.model.metrics),
            live_metrics=figures_of(live.model.metrics) if live else {},
            report=found,
            sites={str(site.id): site.name for site in list_sites(session, g.actor)},
            pictures={name: words for name, words in PICTURES.items() if name in names},
            left_out=groups,
            comments=_comments(session, groups or []),
        )


@blueprint.get("/admin/models/<version>/compare")
def get_comparison(version: str) -> Response:
    """Show on which recent comments this model and the live one differ."""
    parts = services()
    with parts.database.reading() as session:
        model, live = _pair(session, version)
        scorer, other = parts.live_model.scorer(), parts.live_model.scorer_for(version)
        found = compare(session, scorer, other) if scorer is not None and other is not None else None
        return show(
            "admin_compare.html",
            one=model,
            live=live,
            found=found,
            sites={s.id: s for s in list_sites(session, g.actor)},
        )


@blueprint.get("/admin/models/<version>/pictures/<name>")
def get_picture(version: str, name: str) -> Response:
    """Return a picture of a model's report, in which nothing can run."""
    with services().database.reading() as session:
        file = session.get(ModelFile, (version, name)) if name in PICTURES else None
        if file is None:
            message = "There is no such picture."
            raise NotFoundError(message)
        response = make_response(file.content)
    response.headers["Content-Type"] = "image/svg+xml"
    # Opened by itself, an SVG is a document: the sandbox takes scripts, forms and our origin from it.
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=86400"
    return response


def figures_of(metrics: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a model's figures over all its held-out comments; the starter has them by corpus, too."""
    overall = metrics.get("all")
    return overall if isinstance(overall, Mapping) else metrics


def retraining(session: Session) -> Job | None:
    """Return the latest order of a retraining."""
    return session.scalar(select(Job).where(Job.kind == Kind.RETRAIN).order_by(Job.id.desc()).limit(1))


def audits(session: Session) -> list[tuple[Site, AuditReport]]:
    """Return how each site's promise is kept."""
    return [(site, report(session, site)) for site in list_sites(session, g.actor)]


def _show_all(error: ConflictError | None = None) -> Response:
    with services().database.reading() as session:
        job = retraining(session)
        return show(
            "admin_models.html",
            problems.status_of(error) if error else HTTPStatus.OK,
            error=error.message if error else "",
            figures=FIGURES,
            models=[(one, figures_of(one.model.metrics)) for one in list_versions(session)],
            promotions=_promotions(session),
            model_problem=services().live_model.problem,
            job=job,
            running=job is not None and job.state in UNFINISHED,
            audits=audits(session),
            can_roll_back=can_roll_back(session),
        )


def _pair(session: Session, version: str) -> tuple[Listed, Listed | None]:
    """Return the named model and, if that is another, the live one."""
    model = show_model(session, version)
    live = next((one for one in list_versions(session) if one.live), None)
    return model, None if model.live else live


def _report(session: Session, version: str) -> dict[str, Any]:
    file = session.get(ModelFile, (version, "report.json"))
    return dict(json.loads(file.content)) if file is not None else {}


def _comments(session: Session, groups: list[dict[str, list[Any]]]) -> dict[Any, Comment]:
    ids = [one for group in groups[:50] for ids in group.values() for one in ids[:5]]
    return {c.id: c for c in session.scalars(select(Comment).where(Comment.id.in_(ids)))} if ids else {}


def _promotions(session: Session) -> list[tuple[Promotion, str | None]]:
    query = (
        select(Promotion, Person.email)
        .outerjoin(Person, Person.id == Promotion.person_id)
        .order_by(Promotion.number.desc())
        .limit(10)
    )
    return list(session.execute(query))
