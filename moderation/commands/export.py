"""``moderation export``: everything of a site."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click

from moderation.commands.context import open_services
from moderation.errors import UnavailableError
from moderation.exchange.export import export_site
from moderation.exchange.wxr import export_wxr


@click.command("export")
@click.option("--site", "site_id", type=click.UUID, required=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file, for its owner's eyes only.")
@click.option("--labelled", is_flag=True, help="Only the labelled comments, as `train --data` reads them.")
@click.option("--format", "form", type=click.Choice(["jsonl", "wxr"]), default="jsonl", show_default=True)
def command(site_id: uuid.UUID, out: Path | None, form: str, *, labelled: bool) -> None:
    """Print everything of a site: one JSON object a line, each with its "kind".

    That is the site, its policies, threads and comments, each comment followed by its decisions. It holds addresses of
    people and is to be kept like the database; keys and passwords are not in it. `moderation import jsonl` reads it;
    `train`, `evaluate` and `replay` read what --labelled prints.

    With --format wxr: threads and comments as WordPress exports them, for other systems to read. What was decided, and
    by whom, is not in that.
    """
    if labelled and form == "wxr":
        message = "--labelled is for JSON lines; WXR holds all comments."
        raise click.UsageError(message)
    services = open_services()
    click.get_current_context().call_on_close(services.database.dispose)
    with services.database.reading() as session:
        wxr = form == "wxr"
        lines = export_wxr(session, site_id) if wxr else export_site(session, site_id, only_labelled=labelled)
        if out is None:
            sys.stdout.buffer.writelines(lines)
        else:
            with _private_file(out) as file:
                file.writelines(lines)


@contextlib.contextmanager
def _private_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that only its owner reads, and that is there whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
        draft.replace(path)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror or error}"
        raise UnavailableError(message) from error
    finally:
        draft.unlink(missing_ok=True)
