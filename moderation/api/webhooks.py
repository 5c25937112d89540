"""A site's webhooks and what was delivered to them: for admins."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from moderation import jobs
from moderation.api.context import current_actor, read_id, services
from moderation.api.schemas import Cursor
from moderation.comments.submission import Rule
from moderation.people.access import require_admin
from moderation.people.sites import get_site
from moderation.tables import DeliveryState, Job, JobState, Status, Webhook, WebhookDelivery, WebhookKind
from moderation.webhooks import endpoints
from moderation.webhooks.deliveries import list_deliveries, send_again

blueprint = APIBlueprint("webhooks_api", __name__, url_prefix="/api/v1/sites/<site>/webhooks", tag="Webhooks")
SECURITY: list[str | dict[str, list[Any]]] = ["PersonalToken", "Session"]


# For the description only: what may be told is checked by its use case.
_ADDRESS = Rule(
    str, r'^https?://[A-Za-z][0-9A-Za-z-]{0,60}(\.[A-Za-z][0-9A-Za-z-]{0,60})+(:[1-9][0-9]{0,3})?(/[!-"$-~]*)?$'
)


class WebhookIn(BaseModel):
    """A webhook to be made; without ``events`` it is told of every status."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(min_length=1, max_length=endpoints.MAX_URL), _ADDRESS]
    events: Annotated[list[Status], Field(min_length=1)] = list(Status)


class WebhookChangeIn(BaseModel):
    """What is to be changed of a webhook."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(min_length=1, max_length=endpoints.MAX_URL), _ADDRESS] | None = None
    events: Annotated[list[Status], Field(min_length=1)] | None = None
    enabled: Annotated[bool, Field(strict=True)] | None = None


class WebhookOut(BaseModel):
    """A webhook. ``failures``: deliveries that failed since the last one that was taken."""

    id: uuid.UUID
    kind: WebhookKind
    url: str
    events: list[Status]
    enabled: bool
    failures: int
    created_at: datetime
    secret: Annotated[str | None, Field(description="Told only where it was just made.")] = None


class WebhooksOut(BaseModel):
    """All webhooks of a site."""

    webhooks: list[WebhookOut]


class DeliveriesQuery(BaseModel):
    """Which deliveries."""

    state: DeliveryState | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Cursor = ""


class DeliveryOut(BaseModel):
    """A delivery. ``answer_status`` is null where no answer came; ``answer`` then says why."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    comment_id: uuid.UUID
    event: Literal["comment.published", "comment.pending", "comment.spam", "comment.rejected"]
    version: int
    state: DeliveryState
    attempts: int
    answer_status: int | None
    answer: str
    created_at: datetime
    settled_at: datetime | None
    next_at: Annotated[datetime | None, Field(description="When it is tried again, if it waits.")]


class DeliveriesOut(BaseModel):
    """A page of deliveries, the newest first; ``next`` is null at the end."""

    deliveries: list[DeliveryOut]
    next: str | None


@blueprint.get("")
@blueprint.output(WebhooksOut)
@blueprint.doc(security=SECURITY, responses=[401, 403, 404])
def get_webhooks(site: str) -> dict[str, Any]:
    """List a site's webhooks."""
    site_id = _admins_site(site)
    with services().database.reading() as session:
        return {"webhooks": [_present(webhook) for webhook in endpoints.list_webhooks(session, site_id)]}


@blueprint.post("")
@blueprint.input(WebhookIn, location="json", arg_name="wanted")
@blueprint.output(WebhookOut, status_code=201)
@blueprint.doc(security=SECURITY, responses=[400, 401, 403, 404, 409, 422])
def post_webhook(site: str, wanted: WebhookIn) -> dict[str, Any]:
    """Make a webhook. Its secret is told only now."""
    parts, site_id = services(), _admins_site(site)
    with parts.database.writing() as session:
        events = [event.value for event in wanted.events]
        new = endpoints.create_webhook(session, site_id, wanted.url, parts.secret_key, parts.clock(), events)
        return _present(new.webhook) | {"secret": new.secret}


