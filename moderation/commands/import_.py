"""``moderation import``: the history of another system, or of a site of ours."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from moderation.commands.context import emit, json_option, open_services
from moderation.exchange.imports import jsonl
from moderation.exchange.imports.importing import CheckedFile, import_file
from moderation.exchange.imports.vocabulary import Reader

FORMATS: dict[str, Reader] = {"jsonl": jsonl.read}


@click.command("import")
@click.argument("form", metavar="FORMAT", type=click.Choice(list(FORMATS)))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--site", "site_id", type=click.UUID, required=True, help="The site that it goes to.")
@click.option("--skip-bad", is_flag=True, help="Leave bad lines out instead of importing nothing.")
@json_option
def command(form: str, file: Path, site_id: uuid.UUID, *, skip_bad: bool, as_json: bool) -> None:
    """Bring in threads, comments and what people said of them. Safe to repeat: nothing comes in twice.

    FORMAT jsonl: labelled lines (spam stands as spam, ham as published; both teach), or a file of `moderation export`,
    whose comments keep their status, and their label if they have one. Scores and the decisions before the last are
    not taken over. All comes in or, with a bad line, nothing; if it is interrupted, repeating it completes it.
    """
    services = open_services()
    click.get_current_context().call_on_close(services.database.dispose)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Checking", total=None)
        skipped = 0

        def on_checked(checked: CheckedFile) -> None:
            nonlocal skipped
            skipped = checked.bad.count
            for line in checked.bad.told():
                bar.console.print(f"Skipped {line}", markup=False, highlight=False, soft_wrap=True)
            bar.reset(task, description="Importing", total=checked.good)

        report = import_file(
            services.database,
            site_id,
            file,
            FORMATS[form],
            services.clock,
            skip_bad=skip_bad,
            on_checked=on_checked,
            progress=lambda done: bar.advance(task, done),
        )
    text = (
        f"Imported {report.comments} comments ({report.spam} labelled spam, {report.ham} labelled ham) "
        f"in {report.threads} new threads; {report.known} were there already, {skipped} bad lines were left out, "
        f"{report.orphans} replies had lost what they replied to."
    )
    emit({"site": site_id, **asdict(report), "bad_lines": skipped}, as_json, text=text)
