from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from moderation.clock import Clock, new_id
from moderation.database import Database
from moderation.exchange import retention
from moderation.exchange.retention import PurgeReport, Retention, purge
from moderation.outbox import Kind, enqueue
from moderation.people.logins import start_login
from moderation.people.sites import add_key
from moderation.people.users import create_person
from moderation.tables import (
    Comment,
    Decision,
    IdempotencyKey,
    Job,
    JobState,
    KeyPurpose,
    Login,
    Role,
    SiteKey,
    Status,
)
from tests.exchange.histories import HAM, assert_counts_are_right, bring_in, make_site

#: All defaults, and nothing that is not due: the days are counted back from 5 January 2026.
NEW, OLD, VERY_OLD = "2025-12-01T00:00:00Z", "2025-09-01T00:00:00Z", "2024-12-01T00:00:00Z"


def line(body: str, status: str, created_at: str, **more: Any) -> dict[str, Any]:
    facts = {"author_email": "ann@example.com", "ip": "203.0.113.9", "user_agent": "Firefox", "referrer": "r"}
    return {"kind": "comment", "body": body, "status": status, "created_at": created_at, **facts, **more}


HISTORY = [
    line("new spam", "spam", NEW),
    line("old spam", "spam", OLD),
    line("old labelled spam", "spam", OLD, label="spam"),
    line("old rejected", "rejected", OLD),
    line("very old rejected", "rejected", VERY_OLD),
    line("very old pending", "pending", VERY_OLD),
    line("new published", "published", NEW),
    line("very old published", "published", VERY_OLD),
    line("very old labelled", "published", VERY_OLD, label="ham"),
]


@pytest.fixture
def site_id(database: Database, clock: Clock, tmp_path: Path) -> uuid.UUID:
    """A site with comments of all ages."""
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, HISTORY)
    return site_id


def bodies(database: Database, *, with_address: bool | None = None) -> set[str]:
    with database.reading() as session:
        found = session.scalars(select(Comment)).all()
        for comment in found:
            assert len({bool(comment.ip), bool(comment.ip_network), bool(comment.user_agent)}) == 1
        return {c.body for c in found if with_address is None or bool(c.ip) is with_address}


@pytest.mark.usefixtures("site_id")
def test_old_spam_and_rejected_comments_go_and_all_else_stays(database: Database, clock: Clock) -> None:
    report = purge(database, Retention(), clock)
    assert (report.spam, report.rejected, report.addresses) == (1, 1, 4)
    assert {line["body"] for line in HISTORY} - bodies(database) == {"old spam", "very old rejected"}
    assert bodies(database, with_address=True) == {"new spam", "very old pending", "new published"}
    with database.reading() as session:
        assert set(session.scalars(select(Decision.comment_id))) == set(session.scalars(select(Comment.id)))
    assert_counts_are_right(database)
    assert purge(database, Retention(), clock) == PurgeReport()


@pytest.mark.usefixtures("site_id")
def test_labelled_spam_goes_only_when_told(database: Database, clock: Clock) -> None:
    assert purge(database, Retention(labelled=True), clock).spam == 2
    assert "old labelled spam" not in bodies(database)
    assert "very old labelled" in bodies(database)
    assert_counts_are_right(database)


@pytest.mark.usefixtures("site_id")
def test_a_dry_run_tells_the_same_and_changes_nothing(database: Database, clock: Clock) -> None:
    told = purge(database, Retention(), clock, dry_run=True)
    assert len(bodies(database, with_address=True)) == len(HISTORY)
    done = purge(database, Retention(), clock)
    # What is deleted loses no address any more, but had one when it was counted.
    assert asdict(told) == {**asdict(done), "addresses": done.addresses + done.spam + done.rejected}


def test_batches_are_short_and_miss_nothing(
    database: Database, clock: Clock, tmp_path: Path, site_id: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 4)
    bring_in(database, site_id, clock, tmp_path, [line(f"spam {n}", "spam", OLD) for n in range(16)])
    assert purge(database, Retention(), clock).spam == 17
    assert_counts_are_right(database)


@pytest.mark.usefixtures("site_id")
def test_days_can_be_changed(database: Database, clock: Clock) -> None:
    report = purge(database, Retention(spam_days=10, rejected_days=30, address_days=1000), clock)
    assert (report.spam, report.rejected, report.addresses) == (2, 2, 0)


def test_what_the_service_needs_no_more_goes(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, [HAM])
    now = clock()
    ages = (timedelta(days=1), timedelta(days=3), timedelta(days=31), timedelta(days=60))
    with database.writing() as session:
        comment_id = session.scalars(select(Comment.id)).one()
        person = create_person(session, "mod@example.org", Role.ADMIN, [], "correct horse battery", now)
        for age in ages:
            session.add(
                IdempotencyKey(site_id=site_id, key=str(age), content="", comment_id=comment_id, created_at=now - age)
            )
            start_login(session, person.id, "open", now - age)
            start_login(session, person.id, "ended", now - age).ended_at = now - age
            add_key(session, site_id, KeyPurpose.REPLAY, now - age, now - age + timedelta(days=2))
            for state in JobState:
                job_id = enqueue(session, Kind.REJUDGE, {"comment_id": str(new_id())}, now - age)
                finished = now - age if state in {JobState.SUCCEEDED, JobState.FAILED} else None
                session.flush()
                session.execute(update(Job).where(Job.id == job_id).values(state=state, finished_at=finished))
    report = purge(database, Retention(), clock)
    assert report == PurgeReport(idempotency_keys=3, jobs=4, logins=3, replay_keys=3)
    with database.reading() as session:
        assert len(session.scalars(select(Job)).all()) == 12
        assert sorted(session.scalars(select(Login.user_agent))) == ["ended", "ended", "open", "open", "open"]
        assert len(session.scalars(select(SiteKey).where(SiteKey.purpose != KeyPurpose.REPLAY)).all()) == 2


@pytest.mark.usefixtures("site_id")
def test_counts_by_status_follow(database: Database, clock: Clock) -> None:
    purge(database, Retention(), clock)
    with database.reading() as session:
        statuses = sorted(session.scalars(select(Comment.status)))
    assert statuses == sorted([Status.SPAM, Status.SPAM, Status.REJECTED, Status.PENDING, *[Status.PUBLISHED] * 3])
