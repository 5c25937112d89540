"""``moderation serve``: the web server."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import click
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from moderation.commands.context import open_services
from moderation.errors import UnavailableError
from moderation.settings import Settings

#: Threads that answer requests in each process; more than these would only wait for one another.
THREADS = min(8, 2 * (os.cpu_count() or 1) + 1)


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes.")
def command(host: str, port: int, workers: int) -> None:
    """Serve the API and the pages. Ctrl-C or SIGTERM stops it."""
    services = open_services()
    services.database.dispose()
    serve(services.settings, host, port, workers)


def check_port(host: str, port: int) -> None:
    """Raise ``UnavailableError`` if the port cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = f"Port {port} of {host} cannot be used ({error.strerror}). Choose another with --port."
            raise UnavailableError(message) from error


def serve(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve until a signal ends it."""
    check_port(host, port)
    _share_metrics(settings.home / "metrics")
    # The processes read their settings anew; only here it is known which port the default address has.
    os.environ.setdefault("MODERATION_PUBLIC_URL", f"http://{f'[{host}]' if ':' in host else host}:{port}")
    Granian(
        "moderation.app:from_environment",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_level=LogLevels.warning,
    ).serve()


def _share_metrics(folder: Path) -> None:
    # Each process counts for itself in a file of this folder, and a scrape adds them up; old files are of processes
    # that are gone, and their counters would never move again.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
