"""``moderation webhooks``: the servers that are told of every change of a comment's status."""

from __future__ import annotations

import uuid
from typing import Any

import click
from sqlalchemy.orm import Session

from moderation.commands.context import emit, json_option, open_services
from moderation.errors import NotFoundError
from moderation.tables import Webhook
from moderation.webhooks.deliveries import list_deliveries, send_again
from moderation.webhooks.endpoints import EVENTS, change_webhook, create_webhook, list_webhooks, remove_webhook


@click.group("webhooks")
def command() -> None:
    """Servers that are told when a comment is published, held, kept as spam or rejected."""


@command.command("create")
@click.argument("url")
@click.option("--site", "site_id", type=click.UUID, required=True, help="The site's id.")
@click.option("--event", "events", type=click.Choice(EVENTS), multiple=True, help="Told of this only; repeatable.")
@json_option
def create(url: str, site_id: uuid.UUID, events: tuple[str, ...], *, as_json: bool) -> None:
    """Make a webhook. Its secret is shown only now."""
    services = open_services()
    with services.database.writing() as session:
        new = create_webhook(session, site_id, url, services.secret_key, services.clock(), events or EVENTS)
        record = _record(new.webhook) | {"secret": new.secret}
    emit(record, as_json)


@command.command("list")
@click.option("--site", "site_id", type=click.UUID, required=True, help="The site's id.")
@json_option
def list_(site_id: uuid.UUID, *, as_json: bool) -> None:
    """List a site's webhooks."""
    with open_services().database.reading() as session:
        records = [_record(webhook) for webhook in list_webhooks(session, site_id)]
    lines = [f"{r['id']}  {'enabled ' if r['enabled'] else 'disabled'}  {r['url']}" for r in records]
    emit({"webhooks": records}, as_json, text="\n".join(lines) or "The site has no webhooks.")


@command.command("deliveries")
@click.argument("webhook_id", type=click.UUID)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@json_option
def deliveries(webhook_id: uuid.UUID, limit: int, *, as_json: bool) -> None:
    """List what was delivered last, what waits, and the answers."""
    with open_services().database.reading() as session:
        rows, _ = list_deliveries(session, _get(session, webhook_id), limit=limit)
        records = [
            {
                "id": row.id,
                "comment_id": row.comment_id,
                "status": row.status,
                "version": row.number,
                "state": row.state,
                "attempts": row.attempts,
                "answer_status": row.answer_status,
                "answer": row.answer,
            }
            for row in rows
        ]
    lines = [
        f"{r['id']}  {r['status']:<9}  {r['state']:<9}  {r['answer_status'] or '-'}  {r['answer']}" for r in records
    ]
    emit({"deliveries": records}, as_json, text="\n".join(lines) or "Nothing was to be delivered yet.")


@command.command("resend")
@click.argument("webhook_id", type=click.UUID)
@click.argument("delivery_id", type=click.UUID)
def resend(webhook_id: uuid.UUID, delivery_id: uuid.UUID) -> None:
    """Have a delivery sent once more. A worker does it."""
    services = open_services()
    with services.database.writing() as session:
        send_again(session, _get(session, webhook_id), delivery_id, services.clock())
    click.echo("It will be sent again.")


@command.command("enable")
@click.argument("webhook_id", type=click.UUID)
def enable(webhook_id: uuid.UUID) -> None:
    """Enable a webhook; what waited is delivered."""
    _switch(webhook_id, enabled=True)
    click.echo("It is enabled.")


@command.command("disable")
@click.argument("webhook_id", type=click.UUID)
def disable(webhook_id: uuid.UUID) -> None:
    """Disable a webhook; what waits is kept."""
    _switch(webhook_id, enabled=False)
    click.echo("It is disabled.")


@command.command("remove")
@click.argument("webhook_id", type=click.UUID)
def remove(webhook_id: uuid.UUID) -> None:
    """Remove a webhook with all that was to be delivered to it."""
    with open_services().database.writing() as session:
        remove_webhook(session, _get(session, webhook_id))
    click.echo("It is removed.")


def _switch(webhook_id: uuid.UUID, *, enabled: bool) -> None:
    services = open_services()
    with services.database.writing() as session:
        change_webhook(session, _get(session, webhook_id), services.clock(), enabled=enabled)


def _get(session: Session, webhook_id: uuid.UUID) -> Webhook:
    webhook = session.get(Webhook, webhook_id)
    if webhook is None:
        message = "There is no such webhook."
        raise NotFoundError(message)
    return webhook


def _record(webhook: Webhook) -> dict[str, Any]:
    return {"id": webhook.id, "url": webhook.url, "events": webhook.events, "enabled": webhook.enabled}
