"""``moderation init``: a database at this program's version, with the starter model."""

from __future__ import annotations

import click

from moderation.commands.context import open_services
from moderation.learning.registry import install_starter
from moderation.migrate import upgrade
from moderation.services import Services


@click.command("init")
def command() -> None:
    """Create or upgrade the database and install the starter model. Safe to repeat."""
    services = open_services(check=False)
    initialise(services)
    click.echo(f"Ready: {services.settings.database.render_as_string(hide_password=True)}")


def initialise(services: Services) -> None:
    """Bring the database up to date and make sure that a model is live."""
    upgrade(services.database)
    with services.database.writing() as session:
        install_starter(session, services.clock())
