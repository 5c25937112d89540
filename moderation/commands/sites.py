"""``moderation sites``: the websites that send us comments."""

from __future__ import annotations

import click
from sqlalchemy import select

from moderation.commands.context import emit, json_option, open_services
from moderation.people.sites import create_site
from moderation.tables import Site


@click.group("sites")
def command() -> None:
    """Websites and their keys."""


@command.command("create")
@click.argument("name")
@click.option("--origin", "origins", multiple=True, required=True, help="The site's address; repeatable.")
@click.option("--name-optional", is_flag=True, help="Take comments without a name.")
@click.option("--email-optional", is_flag=True, help="Take comments without an e-mail address.")
@json_option
def create(name: str, origins: tuple[str, ...], *, name_optional: bool, email_optional: bool, as_json: bool) -> None:
    """Create a site. Its key and Akismet key are shown only now."""
    services = open_services()
    with services.database.writing() as session:
        new = create_site(
            session,
            name,
            origins,
            services.clock(),
            name_required=not name_optional,
            email_required=not email_optional,
        )
        record = {
            "id": str(new.site.id),
            "name": new.site.name,
            "origins": new.site.origins,
            "key": new.key,
            "akismet_key": new.akismet_key,
        }
    emit(record, as_json)


@command.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List all sites."""
    with open_services().database.reading() as session:
        sites = [
            {"id": str(site.id), "name": site.name, "origins": site.origins}
            for site in session.scalars(select(Site).order_by(Site.name, Site.id))
        ]
    emit(
        {"sites": sites},
        as_json,
        text="\n".join(f"{s['id']}  {s['name']}  {' '.join(s['origins'])}" for s in sites) or "There are no sites.",
    )
