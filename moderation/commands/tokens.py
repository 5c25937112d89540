"""``moderation tokens``: personal API tokens."""

from __future__ import annotations

import click

from moderation.commands.context import emit, json_option, open_services
from moderation.people.users import create_token


@click.group("tokens")
def command() -> None:
    """Personal API tokens."""


@command.command("create")
@click.argument("email")
@json_option
def create(email: str, *, as_json: bool) -> None:
    """Create a token for a person. It is shown only now."""
    services = open_services()
    with services.database.writing() as session:
        token = create_token(session, email, services.clock())
    emit({"email": email, "token": token}, as_json)
