"""``moderation promise``: what the live model promises a site, and what a review budget would buy."""

from __future__ import annotations

import uuid

import click

from moderation.commands.context import emit, errors_told, json_option, open_services
from moderation.learning.promises import Standing, standing
from moderation.people.sites import get_site


@click.command("promise")
@click.option("--site", "site_id", type=click.UUID, required=True, metavar="ID")
@click.option("--reviews-per-day", type=click.FloatRange(min=0), help="Which promise can so many reviews a day buy?")
@json_option
def command(*, site_id: uuid.UUID, reviews_per_day: float | None, as_json: bool) -> None:
    """Tell what may go wrong at a site, how many comments that leaves to read, and what more reading would buy."""
    services = open_services()
    click.get_current_context().call_on_close(services.database.dispose)
    scorer = services.live_model.scorer()
    if scorer is None:
        message = services.live_model.problem or "No model is installed."
        raise click.ClickException(message)
    with errors_told(), services.database.reading() as session:
        found = standing(session, get_site(session, site_id), scorer, services.clock(), reviews_per_day=reviews_per_day)
    emit(found.as_dict(), as_json, text=_told(found, reviews_per_day))


def _told(found: Standing, budget: float | None) -> str:
    promise = found.promise
    whose = "the site's own" if promise.own else "all"
    stated = (
        f"Of the genuine comments at most {promise.max_ham_as_spam:.2%} are kept as spam, of the published at most "
        f"{promise.max_spam_in_published:.2%} are spam, {promise.confidence:.1%} sure; from {whose} labels of model "
        f"{found.model}: {promise.n_ham} genuine, {promise.n_spam} spam."
    )
    cuts = f"Published below {found.publish_below:.3f}, spam from {min(found.spam_above, 1.0):.3f}: {promise.why}."
    lines = [stated, cuts]
    if found.reviews_per_day is None:
        lines.append("No comment was judged lately, so nobody knows how many there are to read.")
        return "\n".join(lines)
    lines.append(f"That leaves {found.reviews_per_day:.1f} comments a day to read ({found.comments} came lately).")
    if budget is not None and found.bought is None:
        lines.append(f"{budget:g} a day buy no promise that we offer.")
    elif found.bought is not None:
        terms = found.bought.terms
        lines.append(
            f"{budget:g} a day buy: at most {terms.max_ham_as_spam:.2%} and {terms.max_spam_in_published:.2%}, with "
            f"{found.bought.reviews_per_day:.1f} to read."
        )
    return "\n".join(lines)
