from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.clock import Clock
from moderation.database import Base, Database
from moderation.exchange import erasure
from moderation.exchange.erasure import PLACEHOLDER, count_comments, erase
from moderation.learning.labels import labelled_comments
from moderation.people.access import Actor
from moderation.people.users import create_person
from moderation.review.decisions import decide
from moderation.review.history import fold
from moderation.tables import Action, Comment, Decision, IdempotencyKey, Reputation, Role, Status
from tests.exchange.histories import HAM, SPAM, assert_counts_are_right, bring_in, make_site

ANN = {**HAM, "author_name": "Ann Archer", "author_email": "Ann.Archer@example.com", "ip": "203.0.113.9"}
TALK = [
    {**ANN, "kind": "comment", "id": "1", "body": "Ann asks how long the dough should rest."},
    {**HAM, "kind": "comment", "id": "2", "parent_id": "1", "body": "Mary answers: overnight."},
    {**ANN, "kind": "comment", "id": "3", "parent_id": "2", "body": "Ann says thanks."},
    {**ANN, "kind": "comment", "id": "4", "parent_id": "3", "body": "Ann adds that it worked."},
    {**ANN, "kind": "comment", "id": "5", "thread": "/cake", "body": "Ann writes elsewhere."},
    SPAM,
]
TRACES = ("ann.archer", "archer", "203.0.113.9", "dough should rest", "says thanks", "writes elsewhere")


def everything(session: Session) -> str:
    """All that is stored, as one text."""
    rows = [session.execute(select(table)).all() for table in Base.metadata.sorted_tables]
    return repr(rows).lower()


def find(session: Session, body: str) -> Comment:
    return session.scalars(select(Comment).where(Comment.body == body)).one()


def test_nothing_of_the_person_is_left_and_the_talk_still_stands(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, TALK)
    with database.reading() as session:
        assert count_comments(session, "ann.archer@EXAMPLE.com") == 4
    report = erase(database, "ann.archer@EXAMPLE.com", clock)
    assert (report.comments, report.placeholders, report.labels, report.decisions) == (4, 1, 4, 4)
    assert report.sites == {site_id}
    with database.reading() as session:
        assert not [trace for trace in TRACES if trace in everything(session)]
        place, answer = find(session, PLACEHOLDER), find(session, "Mary answers: overnight.")
        assert (place.status, place.author_name, place.label, place.erased_at) == (Status.PUBLISHED, "", None, clock())
        assert answer.parent_id == place.id
        assert len(session.scalars(select(Comment)).all()) == 3
        assert [sample.sample.author_name for sample in labelled_comments(session)] == ["Mary Miller", "cheap pills"]
    assert_counts_are_right(database)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_file_of_the_database_does_not_hold_it_either(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, TALK)
    database.dispose()
    (tmp_path / "history.jsonl").unlink()

    def traces() -> list[str]:
        stored = b"".join(path.read_bytes() for path in tmp_path.glob("moderation.sqlite3*")).lower()
        assert b"mary answers" in stored
        return [trace for trace in TRACES if trace.encode() in stored]

    assert traces() == list(TRACES)
    erase(database, ANN["author_email"], clock)
    assert traces() == []


def test_what_is_left_of_the_history_adds_up_and_cannot_be_taken_back(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, TALK)
    with database.writing() as session:
        person = create_person(session, "mod@example.org", Role.ADMIN, [], "correct horse battery", clock())
        actor = Actor(person.id, person.email, person.role, frozenset())
        asked = find(session, "Ann asks how long the dough should rest.")
        decide(session, actor, asked.id, Action.SPAM, clock(), reason="Ann Archer again")
    erase(database, ANN["author_email"], clock)
    with database.reading() as session:
        place = find(session, PLACEHOLDER)
        [note] = session.scalars(select(Decision).where(Decision.comment_id == place.id))
        standing = fold([note])
        assert (note.origin, note.person_id, note.reason, note.reasons) == ("erasure", None, "", [])
        assert (standing.status, standing.version, standing.label) == (place.status, place.version, place.label)
        assert place.status is Status.SPAM
        assert "archer" not in everything(session)
    assert_counts_are_right(database)


def test_again_finds_nothing(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, TALK)
    erase(database, ANN["author_email"], clock)
    report = erase(database, ANN["author_email"], clock)
    assert (report.comments, report.placeholders, report.sites) == (0, 0, set())


def test_at_one_site_the_other_keeps_its_own(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id, other = make_site(database, clock), make_site(database, clock)
    for site in (site_id, other):
        bring_in(database, site, clock, tmp_path, TALK)
    assert erase(database, ANN["author_email"], clock, site_id).sites == {site_id}
    with database.reading() as session:
        assert count_comments(session, ANN["author_email"], site_id) == 0
        assert count_comments(session, ANN["author_email"], other) == 4
    assert_counts_are_right(database)


def test_many_comments_go_batch_by_batch(
    database: Database, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "BATCH", 3)
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, [*TALK, *({**ANN, "body": f"Note {n}"} for n in range(10))])
    assert erase(database, ANN["author_email"], clock).comments == 14
    with database.reading() as session:
        assert not [trace for trace in TRACES if trace in everything(session)]
    assert_counts_are_right(database)


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("ÄRNE@Example.com", "ärne@example.com"),
        ("a@bücher.example", "A@xn--bcher-kva.example"),
        ("a@xn--bcher-kva.example", "a@BÜCHER.example"),
        ("a.b@example.com", "  A.B@example.com "),
    ],
)
def test_an_address_is_found_however_it_is_spelt(
    database: Database, clock: Clock, tmp_path: Path, stored: str, asked: str
) -> None:
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, [{**HAM, "author_email": stored}, SPAM])
    assert erase(database, asked, clock).comments == 1


@pytest.mark.parametrize("asked", ["", "   ", "nobody", "%", "ry@example.com", "mary@example.co"])
def test_what_is_not_the_address_forgets_nobody(database: Database, clock: Clock, tmp_path: Path, asked: str) -> None:
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, [HAM, {"body": "No address.", "label": "ham"}])
    assert erase(database, asked, clock).comments == 0


def test_repeated_requests_and_the_authors_record_are_forgotten(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, TALK)
    with database.writing() as session:
        asked = find(session, "Ann asks how long the dough should rest.")
        key = IdempotencyKey(
            site_id=site_id, key=uuid.uuid4().hex, content="digest", comment_id=asked.id, created_at=clock()
        )
        session.add(key)
    erase(database, ANN["author_email"], clock)
    with database.reading() as session:
        assert session.scalars(select(IdempotencyKey)).all() == []
        # Mary's e-mail and address, and the spammer's e-mail, address and link.
        assert len(session.scalars(select(Reputation)).all()) == 5


def test_an_account_with_the_address_is_told_and_kept(database: Database, clock: Clock) -> None:
    make_site(database, clock)
    with database.writing() as session:
        create_person(session, "mod@example.org", Role.ADMIN, [], "correct horse battery", clock())
    assert erase(database, "Mod@Example.org", clock).has_account
