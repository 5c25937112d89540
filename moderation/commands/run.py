"""``moderation run``: everything on one machine, for a first look and for small sites: what ``make run`` calls."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click
from sqlalchemy import select

from moderation.commands.context import open_services
from moderation.commands.init import initialise
from moderation.commands.serve import check_port, serve
from moderation.people.sites import create_site
from moderation.people.users import create_person
from moderation.services import Services
from moderation.tables import Person, Role, Site

#: Seconds before a worker that died is replaced, and within which one that is told to must have stopped.
RESTART_AFTER, STOP_WITHIN = 2.0, 15.0
DEMO_SITE = "Demo"
DEMO_ADMIN = "admin@example.com"


@click.command("run")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes.")
def command(host: str, port: int, workers: int) -> None:
    """Set up what is missing, then run web server and background worker together until Ctrl-C or SIGTERM."""
    check_port(host, port)
    services = open_services(check=False)
    initialise(services)
    _welcome(services, services.settings.base_url(port))
    services.database.dispose()
    signal.signal(signal.SIGTERM, _exit)
    with _worker_beside():
        serve(services.settings, host, port, workers)


@contextmanager
def _worker_beside() -> Iterator[None]:
    """Keep a worker running beside the web server; one that dies is replaced."""
    stop = threading.Event()
    # A process of its own: training keeps a core busy for minutes, and requests must not wait for it.
    running = [_start_worker()]

    def keep() -> None:
        while True:
            running[0].wait()
            if stop.wait(RESTART_AFTER):
                return
            running[0] = _start_worker()

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        for worker in running:
            worker.terminate()
        keeper.join(STOP_WITHIN)
        for worker in running:
            worker.kill()


def _start_worker() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "moderation", "worker", "--follow", str(os.getpid())]
    # close_fds=False lets Python use posix_spawn. Its fork and exec wait for a pipe to close, which never happens if
    # the web server forks a process of its own in between.
    return subprocess.Popen(command, close_fds=False)  # noqa: S603 -- our own words


def _exit(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _welcome(services: Services, url: str) -> None:
    password = None
    with services.database.writing() as session:
        if session.scalar(select(Site.id).limit(1)) is None:
            origins = [url, url.replace("//127.0.0.1:", "//localhost:")]
            create_site(session, DEMO_SITE, origins, services.clock())
        if session.scalar(select(Person.id).limit(1)) is None:
            password = secrets.token_urlsafe(12)
            create_person(session, DEMO_ADMIN, Role.ADMIN, [], password, services.clock())
    click.echo(f"\n  Demo page     {url}/demo\n  Review desk   {url}/review")
    if password:
        click.echo(f"  Admin         {DEMO_ADMIN}\n  Password      {password}   (shown only now)")
    click.echo(f"  API           {url}/api/docs\n\n  Ctrl-C stops it.\n")
    sys.stdout.flush()
    os.environ.setdefault("MODERATION_PUBLIC_URL", url)
