"""Files of labelled comments on the command line: read whole, and every bad line named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from model.jsonl import BadLine, read_labelled
from model.sample import LabelledSample

MAX_NAMED = 20

Function = TypeVar("Function", bound=Callable[..., Any])


def data_option(*, required: bool) -> Callable[[Function], Function]:
    """Give a command the option ``--data``, which may be repeated."""
    return click.option(
        "--data",
        "files",
        multiple=True,
        required=required,
        metavar="FILE.jsonl",
        type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
        help="Labelled comments, one JSON object a line; repeatable.",
    )


def skip_bad_option(function: Function) -> Function:
    """Give a command the option ``--skip-bad``."""
    return click.option("--skip-bad", is_flag=True, help="Go on without the lines that are wrong.")(function)


def read_files(files: Iterable[Path], *, skip_bad: bool) -> list[LabelledSample]:
    """Return all samples of the files. Raises ``ClickException`` that names the bad lines, unless told to skip them."""
    samples: list[LabelledSample] = []
    bad: list[str] = []
    for path in files:
        with path.open("rb") as lines:
            for read in read_labelled(lines):
                if isinstance(read, BadLine):
                    bad.append(f"{path}, line {read.number}: {read.reason}")
                else:
                    samples.append(read)
    if bad and not skip_bad:
        message = f"{_listed(bad)}\nNothing was done. Mend the lines, or go on without them: --skip-bad"
        raise click.ClickException(message)
    if bad:
        click.echo(f"Skipped:\n{_listed(bad)}", err=True)
    return samples


def _listed(bad: Sequence[str]) -> str:
    named = [f"  {line}" for line in bad[:MAX_NAMED]]
    more = [f"  and {len(bad) - MAX_NAMED} more"] if len(bad) > MAX_NAMED else []
    return "\n".join([f"{len(bad)} bad line{'s' if len(bad) > 1 else ''}:", *named, *more])
