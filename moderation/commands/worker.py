"""``moderation worker``: the background worker."""

from __future__ import annotations

import signal
import threading

import click

from moderation.commands.context import open_services
from moderation.jobs import run_worker


@click.command("worker")
def command() -> None:
    """Re-judge comments and train models in the background. Ctrl-C or SIGTERM stops it; no job is lost."""
    services = open_services()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    run_worker(services, stop)
    services.database.dispose()
