"""A moderator's day: ``python -m benchmarks.desk --data DIR [--comments 500] [--stored 20000]``.

Sends comments of the folder's files (see ``docs/judge.md`` for their form) to a site that holds everything, and works
through them in Chromium by keys alone, one key a verdict: what each is labelled. Prints the keys a comment cost, how
many decisions came out as labelled, and how long it took from the key to the next comment on the screen. ``--stored``
comments fill the database beforehand. Fails where a comment cost more keys or a key more time than the goals below.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import shutil
import statistics
import tempfile
import threading
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import structlog
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import select
from sqlalchemy.engine import URL
from werkzeug.serving import make_server

from benchmarks.filling import fill
from moderation import migrate
from moderation.app import create_app
from moderation.clock import utc_now
from moderation.learning.registry import install_starter
from moderation.people.sites import create_site
from moderation.people.users import create_person
from moderation.policy.rules import Rules, change_rules
from moderation.services import Services, build_services
from moderation.settings import Settings
from moderation.tables import Comment, Role, Site, Status

PASSWORD = "correct horse battery"  # noqa: S105 -- of a database that lives for minutes
#: At most so many keys a comment, campaigns included, and in 95 of 100 cases so many milliseconds until the next one.
MOST_KEYS, MOST_WAIT = 1.1, 100.0
FIELDS = ("body", "author_name", "author_email", "author_url")
#: Notes when a key went down and when the next comment had the focus and was painted.
WATCH = """() => {
  window.waits = [];
  let at = null;
  addEventListener("keydown", () => { at = performance.now(); }, true);
  document.querySelector("[data-queue]").addEventListener("focusin", () => {
    const begin = at;
    if (begin !== null) requestAnimationFrame(() => setTimeout(() => window.waits.push(performance.now() - begin)));
    at = null;
  });
}"""


def read(folder: Path, size: int) -> list[dict[str, Any]]:
    """Return as many spam as genuine comments, each kind in the order of one file: floods stay floods."""
    chance, found = random.Random(3), []
    for label in ("spam", "ham"):
        rows = []
        for path in sorted(folder.glob("*.jsonl")):
            with path.open(encoding="utf-8") as lines:
                rows += [row for line in lines if (row := json.loads(line))["label"] == label and row["body"].strip()]
        begin = chance.randrange(len(rows) - size // 2)
        found += rows[begin : begin + size // 2]
    chance.shuffle(found)
    return found


def send(services: Services, rows: list[dict[str, Any]]) -> dict[str, str]:
    """Send the comments to a site of their own. Returns the label of each that was taken in, by its id."""
    with services.database.writing() as session:
        site = create_site(
            session, "Today", ["https://today.example"], utc_now(), name_required=False, email_required=False
        )
        rules = Rules(hold_everything=True, spam_above=1.0)
        change_rules(session, session.get_one(Site, site.site.id), rules, None, utc_now())
        create_person(session, "m@example.org", Role.MODERATOR, [site.site.id], PASSWORD, utc_now())
    client, labels = create_app(services).test_client(), {}
    for number, row in enumerate(rows):
        fields = {name: row[name] for name in FIELDS if row.get(name)} | {"thread": f"/{number % 40}"}
        bearer = {"Authorization": f"Bearer {site.key}"}
        answer = client.post(f"/api/v1/sites/{site.site.id}/comments", json=fields, headers=bearer)
        if answer.status_code == 201:
            labels[answer.get_json()["id"]] = row["label"]
    return labels


def work(page: Page, address: str, labels: dict[str, str]) -> int:
    """Decide on all that waits, by keys alone. Returns how many keys that took."""
    page.goto(f"{address}/login")
    page.get_by_label("E-mail address").fill("m@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector(".current .card")
    page.evaluate(WATCH)
    keys = 0
    deadline = time.monotonic() + 600
    while time.monotonic() < deadline:
        at = page.evaluate("document.querySelector('.current .card')?.dataset.id")
        if at is None:
            if page.locator("[data-empty]").is_visible():
                return keys
            page.wait_for_timeout(100)
            continue
        page.keyboard.press("s" if labels[at] == "spam" else "p")
        keys += 1
    raise SystemExit("The day has no end.")


def main() -> None:
    """Run one day and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--comments", type=int, default=500)
    parser.add_argument("--stored", type=int, default=20_000)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        url = URL.create("sqlite", database=str(Path(folder) / "moderation.sqlite3"))
        services = build_services(Settings(home=Path(folder), database_url=url, secret_key="x" * 40))
        migrate.upgrade(services.database)
        with services.database.writing() as session:
            install_starter(session, utc_now())
        fill(services.database, given.stored, utc_now())
        labels = send(services, read(given.data, given.comments))
        run(services, labels, given.stored)
        services.database.dispose()


def run(services: Services, labels: dict[str, str], stored: int) -> None:
    """Serve, work, and count."""
    server = make_server("127.0.0.1", 0, create_app(services), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with sync_playwright() as playwright:
            path = os.environ.get("CHROMIUM") or shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page()
            begin = time.monotonic()
            keys = work(page, f"http://127.0.0.1:{server.port}", labels)
            took, waits = time.monotonic() - begin, sorted(page.evaluate("window.waits"))
            page.wait_for_timeout(2000)
            browser.close()
    finally:
        server.shutdown()
        thread.join()
    with services.database.reading() as session:
        query = select(Comment.id, Comment.status).where(Comment.id.in_([*map(uuid.UUID, labels)]))
        stands = {str(comment_id): status for comment_id, status in session.execute(query)}
    wanted = {"spam": Status.SPAM, "ham": Status.PUBLISHED}
    right = Counter(stands[one] is wanted[label] for one, label in labels.items())
    cost, wait = keys / len(labels), waits[int(0.95 * len(waits))]
    print(
        f"{len(labels)} comments beside {stored:,} stored, load {os.getloadavg()[0]:.1f}: {keys} keys in {took:.0f} s"
    )
    print(f"  {cost:.3f} keys a comment; {right[True]} decided as labelled, {right[False]} otherwise")
    print(f"  key to next comment: p50 {statistics.median(waits):.0f} ms, p95 {wait:.0f} ms")
    if cost > MOST_KEYS or wait > MOST_WAIT:
        raise SystemExit(f"The goals are {MOST_KEYS} keys a comment and {MOST_WAIT:.0f} ms.")


if __name__ == "__main__":
    main()
