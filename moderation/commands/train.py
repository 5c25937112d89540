"""``moderation train``: a candidate from the labels; changes nothing live."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from moderation.commands.context import emit, json_option, open_services
from moderation.commands.labelled import data_option, read_files, skip_bad_option
from moderation.learning.retrain import retrain

#: What is shown of the metrics, by name; all of them are in the JSON.
SHOWN = {
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "recall_at_fpr_0.01": "spam caught at 1 % false alarms",
    "brier": "Brier score (less is better)",
    "ece": "calibration error (less is better)",
}


@click.command("train")
@data_option(required=False)
@skip_bad_option
@json_option
def command(files: tuple[Path, ...], *, skip_bad: bool, as_json: bool) -> None:
    """Fit a candidate on the labels in the database, the starter's knowledge and the files."""
    extra = read_files(files, skip_bad=skip_bad)
    services = open_services()
    with _progress() as progress:
        result = retrain(services.database, services.settings.models, services.clock, extra=extra, progress=progress)
    emit(result, as_json, text=_text(result))


@contextmanager
def _progress() -> Iterator[Callable[[float, str], None]]:
    if not sys.stderr.isatty():
        yield lambda _share, _what: None
        return
    from rich.console import Console  # noqa: PLC0415 -- a fifth of a second that only a person at a terminal pays for
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("training", total=1.0)
        yield lambda share, what: bar.update(task, completed=share, description=what)


def _text(result: Mapping[str, Any]) -> str:
    live = result["live_metrics"]
    lines = [
        f"Candidate {result['version']}, learnt from {result['n_spam']} spam and {result['n_ham']} genuine comments.",
        "",
        f"{'on held-out labels':<36}{'candidate':>10}{'live' if live else '':>10}",
        *(f"{shown:<36}{_figure(result['metrics'], name)}{_figure(live, name)}" for name, shown in SHOWN.items()),
        "",
        *(f"Note: {warning}" for warning in result["warnings"]),
    ]
    promote = f"moderation models promote {result['version']}"
    if result["objections"]:
        lines += ["It should not go live:", *(f"  {objection}" for objection in result["objections"])]
        promote += " --force"
    return "\n".join([*lines, f"Put it live with: {promote}"])


def _figure(metrics: Mapping[str, Any] | None, name: str) -> str:
    value = (metrics or {}).get(name)
    return f"{value:>10.4f}" if isinstance(value, float) else " " * 10
