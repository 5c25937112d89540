"""``moderation users``: the people who moderate and administer."""

from __future__ import annotations

import secrets
import sys
import uuid

import click

from moderation.commands.context import emit, json_option, open_services
from moderation.people.users import create_person
from moderation.tables import Role


@click.group("users")
def command() -> None:
    """Moderators and admins."""


@command.command("create")
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--site", "sites", multiple=True, type=click.UUID, help="A site that a moderator sees; repeatable.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@json_option
def create(email: str, role: str, sites: tuple[uuid.UUID, ...], *, password_stdin: bool, as_json: bool) -> None:
    """Create a person. Without --password-stdin a password is made and shown once."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else secrets.token_urlsafe(12)
    services = open_services()
    with services.database.writing() as session:
        person = create_person(session, email, Role(role), sites, password, services.clock())
        record: dict[str, object] = {
            "id": str(person.id),
            "email": person.email,
            "role": person.role.value,
            "sites": [str(site) for site in sites],
        }
    if not password_stdin:
        record["password"] = password
    emit(record, as_json)
