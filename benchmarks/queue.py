"""How fast the desk is read: ``python -m benchmarks.queue [--rows 10000,200000] [--postgresql]``.

Fills a database of its own with made-up comments and asks for pages, counts and searches as a browser would, but for
the network. Prints p50 and p95 in milliseconds, and the processor's time (SQLite works in this process),
which says more on a busy machine. A comment takes about 2 KB on disk.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import structlog
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.engine import URL
from werkzeug.test import TestResponse

from benchmarks.filling import COMMON, RARE, fill
from moderation import migrate
from moderation.app import create_app
from moderation.clock import utc_now
from moderation.learning.registry import install_starter
from moderation.people.users import create_person, create_token
from moderation.review.numbers import close_days
from moderation.services import build_services
from moderation.settings import Settings
from moderation.tables import Role
from tests.databases import postgresql_server

TIMES = 21
QUESTIONS = {
    "pending, first page": "/api/v1/queue?limit=50",
    "published, newest": "/api/v1/queue?status=published&order=newest&limit=50",
    "spam, most worth deciding": "/api/v1/queue?status=spam&order=uncertain&limit=50",
    "desk page": "/review",
    "counts": "/api/v1/queue/counts",
    "search, common word": f"/api/v1/queue?status=published&q={COMMON}",
    "search, common word, pending": f"/api/v1/queue?q={COMMON}",
    "search, rare word": f"/api/v1/queue?status=spam&q={RARE}",
    "search, two words": f"/api/v1/queue?status=spam&q={COMMON}+{RARE}",
    "author": "/api/v1/queue?status=published&author=author77@mail77.example",
    "domain": "/api/v1/queue?status=published&domain=site3.example",
    "IP address": "/api/v1/queue?status=published&ip=198.51.7.1",
    "reason": "/api/v1/queue?status=published&reason=many_links",
    "reason that nobody has": "/api/v1/queue?status=published&reason=honeypot",
    "letters that nobody uses": "/api/v1/queue?status=published&script=thai",
    "within a day": "/api/v1/queue?status=published&age=day",
    "audit lane": "/review?status=audit",
    "page of spam": "/review?status=spam&order=newest",
    "page of a search": f"/review?status=spam&q={RARE}",
    "counts of the page": "/review/counts",
    "a comment's page": "/review/comments/{comment}",
    "more about a comment": "/review/comments/{comment}/more",
    "history": "/admin/history?days=0&judge=1",
    "numbers": "/admin/numbers",
}
#: What is posted while one looks: nothing of it changes a comment.
POSTS = {
    "claim": ("/api/v1/claims", lambda ids: {"comment": ids[0], "shown": dict.fromkeys(ids, 1)}),
    "preview of 50": ("/api/v1/decisions/preview", lambda ids: {"action": "spam", "versions": dict.fromkeys(ids, 1)}),
}


@contextmanager
def database_url(folder: Path, *, postgresql: bool) -> Iterator[URL]:
    """Yield the address of an empty database."""
    if not postgresql:
        yield URL.create("sqlite", database=str(folder / "moderation.sqlite3"))
        return
    with postgresql_server() as url:
        yield url


def measure(ask: Callable[[], TestResponse]) -> tuple[float, float, float]:
    """Return p50, p95 and the median of our own processor time, in milliseconds; the first answer only warms up."""
    times, busy = [], []
    for _ in range(TIMES):
        begin, processor = time.perf_counter(), time.process_time()
        response = ask()
        times.append(1000 * (time.perf_counter() - begin))
        busy.append(1000 * (time.process_time() - processor))
        if response.status_code != 200:
            raise SystemExit(f"{response.request.path}: {response.status_code} {response.text}")
    times = sorted(times[1:])
    return statistics.median(times), times[int(0.95 * len(times)) - 1], statistics.median(busy[1:])


def run(rows: int, *, postgresql: bool) -> None:
    """Fill a database and print what reading it costs."""
    with tempfile.TemporaryDirectory() as folder, database_url(Path(folder), postgresql=postgresql) as url:
        services = build_services(Settings(home=Path(folder), database_url=url, secret_key="x" * 40))
        migrate.upgrade(services.database)
        begin = time.perf_counter()
        with services.database.writing() as session:
            install_starter(session, utc_now())
            create_person(session, "a@example.org", Role.ADMIN, [], "correct horse battery", utc_now())
            token = create_token(session, "a@example.org", utc_now())
        fill(services.database, rows, utc_now())
        close_days(services.database, utc_now)  # what the worker does with days that are over
        if postgresql:
            with services.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
        took = time.perf_counter() - begin
        kind = "PostgreSQL" if postgresql else "SQLite"
        print(f"{kind}, {rows:,} comments, filled in {took:.0f} s, load {os.getloadavg()[0]:.1f}", flush=True)
        client = create_app(services).test_client()
        ask_all(client, {"Authorization": f"Bearer {token}"})
        services.database.dispose()


def ask_all(client: FlaskClient, headers: dict[str, str]) -> None:
    """Ask each question and print what its answers cost."""
    first = client.get("/api/v1/queue?limit=50", headers=headers).get_json()["comments"]
    ids = [comment["id"] for comment in first]
    asked = {
        name: partial(client.get, address.format(comment=ids[0]), headers=headers)
        for name, address in QUESTIONS.items()
    }
    for name, (address, body) in POSTS.items():
        asked[name] = partial(client.post, address, json=body(ids), headers=headers)
    for name, ask in asked.items():
        p50, p95, busy = measure(ask)
        print(f"  {name:32} p50 {p50:8.1f} ms   p95 {p95:8.1f} ms   processor {busy:8.1f} ms", flush=True)


def main() -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="10000,200000")
    parser.add_argument("--postgresql", action="store_true")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    for rows in given.rows.split(","):
        run(int(rows), postgresql=given.postgresql)


if __name__ == "__main__":
    main()
