"""``moderation undo``: take back what a person, or everybody on a day, decided."""

from __future__ import annotations

import sys
import uuid
from datetime import datetime

import click

from moderation.commands.context import emit, json_option, open_services
from moderation.people.access import require_admin
from moderation.people.sites import get_site
from moderation.people.users import actor_of, find_person
from moderation.review.withdrawal import Whose, standing_decisions, withdraw


@click.command("undo")
@click.option("--by", "by", metavar="EMAIL", help="What this person decided.")
@click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="What was decided on this day (UTC).")
@click.option("--site", "site_id", type=click.UUID, help="Only at this site; without it, at all.")
@click.option("--as", "admin", metavar="EMAIL", required=True, help="The admin who takes it back, for the history.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def command(
    by: str | None, on: datetime | None, site_id: uuid.UUID | None, admin: str, *, yes: bool, as_json: bool
) -> None:
    """Take back decisions with their lessons: those by a person, on a day, or both.

    What somebody else decided on since is left alone. It is one batch in the history, where it can be taken back
    itself. The next training is as if the decisions had never been.
    """
    if by is None and on is None:
        message = "Say whose decisions (--by), of which day (--on), or both."
        raise click.UsageError(message)
    services = open_services()
    with services.database.reading() as session:
        if site_id is not None:
            get_site(session, site_id)
        actor = actor_of(session, find_person(session, admin).id)
        require_admin(actor)
        person_id = find_person(session, by).id if by is not None else None
        whose = Whose(person_id, on.date() if on else None, site_id)
        count = len(standing_decisions(session, whose))
    if count and not yes:
        if not sys.stdin.isatty():
            message = f"{count} decisions would be taken back. Say so with --yes."
            raise click.UsageError(message)
        click.confirm(f"{count} decisions will be taken back. Go on?", abort=True, err=True)
    with services.database.writing() as session:
        batch, outcomes = withdraw(session, actor, whose, services.clock())
        undone = sum(outcome.decision is not None for outcome in outcomes)
    record = {"batch": str(batch) if undone else None, "undone": undone, "left": len(outcomes) - undone}
    emit(record, as_json, text=f"Took back {undone} decisions; {record['left']} were decided on meanwhile.")
