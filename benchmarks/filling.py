"""A database filled with made-up comments by the million, past the use cases: for measuring what reads them."""

from __future__ import annotations

import itertools
import random
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, text, update
from sqlalchemy.orm import Session

from moderation.clock import new_id
from moderation.database import Base, Database
from moderation.people.sites import create_site
from moderation.policy.audit import draw
from moderation.policy.rules import Rules, change_rules
from moderation.tables import Action, Comment, Decision, Site, Status, StatusCount, Thread

STATUSES = random.Random(1).choices(
    [Status.PUBLISHED, Status.SPAM, Status.PENDING, Status.REJECTED], [60, 37, 1, 2], k=10_000
)
_BATCH = 10_000
_NEW_ID = {True: "lower(hex(randomblob(16)))", False: "gen_random_uuid()"}
_FIRST = {"action": Action.JUDGE.value, "origin": "intake", "reason": "", "reasons": "[]"}
#: So many are made up, and the rest are copies of them.
_BASE = 20_000
#: Made-up words, some of which are everywhere, as in every language.
WORDS = ["".join(w) for w in itertools.product("bdklmnprst", "aeiou", "bdklmnprst", "aeiou")]
_WEIGHTS = [1 / (rank + 3) for rank in range(len(WORDS))]
COMMON, RARE = WORDS[20], WORDS[-1]


def fill(database: Database, size: int, now: datetime) -> None:
    """Store ``size`` comments of as many statuses, authors and days as a busy service has.

    The database multiplies a week's comments itself, into the weeks before, with new ids and their first decisions and
    all else alike, which is many times faster than sending all.
    """
    base = min(size, _BASE)
    _fill(database, base, now)
    copies = size // base - 1
    if copies < 1:
        return
    with database.writing() as session:
        if database.is_sqlite:
            session.execute(text("PRAGMA cache_size = -600000"))
        for copy in range(1, copies + 1):
            times = {name: _earlier(name, copy, sqlite=database.is_sqlite) for name in ("created_at", "received_at")}
            told = {"id": _NEW_ID[database.is_sqlite], "digest": f"digest || '-{copy}'", **times}
            _insert_selected(session, Comment, told, "comment WHERE digest NOT LIKE '%-%'")
        first = {name: repr(value) for name, value in _FIRST.items()}
        told = {"comment_id": "id", "to_status": "status", "created_at": "received_at", **first}
        rest = dict.fromkeys(Decision.__table__.columns.keys(), "NULL")
        told = rest | told | {"id": _NEW_ID[database.is_sqlite], "number": "1"}
        _insert_selected(session, Decision, told, "comment WHERE digest LIKE '%-%'")
        more = copies + 1
        session.execute(update(StatusCount).values(count=StatusCount.count * more, came=StatusCount.came * more))


def _insert_selected(session: Session, table: type[Base], told: Mapping[str, str], source: str) -> None:
    """Insert rows made of others: ``told`` names what of them is not as it was."""
    names = table.__table__.columns.keys()
    values = ", ".join(told.get(name, name) for name in names)
    session.execute(text(f"INSERT INTO {table.__tablename__} ({', '.join(names)}) SELECT {values} FROM {source}"))  # noqa: S608 -- our own words


def _earlier(name: str, weeks: int, *, sqlite: bool) -> str:
    if sqlite:
        return f"strftime('%Y-%m-%d %H\\:%M\\:%f', {name}, '-{7 * weeks} days') || '000'"
    return f"{name} - interval '{weeks} weeks'"


def _fill(database: Database, size: int, now: datetime, sites: int = 3) -> None:
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
                session.execute(step.values(count=StatusCount.count + count, came=StatusCount.came + count))


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
            "status": (status := STATUSES[chance.randrange(len(STATUSES))]),
            "audit_share": (share := _drawn(status, chance)),
            # Of ten audits one still waits.
            "audited_at": at if share is not None and chance.random() < 0.9 else None,
            "version": 1,
            "policy_number": 2,
            "reasons": [
                {"code": "many_links" if number % 50 == 0 else "model_unsure", "message": "", "effect": "pending"}
            ],
            "knowledge": {},
            "facts": {},
            "uncertainty": chance.random() * 6,
        }


def _drawn(status: Status, chance: random.Random) -> float | None:
    return draw(status, Rules(), chance.random)


def _decision(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": new_id(),
        "comment_id": row["id"],
        "number": 1,
        **_FIRST,
        "reasons": [],
        "to_status": row["status"],
        "created_at": row["created_at"],
    }


def _counted(rows: list[dict[str, Any]]) -> dict[tuple[uuid.UUID, Status], int]:
    found: dict[tuple[uuid.UUID, Status], int] = {}
    for row in rows:
        key = (row["site_id"], row["status"])
        found[key] = found.get(key, 0) + 1
    return found
