"""A database filled with made-up comments by the million, past the use cases: for measuring what reads them."""

from __future__ import annotations

import itertools
import random
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, update

from moderation.clock import new_id
from moderation.database import Database
from moderation.people.sites import create_site
from moderation.policy.rules import Rules, change_rules
from moderation.tables import Action, Comment, Decision, Site, Status, StatusCount, Thread

STATUSES = random.Random(1).choices(
    [Status.PUBLISHED, Status.SPAM, Status.PENDING, Status.REJECTED], [60, 37, 1, 2], k=10_000
)
_BATCH = 10_000
#: Made-up words, some of which are everywhere, as in every language.
WORDS = ["".join(w) for w in itertools.product("bdklmnprst", "aeiou", "bdklmnprst", "aeiou")]
_WEIGHTS = [1 / (rank + 3) for rank in range(len(WORDS))]
COMMON, RARE = WORDS[20], WORDS[-1]


def fill(database: Database, size: int, now: datetime, sites: int = 3) -> list[uuid.UUID]:
    """Store ``size`` comments of as many statuses, authors and days as a busy service has. Returns the sites' ids."""
    chance = random.Random(7)
    with database.writing() as session:
        made = [create_site(session, f"Site {n}", ["https://blog.example"], now).site.id for n in range(sites)]
        threads = []
        for site_id in made:
            rules = Rules(hold_everything=True, spam_above=1.0)
            change_rules(session, session.get_one(Site, site_id), rules, None, now)
            threads += [Thread(id=new_id(), site_id=site_id, key=f"/t{n}", created_at=now) for n in range(100)]
        session.add_all(threads)
        places = [(thread.site_id, thread.id) for thread in threads]
    for begin in range(0, size, _BATCH):
        rows = list(_rows(begin, min(_BATCH, size - begin), size, now, places, chance))
        with database.writing() as session:
            session.execute(insert(Comment), rows)
            session.execute(insert(Decision), [_decision(row) for row in rows])
            for (site_id, status), count in _counted(rows).items():
                step = update(StatusCount).where(StatusCount.site_id == site_id, StatusCount.status == status)
                session.execute(step.values(count=StatusCount.count + count))
    return made


def _rows(
    begin: int, count: int, size: int, now: datetime, places: list[tuple[uuid.UUID, uuid.UUID]], chance: random.Random
) -> Iterator[dict[str, Any]]:
    words = chance.choices(WORDS, _WEIGHTS, k=30 * count)
    for place in range(count):
        number = begin + place
        site_id, thread_id = places[number % len(places)]
        at = now - timedelta(seconds=30 * (size - number))
        # A service that is read anew starts no model for a comment that none has judged.
        author = chance.randrange(size // 5 + 1)
        yield {
            "id": new_id(),
            "site_id": site_id,
            "thread_id": thread_id,
            "author_name": f"Author {author}",
            "author_email": f"author{author}@mail{author % 97}.example",
            "author_url": f"https://site{author % 1999}.example/" if author % 3 == 0 else "",
            "author_role": "",
            "body": " ".join(words[30 * place : 30 * (place + 1)]),
            "ip": f"198.51.{author % 256}.{author // 256 % 256}",
            "ip_network": f"198.51.{author % 256}.{author // 256 % 256}",
            "user_agent": "",
            "referrer": "",
            "created_at": at,
            "received_at": at,
            "digest": str(number),
            "status": STATUSES[chance.randrange(len(STATUSES))],
            "version": 1,
            "policy_number": 2,
            "reasons": [
                {"code": "many_links" if number % 50 == 0 else "model_unsure", "message": "", "effect": "pending"}
            ],
            "knowledge": {},
            "facts": {},
            "uncertainty": chance.random() * 6,
        }


def _decision(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": new_id(),
        "comment_id": row["id"],
        "number": 1,
        "action": Action.JUDGE,
        "to_status": row["status"],
        "origin": "import",
        "reason": "",
        "reasons": [],
        "created_at": row["created_at"],
    }


def _counted(rows: list[dict[str, Any]]) -> dict[tuple[uuid.UUID, Status], int]:
    found: dict[tuple[uuid.UUID, Status], int] = {}
    for row in rows:
        key = (row["site_id"], row["status"])
        found[key] = found.get(key, 0) + 1
    return found
