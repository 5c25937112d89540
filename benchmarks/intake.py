"""How fast comments are taken in: ``python -m benchmarks.intake [--seconds 8] [--clients 1,16] [--only SQLite]``.

Starts ``moderation serve`` on loopback with everything on (checks, limits, author's history, judging, near-duplicates,
history row, counts, commit) and, beside it in the same run, a bare Flask reply on the same server, for SQLite and for
a PostgreSQL of its own; and the same comments as Akismet's comment-check. Prints requests a second and p50/p99 in
milliseconds, and the ratio to bare Flask.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, request

from tests.databases import postgresql_server

PORT = 18_431
WORDS = (
    "bread dough flour oven crust recipe weekend thanks question butter sugar note water salt yeast kitchen warm cold "
    "minutes hours really great tried again better sister garden coffee morning evening read article agree think maybe"
).split()

bare = Flask(__name__)


@bare.post("/")
def constant() -> tuple[dict[str, str], int]:
    """Answer without doing anything but reading: what the server and Flask cost by themselves."""
    request.get_data()
    return {"status": "published"}, 201


@dataclass(frozen=True)
class Target:
    """Where to post, with which headers; ``key``: Akismet's, for its protocol instead of ours."""

    path: str
    headers: dict[str, str]
    key: str = ""


@contextmanager
def process(command: list[str], env: dict[str, str]) -> Iterator[None]:
    """Run a server until the block ends."""
    with tempfile.TemporaryFile() as log:
        running = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        try:
            for _ in range(300):
                time.sleep(0.1)
                try:
                    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
                    connection.request("GET", "/healthz")
                    connection.getresponse().read()
                    break
                except OSError:
                    if running.poll() is not None:
                        log.seek(0)
                        raise SystemExit(log.read().decode()) from None
            yield
        finally:
            running.terminate()
            running.wait(20)


#: Akismet's names for our fields.
AKISMET = {
    "thread": "permalink",
    "author_name": "comment_author",
    "author_email": "comment_author_email",
    "body": "comment_content",
    "ip": "user_ip",
    "user_agent": "user_agent",
}


def body(number: int, chance: random.Random, key: str = "") -> bytes:
    """Return a comment unlike any other, in our words or, with a ``key``, in Akismet's."""
    text = " ".join(chance.choice(WORDS) for _ in range(60))
    fields = {
        "thread": f"/page-{number % 200}",
        "author_name": f"Reader {number % 5000}",
        "author_email": f"reader{number % 5000}@example.com",
        "body": f"{text} {number}",
        "ip": f"10.{number % 200}.{number // 200 % 250}.{number // 50_000 % 250}",
        "user_agent": "Mozilla/5.0",
    }
    if key:
        named = {AKISMET[name]: value for name, value in fields.items()}
        named |= {"api_key": key, "blog": "http://127.0.0.1", "comment_type": "comment"}
        return urllib.parse.urlencode(named | {"permalink": f"http://127.0.0.1{fields['thread']}"}).encode()
    return json.dumps(fields).encode()


def load(target: Target, clients: int, seconds: float, run: int) -> tuple[float, float, float]:
    """Return requests a second and the median and 99th percentile of an answer's time in milliseconds."""
    times: list[float] = []
    failed: list[int] = []
    end = time.perf_counter() + seconds

    def client(place: int) -> None:
        chance = random.Random(run * 1000 + place)
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
        kind = "application/x-www-form-urlencoded" if target.key else "application/json"
        headers = {"Content-Type": kind, **target.headers}
        number = (run * 100 + place) * 1_000_000
        while time.perf_counter() < end:
            number += 1
            payload = body(number, chance, target.key)
            started = time.perf_counter()
            connection.request("POST", target.path, payload, headers)
            response = connection.getresponse()
            answer = response.read()
            times.append(1000 * (time.perf_counter() - started))
            if answer not in {b"true", b"false"} if target.key else response.status != 201:
                failed.append(response.status)

    threads = [threading.Thread(target=client, args=(place,)) for place in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise SystemExit(f"{len(failed)} of {len(times)} requests failed, the first with {failed[0]}")
    took = time.perf_counter() - started
    return len(times) / took, statistics.median(times), statistics.quantiles(times, n=100)[98]


@contextmanager
def service(database_url: str | None, *, akismet: bool = False) -> Iterator[Target]:
    """Serve with a new database; ``akismet``: to be asked in Akismet's protocol."""
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "MODERATION_HOME": home}
        if database_url:
            env["MODERATION_DATABASE_URL"] = database_url
        moderation = [sys.executable, "-m", "moderation"]
        subprocess.run([*moderation, "init"], env=env, check=True, stdout=subprocess.DEVNULL)
        made = subprocess.run(
            [*moderation, "sites", "create", "Bench", "--origin", "http://127.0.0.1", "--json"],
            env=env, check=True, capture_output=True,
        )  # fmt: skip
        site = json.loads(made.stdout)
        ours = Target(f"/api/v1/sites/{site['id']}/comments", {"Authorization": f"Bearer {site['key']}"})
        with process([*moderation, "serve", "--port", str(PORT)], env):
            yield Target("/1.1/comment-check", {}, site["akismet_key"]) if akismet else ours


@contextmanager
def bare_flask() -> Iterator[Target]:
    """Serve the constant reply with the same server and as many processes and threads."""
    granian = str(Path(sys.executable).with_name("granian"))
    command = [granian, "benchmarks.intake:bare", "--interface", "wsgi", "--port", str(PORT), "--workers", "2",
               "--blocking-threads", "8", "--log-level", "warning"]  # fmt: skip
    with process(command, dict(os.environ)):
        yield Target("/", {})


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--clients", default="1,16")
    parser.add_argument("--only", default="", help="measure only servers whose name holds this, and bare Flask")
    given = parser.parse_args()
    clients = [int(number) for number in given.clients.split(",")]
    rates: dict[tuple[str, int], float] = {}
    print("| server | " + " | ".join(f"c={c}: requests/s (p50/p99 ms)" for c in clients) + " | of bare Flask |")
    print("| --- |" + " --- |" * (len(clients) + 1))
    with postgresql_server() as url:
        cases = {
            "bare Flask": bare_flask(),
            "SQLite": service(None),
            "SQLite, Akismet's protocol": service(None, akismet=True),
            "PostgreSQL": service(url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)),
        }
        for run, (name, case) in enumerate(cases.items()):
            if given.only not in name and name != "bare Flask":
                continue
            with case as target:
                load(target, 4, 1.0, 50 + run)
                cells = []
                for place, number in enumerate(clients):
                    rate, median, worst = load(target, number, given.seconds, run * 10 + place)
                    rates[name, number] = rate
                    cells.append(f"{rate:.0f} ({median:.1f}/{worst:.1f})")
            share = rates[name, clients[-1]] / rates["bare Flask", clients[-1]]
            print(f"| {name} | " + " | ".join(cells) + f" | {share:.2f} |", flush=True)


if __name__ == "__main__":
    main()
