"""``moderation replay``: a labelled history, sent again to a running service, to see what it makes of it."""

from __future__ import annotations

import contextlib
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from model.sample import Label
from moderation.clock import utc_now
from moderation.commands.context import emit, json_option, open_services
from moderation.exchange.replay.replaying import History, read_file, replay, temporary_key
from moderation.exchange.replay.report import NAMES, Report
from moderation.exchange.replay.service import Outcome, Service

URL = "http://127.0.0.1:8000"
#: Reasons told one by one; the document of ``--json`` has them all.
SHOWN = 10
INTERRUPTED = 130


@click.command("replay")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--site", "site_id", type=click.UUID, required=True, help="The site they are sent to.")
@click.option("--url", default=URL, show_default=True, help="Where the service runs.")
@click.option("--key", help="The site's key; without it, a temporary one is made in the database.")
@click.option("--limit", type=click.IntRange(min=1), help="Send only the first so many.")
@click.option("--concurrency", type=click.IntRange(1, 64), default=8, show_default=True, help="Requests at a time.")
@click.option("--skip-bad", is_flag=True, help="Leave bad lines out instead of sending nothing.")
@json_option
def command(
    file: Path,
    site_id: uuid.UUID,
    url: str,
    key: str | None,
    limit: int | None,
    concurrency: int,
    *,
    skip_bad: bool,
    as_json: bool,
) -> None:
    """Post the labelled comments of FILE to a running service and tell what became of them against their labels.

    They are stored like any others, so it wants a site of its own. The labels are not sent. The temporary key lifts
    the limit of an address and lets comments without name or e-mail through, as old histories have them; it is revoked
    at the end. With --key the service's limits hold, and are waited for.
    """
    history = read_file(file, skip_bad=skip_bad)
    count = min(history.comments, limit or history.comments)
    with _terminated_like_interrupted(), contextlib.ExitStack() as stack:
        if key is None:
            services = open_services()
            click.get_current_context().call_on_close(services.database.dispose)
            key = stack.enter_context(temporary_key(services.database, site_id, services.clock))
        service = stack.enter_context(contextlib.closing(Service(url, site_id, key, connections=concurrency)))
        service.check()
        with _bar() as bar:
            task = bar.add_task("Sending", total=count)
            report = replay(
                history,
                service,
                utc_now,
                limit=limit,
                concurrency=concurrency,
                progress=lambda done: bar.advance(task, done),
            )
    _show(report, history, site_id, as_json=as_json)
    if report.stopped or report.count(Outcome.FAILED):
        raise SystemExit(INTERRUPTED if report.stopped == "interrupted" else 1)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Have SIGTERM, too, leave by the way that revokes the key; and SIGINT even where a shell had it ignored."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _show(report: Report, history: History, site_id: uuid.UUID, *, as_json: bool) -> None:
    left_out = {"bad_lines": history.bad.count, "unlabelled": history.unlabelled}
    for line in history.bad.told():
        click.echo(f"Skipped {line}", err=True)
    if as_json:
        emit({"site": site_id, "file": history.path.name, **report.as_json(), **left_out}, as_json)
        return
    console = Console(highlight=False)
    console.print(_table(report))
    for (reason, label, outcome), count in report.reasons.most_common(SHOWN):
        kind = "spam" if label is Label.SPAM else "genuine"
        console.print(f"{count} {kind} {outcome.value}: {reason}", markup=False, soft_wrap=True)
    rest = ", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in left_out.items() if count)
    console.print(
        f"Sent {report.sent} comments in {report.seconds:.1f} s ({report.speed:.0f} a second); "
        f"judged by {', '.join(sorted(report.models)) or 'no model'}." + (f" Left out: {rest}." if rest else ""),
        soft_wrap=True,
    )
    if report.stopped:
        console.print(f"Stopped before the end: {report.stopped}.", markup=False, soft_wrap=True)


def _table(report: Report) -> Table:
    table = Table(caption="% of those taken in", caption_justify="right")
    table.add_column("")
    for title in ("spam", "%", "genuine", "%"):
        table.add_column(title, justify="right")
    told = {
        Outcome.PUBLISHED: "published",
        Outcome.HELD: "held for a moderator",
        Outcome.SPAM: "kept as spam",
        Outcome.REFUSED: "refused",
        Outcome.DUPLICATE: "duplicates (refused)",
        Outcome.FAILED: "no answer",
    }
    for outcome, name in told.items():
        cells = [name]
        for label in (Label.SPAM, Label.HAM):
            share = report.share(label, outcome) if outcome in NAMES[label] else None
            cells += [str(report.outcomes[label, outcome]), "" if share is None else f"{100 * share:.2f}"]
        table.add_row(*cells, end_section=outcome is Outcome.SPAM)
    return table
