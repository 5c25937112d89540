"""The models, trainings and jobs: for admins."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from flask import request, url_for
from pydantic import BaseModel, ConfigDict, ValidationError

from moderation import jobs
from moderation.api.bodies import read_body
from moderation.api.context import current_actor, read_id, services
from moderation.api.schemas import JobOut
from moderation.comments.submission import field_errors
from moderation.errors import InvalidError, NotFoundError
from moderation.learning import registry
from moderation.learning.retrain import request_retrain
from moderation.people.access import Actor, require_admin
from moderation.tables import Job

blueprint = APIBlueprint("models", __name__, url_prefix="/api/v1", tag="Models")
SECURITY: list[str | dict[str, list[Any]]] = ["PersonalToken", "Session"]


class ModelOut(BaseModel):
    """A model: what it scored on labels it had not learnt, and why it should not go live, if anything."""

    version: str
    live: bool
    parent: str | None
    created_at: datetime
    promoted_at: datetime | None
    objections: list[str]
    metrics: dict[str, Any]


class ModelsOut(BaseModel):
    """All models, the newest first, and the version that is live."""

    live: str | None
    models: list[ModelOut]


class PromoteIn(BaseModel):
    """``force`` puts a model live although there are objections; they are recorded."""

    model_config = ConfigDict(extra="forbid")

    force: bool = False


class PromotionOut(BaseModel):
    """A model going live; ``undoes`` is the number of the promotion that a rollback takes back."""

    version: str
    number: int
    undoes: int | None
    forced: bool
    objections: list[str]
    created_at: datetime


@blueprint.get("/models")
@blueprint.output(ModelsOut)
@blueprint.doc(security=SECURITY, responses=[401, 403])
def get_models() -> dict[str, Any]:
    """List the models."""
    _admin()
    with services().database.reading() as session:
        models = [listed.as_dict() for listed in registry.list_versions(session)]
        return {"live": registry.live_version(session), "models": models}


@blueprint.post("/models")
@blueprint.output(JobOut, status_code=202)
@blueprint.doc(security=SECURITY, responses=[401, 403, 409])
def post_model() -> tuple[Job, int, dict[str, str]]:
    """Start a training. 409 with the ``job`` if one is waiting or running already."""
    actor, parts = _admin(), services()
    with parts.database.writing() as session:
        job_id = request_retrain(session, actor.person_id, parts.clock())
        session.flush()
        job = session.get_one(Job, job_id)
    jobs.wake(parts, job_id)
    return job, 202, {"Location": url_for("models.get_job", job_id=job_id)}


@blueprint.get("/jobs/<job_id>")
@blueprint.output(JobOut)
@blueprint.doc(security=SECURITY, responses=[401, 403, 404])
def get_job(job_id: str) -> Job:
    """Show how far a job is."""
    _admin()
    with services().database.reading() as session:
        job = session.get(Job, read_id(job_id, "job"))
    if job is None:
        message = "There is no such job."
        raise NotFoundError(message)
    return job


@blueprint.post("/models/<version>/promote")
@blueprint.input(PromoteIn, location="query", arg_name="wanted")
@blueprint.output(PromotionOut)
@blueprint.doc(security=SECURITY, responses=[400, 401, 403, 404, 409, 422])
def post_promotion(version: str, wanted: PromoteIn) -> dict[str, Any]:
    """Put a model live. 409 with the ``objections``, unless ``force`` is true, here or in a JSON body."""
    actor, parts = _admin(), services()
    force = wanted.force or _from_body().force
    with parts.database.writing() as session:
        promotion = registry.promote(session, version, actor.person_id, parts.clock(), force=force)
        return registry.promotion_record(promotion)


@blueprint.post("/models/rollback")
@blueprint.output(PromotionOut)
@blueprint.doc(security=SECURITY, responses=[401, 403, 409])
def post_rollback() -> dict[str, Any]:
    """Put the model live again that was live before."""
    actor, parts = _admin(), services()
    with parts.database.writing() as session:
        return registry.promotion_record(registry.rollback(session, actor.person_id, parts.clock()))


def _admin() -> Actor:
    actor = current_actor()
    require_admin(actor)
    return actor


def _from_body() -> PromoteIn:
    # Most promotions need no word more than their address, so the body may be left out.
    if not request.get_data(cache=True):
        return PromoteIn()
    try:
        return PromoteIn.model_validate(read_body(request))
    except ValidationError as error:
        raise InvalidError(field_errors(error)) from error
