"""``moderation purge``: apply retention."""

from __future__ import annotations

from dataclasses import asdict, fields

import click

from moderation.commands.context import emit, json_option, open_services
from moderation.exchange.retention import Retention, purge

_DEFAULTS = {field.name: field.default for field in fields(Retention)}


def _days(name: str, what: str) -> click.Option:
    return click.Option(
        [f"--{name.replace('_', '-')}"],
        type=click.IntRange(min=0, max=100_000),
        default=_DEFAULTS[name],
        show_default=True,
        help=f"Days to keep {what}.",
    )


@click.command("purge")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option("--labelled", is_flag=True, help="Old spam goes even where somebody labelled it.")
@json_option
def command(*, dry_run: bool, labelled: bool, as_json: bool, **days: int) -> None:
    """Remove what was kept long enough. Safe to repeat and to interrupt; meant to be run daily.

    Old spam and rejected comments go for good. Labelled spam stays, since it is what training learns from; but, like
    every old comment that is not pending, it loses the IP address, user agent and referrer. What is pending waits for
    a moderator, however long.
    """
    services = open_services()
    click.get_current_context().call_on_close(services.database.dispose)
    report = purge(services.database, Retention(**days, labelled=labelled), services.clock, dry_run=dry_run)
    counts = asdict(report)
    verb = "Would remove" if dry_run else "Removed"
    text = (
        f"{verb} {report.spam} spam and {report.rejected} rejected comments, the addresses of {report.addresses} "
        f"comments, {report.idempotency_keys} idempotency keys, {report.jobs} finished jobs, {report.deliveries} "
        f"deliveries of webhooks, {report.logins} ended logins, {report.replay_keys} expired keys, "
        f"{report.earlier_texts} earlier texts of changed comments, {report.notices} wishes for mail and "
        f"{report.addresses_asked} addresses that never answered."
    )
    emit({**counts, "dry_run": dry_run}, as_json, text=text)


command.params.extend(
    [
        _days("spam_days", "spam"),
        _days("rejected_days", "rejected comments"),
        _days("address_days", "IP addresses, user agents and referrers"),
        _days("idempotency_days", "answers to repeated requests"),
        _days("job_days", "finished jobs and deliveries of webhooks"),
        _days("login_days", "ended logins"),
        _days("earlier_text_days", "what changed comments said before"),
        _days("notice_days", "wishes to be told of replies"),
        _days("address_asked_days", "addresses that were asked to confirm themselves and did not"),
    ]
)
