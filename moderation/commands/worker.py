"""``moderation worker``: the background worker."""

from __future__ import annotations

import os
import signal
import threading

import click

from moderation.commands.context import open_services
from moderation.jobs import run_worker


@click.command("worker")
@click.option("--follow", type=int, hidden=True, help="Stop when this process, the parent, is gone.")
def command(follow: int | None) -> None:
    """Re-judge comments and train models in the background. Ctrl-C or SIGTERM stops it; no job is lost."""
    services = open_services()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    if follow is not None:
        threading.Thread(target=_stop_with, args=(follow, stop), daemon=True).start()
    run_worker(services, stop)
    services.database.dispose()


def _stop_with(parent: int, stop: threading.Event) -> None:
    # Whoever is killed outright cannot tell its children; they notice that they have been given to another.
    while os.getppid() == parent and not stop.wait(1.0):
        pass
    stop.set()