@blueprint.patch("/<webhook>")
@blueprint.input(WebhookChangeIn, location="json", arg_name="wanted")
@blueprint.output(WebhookOut)
@blueprint.doc(security=SECURITY, responses=[400, 401, 403, 404, 422])
def patch_webhook(site: str, webhook: str, wanted: WebhookChangeIn) -> dict[str, Any]:
    """Change a webhook's address or events, disable or enable it."""
    parts, site_id = services(), _admins_site(site)
    with parts.database.writing() as session:
        found = endpoints.get_webhook(session, site_id, read_id(webhook, "webhook"))
        events = None if wanted.events is None else [event.value for event in wanted.events]
        endpoints.change_webhook(session, found, parts.clock(), url=wanted.url, events=events, enabled=wanted.enabled)
        return _present(found)


@blueprint.delete("/<webhook>")
@blueprint.output({}, status_code=204)
@blueprint.doc(security=SECURITY, responses=[401, 403, 404])
def delete_webhook(site: str, webhook: str) -> str:
    """Remove a webhook with all that was to be delivered to it."""
    site_id = _admins_site(site)
    with services().database.writing() as session:
        endpoints.remove_webhook(session, endpoints.get_webhook(session, site_id, read_id(webhook, "webhook")))
    return ""


@blueprint.post("/<webhook>/secret")
@blueprint.output(WebhookOut)
@blueprint.doc(security=SECURITY, responses=[401, 403, 404, 409])
def post_secret(site: str, webhook: str) -> dict[str, Any]:
    """Give a webhook a new secret, which is told only now."""
    parts, site_id = services(), _admins_site(site)
    with parts.database.writing() as session:
        found = endpoints.get_webhook(session, site_id, read_id(webhook, "webhook"))
        new = endpoints.renew_secret(session, found, parts.secret_key)
        return _present(new.webhook) | {"secret": new.secret}


@blueprint.get("/<webhook>/deliveries")
@blueprint.input(DeliveriesQuery, location="query", arg_name="query")
@blueprint.output(DeliveriesOut)
@blueprint.doc(security=SECURITY, responses=[401, 403, 404, 422])
def get_deliveries(site: str, webhook: str, query: DeliveriesQuery) -> dict[str, Any]:
    """List what was delivered to a webhook and what waits, with the answers."""
    site_id = _admins_site(site)
    with services().database.reading() as session:
        found = endpoints.get_webhook(session, site_id, read_id(webhook, "webhook"))
        rows, following = list_deliveries(session, found, state=query.state, limit=query.limit, cursor=query.cursor)
        return {"deliveries": [_present_delivery(row) for row in rows], "next": following}


@blueprint.post("/<webhook>/deliveries/<delivery>/resend")
@blueprint.output(DeliveryOut, status_code=202)
@blueprint.doc(security=SECURITY, responses=[401, 403, 404])
def post_resend(site: str, webhook: str, delivery: str) -> dict[str, Any]:
    """Have a delivery sent once more, under the id it had."""
    parts, site_id = services(), _admins_site(site)
    with parts.database.writing() as session:
        found = endpoints.get_webhook(session, site_id, read_id(webhook, "webhook"))
        row = send_again(session, found, read_id(delivery, "delivery"), parts.clock())
        shown = _present_delivery(row)
    call_worker(found.id)
    return shown


def call_worker(webhook_id: uuid.UUID) -> None:
    """Wake a worker for the webhook: somebody waits and looks."""
    parts = services()
    query = select(Job.id).where(Job.subject_id == webhook_id, Job.state == JobState.QUEUED)
    with parts.database.reading() as session:
        job_id = session.scalar(query.order_by(Job.run_after).limit(1))
    if job_id is not None:
        jobs.wake(parts, job_id)


def _admins_site(text: str) -> uuid.UUID:
    require_admin(current_actor())
    with services().database.reading() as session:
        return get_site(session, read_id(text, "site")).id


def _present(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "kind": webhook.kind,
        "url": webhook.url,
        "events": webhook.events,
        "enabled": webhook.enabled,
        "failures": webhook.failures,
        "created_at": webhook.created_at,
    }


def _present_delivery(row: WebhookDelivery) -> dict[str, Any]:
    return {
        "id": row.id,
        "comment_id": row.comment_id,
        "event": f"comment.{row.status}",
        "version": row.number,
        "state": row.state,
        "attempts": row.attempts,
        "answer_status": row.answer_status,
        "answer": row.answer,
        "created_at": row.created_at,
        "settled_at": row.settled_at,
        "next_at": row.next_at if row.state is DeliveryState.WAITING else None,
    }
