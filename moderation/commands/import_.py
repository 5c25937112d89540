"""``moderation import``: the history of another system, or of a site of ours."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from moderation.commands.context import emit, json_option, open_services
from moderation.exchange.imports.formats import FORMATS
from moderation.exchange.imports.importing import CheckedFile, import_file
from moderation.exchange.imports.keys import KeyKind
from moderation.exchange.imports.writer import ImportReport


@click.command("import")
@click.argument("form", metavar="FORMAT", type=click.Choice(list(FORMATS)))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--site", "site_id", type=click.UUID, required=True, help="The site that it goes to.")
@click.option("--skip-bad", is_flag=True, help="Leave bad lines out instead of importing nothing.")
@click.option(
    "--key",
    type=click.Choice([kind.value for kind in KeyKind]),
    help="Call threads by the page's path, its whole address, or the other system's own id. "
    "Unless told, WordPress' posts go by their numbers and all other pages by their paths.",
)
@json_option
def command(form: str, file: Path, site_id: uuid.UUID, *, skip_bad: bool, key: str | None, as_json: bool) -> None:
    r"""Bring in threads, comments and what people said of them. Safe to repeat: nothing comes in twice.

    \b
    FORMAT is one of
      wordpress            Tools > Export of WordPress (WXR)
      disqus               the export that Disqus sends (.xml or .xml.gz)
      isso                 Isso's database (comments.db), or its dump
      remark42             a backup of Remark42 (.gz)
      commento, comentario the export of either (.json or .json.gz)
      jsonl                labelled lines, or a file of `moderation export`

    Statuses are kept, and spam and what has long been public teach the judge. Of our own export everything is kept,
    each decision included. All comes in or, with a bad line, nothing; if it is interrupted, repeating it completes it.
    """
    services = open_services()
    click.get_current_context().call_on_close(services.database.dispose)
    checked = None
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Checking", total=None)

        def on_checked(found: CheckedFile) -> None:
            nonlocal checked
            checked = found
            for line in found.bad.told():
                bar.console.print(f"Skipped {line}", markup=False, highlight=False, soft_wrap=True)
            bar.reset(task, description="Importing", total=found.good)

        report = import_file(
            services.database,
            site_id,
            file,
            FORMATS[form],
            services.clock,
            key=KeyKind(key) if key else None,
            skip_bad=skip_bad,
            on_checked=on_checked,
            progress=lambda done: bar.advance(task, done),
        )
    emit(_record(site_id, report, checked), as_json, text=_told(report, checked))


def _record(site_id: uuid.UUID, report: ImportReport, checked: CheckedFile | None) -> dict[str, Any]:
    found = {"bad_lines": checked.bad.count, "mended": checked.mended, "left_out": checked.left_out} if checked else {}
    return {"site": site_id, **asdict(report), **found}


def _told(report: ImportReport, checked: CheckedFile | None) -> str:
    stood = ", ".join(f"{count} {status}" for status, count in report.statuses.items() if count)
    lines = [
        (
            f"Imported {report.comments} comments{f' ({stood})' if stood else ''} in {report.threads} new threads; "
            f"{report.spam} are labelled spam, {report.ham} ham."
        ),
        f"{report.known} were there already." if report.known else "",
        f"{report.orphans} replies had lost what they replied to." if report.orphans else "",
    ]
    if checked is not None:
        left_out = ", ".join(f"{count} {kind}" for kind, count in sorted(checked.left_out.items()))
        lines += [
            f"{checked.mended} comments came without an address that could not be one." if checked.mended else "",
            f"Left out, since they are no comments: {left_out}." if left_out else "",
            f"{checked.bad.count} bad {checked.bad.unit}s were left out." if checked.bad.count else "",
        ]
    return "\n".join(filter(None, lines))
