"""What is kept of writers beside their comments is exported, forgotten and grows old with the rest."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from moderation.clock import Clock, new_id
from moderation.counters import Author
from moderation.database import Base, Database
from moderation.exchange.erasure import erase
from moderation.exchange.export import export_site
from moderation.exchange.retention import PurgeReport, Retention, purge
from moderation.mail import addresses
from moderation.tables import AuthorAddress, Comment, EarlierText, ReplyNotice, Status, Thread
from tests.exchange.histories import make_site

MARY = "mary@example.com"
OF_WRITERS: tuple[type[Base], ...] = (EarlierText, ReplyNotice, AuthorAddress)


@pytest.fixture
def site_id(database: Database, clock: Clock) -> uuid.UUID:
    """A site on which Mary and Joe have changed a comment each, want mail, and have confirmed their addresses."""
    site_id = make_site(database, clock)
    for number, email in enumerate((MARY, "joe@example.com")):
        _write(database, site_id, email, clock, number)
    return site_id


def _write(database: Database, site_id: uuid.UUID, email: str, clock: Clock, number: int) -> None:
    now, thread_id, comment_id = clock(), new_id(), new_id()
    with database.writing() as session:
        session.add(Thread(id=thread_id, site_id=site_id, key=f"/{number}", created_at=now))
        session.flush()
        texts = ("author_name", "author_url", "author_role", "ip", "ip_network", "user_agent", "referrer")
        session.add(
            Comment(
                id=comment_id,
                site_id=site_id,
                thread_id=thread_id,
                author_email=email,
                body="As it reads now.",
                digest=str(number),
                created_at=now,
                received_at=now,
                status=Status.PUBLISHED,
                policy_number=1,
                reasons=[],
                knowledge={},
                facts={},
                uncertainty=0.0,
                **dict.fromkeys(texts, ""),
            )
        )
        session.flush()
        session.add(EarlierText(comment_id=comment_id, number=1, body="As it read before.", replaced_at=now))
        session.add(ReplyNotice(comment_id=comment_id, created_at=now))
        addresses.confirm(session, Author(site_id, email, "", ""), comment_id, now)


def counts(database: Database) -> dict[str, int]:
    """Return how many rows there are of each kind."""
    with database.reading() as session:
        return {
            table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0 for table in OF_WRITERS
        }


def test_an_export_tells_all_that_is_known_of_a_writer(database: Database, site_id: uuid.UUID, clock: Clock) -> None:
    with database.reading() as session:
        lines = [json.loads(line) for line in export_site(session, site_id)]
    mary = next(line for line in lines if line.get("author_email") == MARY)
    now = clock().isoformat()
    assert mary["earlier_texts"] == [{"number": 1, "body": "As it read before.", "replaced_at": now}]
    assert mary["notify"] is True
    assert mary["author_address"] == {"asked_at": now, "verified_at": now, "refused_at": None}
    assert not [line for line in lines if "digest" in line]


@pytest.mark.parametrize("typed", [MARY, "MARY@Example.com"])
def test_forgetting_a_person_leaves_nothing_of_them_and_all_of_others(
    database: Database, site_id: uuid.UUID, clock: Clock, typed: str
) -> None:
    assert counts(database) == dict.fromkeys(counts(database), 2)
    report = erase(database, typed, clock)
    assert (report.comments, report.addresses) == (1, 1)
    assert counts(database) == dict.fromkeys(counts(database), 1)
    assert erase(database, typed, clock).addresses == 0


def test_an_address_is_forgotten_though_no_comment_is_left(
    database: Database, site_id: uuid.UUID, clock: Clock
) -> None:
    with database.writing() as session:
        session.delete(session.scalars(select(Comment).where(Comment.author_email == MARY)).one())
    assert counts(database) == {"earlier_text": 1, "reply_notice": 1, "author_address": 2}
    assert erase(database, MARY, clock).addresses == 1
    assert counts(database)["author_address"] == 1


def test_one_site_forgets_and_the_other_does_not(database: Database, site_id: uuid.UUID, clock: Clock) -> None:
    other = make_site(database, clock)
    _write(database, other, MARY, clock, 7)
    assert erase(database, MARY, clock, other).addresses == 1
    with database.reading() as session:
        assert session.scalars(select(AuthorAddress.site_id).distinct()).all() == [site_id]


def test_what_is_old_goes_but_a_proof_and_a_refusal_stay(database: Database, site_id: uuid.UUID, clock: Clock) -> None:
    with database.writing() as session:
        joe = session.scalars(select(Comment).where(Comment.author_email == "joe@example.com")).one()
        for email, refused in (("silent@example.com", False), ("never@example.com", True)):
            author = Author(site_id, email, "", "")
            addresses.note_asked(session, author, joe.id, clock())
            if refused:
                addresses.refuse(session, author, joe.id, clock())
    assert purge(database, Retention(), lambda: clock() + timedelta(days=29)) == PurgeReport()
    report = purge(database, Retention(), lambda: clock() + timedelta(days=400))
    assert (report.earlier_texts, report.notices, report.addresses_asked) == (2, 2, 1)
    assert counts(database) == {"earlier_text": 0, "reply_notice": 0, "author_address": 3}
