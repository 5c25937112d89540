"""``moderation models``: the registry of models, and which one is live."""

from __future__ import annotations

from typing import Any

import click

from moderation.commands.context import emit, json_option, open_services
from moderation.learning import registry
from moderation.tables import Promotion


@click.group("models")
def command() -> None:
    """The models: what was trained, what is live, and the way back."""


@command.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the models, the newest first."""
    with open_services().database.reading() as session:
        records = [listed.as_dict() for listed in registry.list_versions(session)]
    live = next((record["version"] for record in records if record["live"]), None)
    emit({"live": live, "models": records}, as_json, text="\n".join(map(_line, records)) or "There are no models.")


@command.command("show")
@click.argument("version")
@json_option
def show(version: str, *, as_json: bool) -> None:
    """Show a model with its metrics and what speaks against it."""
    with open_services().database.reading() as session:
        emit(registry.show(session, version).as_dict(), as_json)


@command.command("promote")
@click.argument("version")
@click.option("--force", is_flag=True, help="Although there are objections, which are recorded.")
@json_option
def promote(version: str, *, force: bool, as_json: bool) -> None:
    """Put a model live. Running servers and workers use it within seconds."""
    services = open_services()
    with services.database.writing() as session:
        promotion = registry.promote(session, version, None, services.clock(), force=force)
        _emit_promotion(promotion, as_json=as_json)


@command.command("rollback")
@json_option
def rollback(*, as_json: bool) -> None:
    """Put the model live again that was live before."""
    services = open_services()
    with services.database.writing() as session:
        promotion = registry.rollback(session, None, services.clock())
        _emit_promotion(promotion, as_json=as_json)


def _emit_promotion(promotion: Promotion, *, as_json: bool) -> None:
    record = registry.promotion_record(promotion)
    text = "\n".join([f"Live: {promotion.version}", *(f"  although {text}" for text in promotion.objections)])
    emit(record, as_json, text=text)


def _line(record: dict[str, Any]) -> str:
    state = "live" if record["live"] else "objections" if record["objections"] else ""
    return f"{record['version']:<36}{record['created_at'][:16].replace('T', ' ')}  {state}".rstrip()
