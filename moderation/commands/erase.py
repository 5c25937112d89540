"""``moderation erase``: forget a person."""

from __future__ import annotations

import sys
import uuid

import click

from moderation.commands.context import emit, json_option, open_services
from moderation.exchange.erasure import count_comments, erase
from moderation.people.sites import get_site


@click.command("erase")
@click.argument("email")
@click.option("--site", "site_id", type=click.UUID, help="Only at this site; without it, at all.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def command(email: str, site_id: uuid.UUID | None, *, yes: bool, as_json: bool) -> None:
    """Forget the author with this e-mail address: what they wrote, from where, and what was decided on it.

    A comment that has replies leaves an empty place, so that they still answer something; all others are gone. The
    live model keeps no text; the next training no longer sees the comments. Backups and what other people wrote are
    not reached. Safe to repeat.
    """
    services = open_services()
    click.get_current_context().call_on_close(services.database.dispose)
    with services.database.reading() as session:
        if site_id is not None:
            get_site(session, site_id)
        count = count_comments(session, email, site_id)
    if count and not yes:
        if not sys.stdin.isatty():
            message = f"{count} comments would be forgotten for good. Say so with --yes."
            raise click.UsageError(message)
        click.confirm(f"{count} comments will be forgotten for good. Go on?", abort=True, err=True)
    report = erase(services.database, email, services.clock, site_id)
    record = {
        "comments": report.comments,
        "placeholders": report.placeholders,
        "decisions": report.decisions,
        "labels": report.labels,
        "sites": len(report.sites),
        "addresses": report.addresses,
        "has_account": report.has_account,
    }
    text = (
        f"Forgot {report.comments} comments at {len(report.sites)} sites, with {report.decisions} decisions and "
        f"{report.labels} labels. {report.placeholders} of them had replies and left an empty place."
    )
    if report.labels:
        text += "\nThe live model was trained with them in view; `moderation train` makes one that was not."
    if report.has_account:
        text += "\nThe address is also that of an account here, which stays as it is."
    emit(record, as_json, text=text)
