"""Our own export brought in again is the same site: every comment, every decision, the rules."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import select

from moderation.clock import Clock
from moderation.comments.caller import Caller
from moderation.comments.intake import submit
from moderation.comments.rendering import render
from moderation.counters import Author
from moderation.database import Database
from moderation.exchange.erasure import erase
from moderation.exchange.export import export_site
from moderation.exchange.history_file import BadLinesError
from moderation.exchange.wxr import export_wxr
from moderation.learning.labels import labelled_comments
from moderation.mail import addresses
from moderation.people.access import Actor
from moderation.people.sites import add_key
from moderation.people.users import create_person
from moderation.policy.rules import Rules
from moderation.review.decisions import decide, undo
from moderation.services import Services
from moderation.tables import Action, Comment, EarlierText, KeyPurpose, Policy, ReplyNotice, Role, Site, Thread
from tests import databases
from tests.conftest import FakeClock
from tests.exchange.histories import assert_counts_are_right, bring_in, make_site
from tests.exchange.imports.reading import bring, fixture

BODIES = [
    "The crust came out better than it ever did before, thank you for the notes!",
    "Buy the cheapest pills online now at http://pills.example.net/ today!",
    "How long do you let it rest? 🥖\u2028Mine is always too flat.",
    "I follow the recipe every Sunday.",
    "Cheap watches http://watches.example.net/ buy now",
    "Buy the cheapest pills online now at http://pills.example.net/ today! Yes.",
]
MARY = {"author_name": "Mary Miller", "author_email": "mary@example.com"}
JOE = {"author_name": "Joe", "author_email": "joe@example.com"}
EARLIER = {"number": 1, "body": "Before.", "replaced_at": "2026-01-01T00:00:00Z"}
OTHERS = {3: {"author_name": "Gone", "author_email": "gone@example.com"}, 5: JOE}


def lived_in(services: Services, clock: FakeClock) -> uuid.UUID:
    """Make a site that has seen everything: judged and decided comments, undo, replies, erasure, changed rules."""
    database = services.database
    site_id = make_site(database, clock)
    with database.writing() as session:
        key = add_key(session, site_id, KeyPurpose.SERVER, clock())
        person = create_person(session, "mod@example.org", Role.ADMIN, (), "a long enough password", clock())
        actor = Actor(person.id, person.email, Role.ADMIN, frozenset())
        rules = Rules(hold_words=("flat",), max_links=1).model_dump(mode="json")
        session.add(Policy(site_id=site_id, number=2, rules=rules, created_by=person.id, created_at=clock()))
        session.get_one(Site, site_id).policy_number = 2
    caller = Caller(key=key, page=None, ip="192.0.2.1", user_agent="Firefox", referrer="", idempotency_key=None)
    ids: list[uuid.UUID] = []
    for number, body in enumerate(BODIES):
        clock.advance(60)
        who = OTHERS.get(number, MARY)
        fields = {"thread": f"/bread/{number // 4}", "thread_title": "Bread", "body": body, "ip": "192.0.2.44", **who}
        ids.append(submit(database, services.live_model.scorer, clock, site_id, fields, caller).id)
    clock.advance(60)
    with database.writing() as session:
        decide(session, actor, ids[0], Action.PUBLISH, clock(), reason="A friend")
        decide(session, actor, ids[1], Action.SPAM, clock())
        undone = decide(session, actor, ids[2], Action.REJECT, clock())
        decide(session, actor, ids[3], Action.PUBLISH, clock())
        undo(session, actor, undone.id, clock())
    _be_written_to(database, site_id, ids, clock)
    reply = {"thread": "/bread/0", "parent_id": str(ids[3]), "body": "So do I.", **MARY}
    submit(database, services.live_model.scorer, clock, site_id, reply, caller)
    erase(database, "gone@example.com", clock)
    return site_id


def _be_written_to(database: Database, site_id: uuid.UUID, ids: list[uuid.UUID], clock: Clock) -> None:
    """Let Mary change two texts, want mail and prove her address, and another refuse all mail."""
    with database.writing() as session:
        for number, body in ((1, "The first."), (2, "The sekond.")):
            earlier = EarlierText(comment_id=ids[0], number=number, body=body, replaced_at=clock())
            earlier.knowledge, earlier.copied = {"author_published": float(number)}, [[0, number]]
            session.add(earlier)
        session.add(EarlierText(comment_id=ids[2], number=1, body="What?", replaced_at=clock()))
        session.add(ReplyNotice(comment_id=ids[0], created_at=session.get_one(Comment, ids[0]).received_at))
        mary, joe = (Author(site_id, email, "", "") for email in (MARY["author_email"], JOE["author_email"]))
        addresses.note_asked(session, mary, ids[0], clock() - timedelta(minutes=1))
        addresses.confirm(session, mary, ids[0], clock())
        addresses.refuse(session, joe, ids[5], clock())
        # One page is older than its first comment, the other younger: that one came in from elsewhere.
        old, young = session.scalars(select(Thread).order_by(Thread.key))
        old.created_at, young.created_at = clock() - timedelta(days=90), clock()


def exported(database: Database, site_id: uuid.UUID) -> list[dict[str, Any]]:
    with database.reading() as session:
        return [json.loads(line) for line in export_site(session, site_id)]


def but(line: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name not in names}


@pytest.mark.parametrize("other", databases.BACKENDS)
def test_in_another_database_it_is_the_same_to_the_last_decision(
    services: Services,
    clock: FakeClock,
    tmp_path: Path,
    other: str,
    sqlite_databases: databases.SqliteDatabases,
    postgresql_databases: databases.PostgresqlDatabases,
) -> None:
    site_id = lived_in(services, clock)
    lines = exported(services.database, site_id)
    assert {line["kind"] for line in lines} == {"site", "policy", "thread", "comment", "decision"}
    for name in ("campaign_id", "earlier_texts", "notify", "author_address"):
        assert any(line.get(name) for line in lines)
    maker = sqlite_databases if other == "sqlite" else postgresql_databases
    folder = tmp_path / "other"
    folder.mkdir()
    with maker.make(folder) as url, databases.opened(url) as database:
        new_site = make_site(database, clock)
        report = bring_in(database, new_site, clock, tmp_path, lines)
        assert report.comments == len(BODIES) + 1
        # Who decided is told only where they have an account; a thread is the same one by its key.
        hidden = ("id", "site", "name", "origins", "created_by", "person_id", "labelled_by", "thread_id")
        again = exported(database, new_site)
        assert [but(line, *hidden) for line in again[1:]] == [but(line, *hidden) for line in lines[1:]]
        assert but(again[0], *hidden, "created_at") == but(lines[0], *hidden, "created_at")
        kept = ("comment", "decision")
        assert [line["id"] for line in again if line["kind"] in kept] == [
            line["id"] for line in lines if line["kind"] in kept
        ]
        assert bring_in(database, new_site, clock, tmp_path, lines).known == len(BODIES) + 1
        assert_counts_are_right(database)
        with database.reading() as here, services.database.reading() as there:
            assert [one.label for one in labelled_comments(here)] == [one.label for one in labelled_comments(there)]


def test_in_the_same_database_it_is_a_second_site_with_ids_of_its_own(
    services: Services, clock: FakeClock, tmp_path: Path
) -> None:
    database = services.database
    site_id = lived_in(services, clock)
    lines, second = exported(database, site_id), make_site(database, clock)
    bring_in(database, second, clock, tmp_path, lines)
    again = exported(database, second)
    hidden = (
        "id", "site", "name", "origins", "parent_id", "comment_id", "thread_id", "undoes_id", "campaign_id",
    )  # fmt: skip
    assert [but(line, *hidden) for line in again[1:]] == [but(line, *hidden) for line in lines[1:]]
    assert but(again[0], *hidden, "created_at") == but(lines[0], *hidden, "created_at")
    theirs, ours = ({line["id"] for line in told if line["kind"] == "comment"} for told in (lines, again))
    assert not theirs & ours
    assert bring_in(database, second, clock, tmp_path, lines).known == len(BODIES) + 1
    with database.reading() as session:
        [reply] = session.scalars(select(Comment).where(Comment.site_id == second, Comment.body == "So do I."))
        assert session.get_one(Comment, reply.parent_id).site_id == second
    assert_counts_are_right(database)


def test_a_site_with_rules_or_comments_of_its_own_keeps_its_rules(
    services: Services, clock: FakeClock, tmp_path: Path
) -> None:
    database = services.database
    lines = exported(database, lived_in(services, clock))
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, [{"body": "Here before.", "label": "ham"}])
    assert bring_in(database, site_id, clock, tmp_path, lines).comments == len(BODIES) + 1
    with database.reading() as session:
        assert session.scalars(select(Policy.number).where(Policy.site_id == site_id)).all() == [1]
        numbers = session.scalars(select(Comment.policy_number).where(Comment.site_id == site_id))
        assert set(numbers) == {1}


def test_a_history_that_cannot_be_is_refused(services: Services, clock: FakeClock, tmp_path: Path) -> None:
    database = services.database
    lines = exported(database, lived_in(services, clock))
    first = next(number for number, line in enumerate(lines) if line["kind"] == "comment")
    told = lines[first]["status"]
    cases: list[tuple[list[Mapping[str, Any]], str]] = [
        ([{**lines[first], "status": "spam" if told != "spam" else "pending"}, *lines[first + 1 :]], "lead to"),
        ([{**lines[first], "uncertainty": -1}, *lines[first + 1 :]], "uncertainty: "),
        ([lines[first], {**lines[first + 1], "number": 7}], "cannot be"),
        ([lines[first], {**lines[first + 1], "comment_id": str(uuid.uuid4())}], "not that of the comment above"),
        ([lines[first], {**lines[first + 1], "reason": "a\x00b"}], "NUL character"),
        ([lines[first], lines[first + 1], lines[first + 1]], "cannot be"),
        ([{**lines[first], "received_at": "0001-01-01T00:00:00+14:00"}, *lines[first + 1 :]], "received_at: .*1970"),
        ([lines[first], {**lines[first + 1], "created_at": "9999-12-31T23:59:59-14:00"}], "created_at: .*1970"),
        ([{**lines[first], "facts": {"x": float("inf")}}, *lines[first + 1 :]], "too large"),
        ([{**lines[first], "knowledge": {"x": 10**400}}, *lines[first + 1 :]], "knowledge"),
        ([{**lines[first], "earlier_texts": [EARLIER, EARLIER]}, *lines[first + 1 :]], "earlier_texts: two"),
        (
            [{**lines[first], "earlier_texts": [{**EARLIER, "number": 0}]}, *lines[first + 1 :]],
            "earlier_texts.0.number",
        ),
        ([{**lines[first], "author_address": {"asked_at": "1969-12-31T00:00Z"}}, *lines[first + 1 :]], "asked_at: "),
        ([{"kind": "thread", "key": "/a", "closed_at": "0001-01-01T00:00:00+14:00"}], "closed_at: .*1970"),
    ]
    for broken, reason in cases:
        site_id = make_site(database, clock)
        with pytest.raises(BadLinesError, match=reason):
            bring_in(database, site_id, clock, tmp_path, broken)


def test_what_a_site_knows_of_an_address_outweighs_what_an_export_tells(
    services: Services, clock: FakeClock, tmp_path: Path
) -> None:
    database = services.database
    lines = exported(database, lived_in(services, clock))
    second = make_site(database, clock)
    bring_in(database, second, clock, tmp_path, [{"body": "Here before.", "label": "ham"}])
    joe = Author(second, JOE["author_email"], "", "")
    with database.writing() as session:
        [before] = session.scalars(select(Comment).where(Comment.site_id == second))
        addresses.confirm(session, joe, before.id, clock())
    bring_in(database, second, clock, tmp_path, lines)
    with database.reading() as session:
        known = addresses.find(session, joe)
        assert known is not None
        assert (known.comment_id, known.refused_at) == (before.id, None)


def test_times_of_threads_come_in_with_them(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id = make_site(database, clock)
    line = {"kind": "thread", "key": "/a", "closed_at": "2025-01-02T03:04:05Z", "created_at": "2024-01-02T03:04:05Z"}
    bring_in(database, site_id, clock, tmp_path, [line])
    with database.reading() as session:
        thread = session.scalars(select(Thread)).one()
        assert (thread.closed_at, thread.created_at) == (
            thread.created_at.replace(year=2025),
            thread.created_at.replace(year=2024),
        )


def essence(database: Database, site_id: uuid.UUID) -> list[tuple[object, ...]]:
    """Return what WXR carries of a site's comments."""
    told = []
    with database.reading() as session:
        query = select(Comment, Thread).join(Thread, Thread.id == Comment.thread_id).where(Comment.site_id == site_id)
        for one, thread in session.execute(query):
            parent = session.get(Comment, one.parent_id) if one.parent_id else None
            who = (one.author_name, one.author_email, one.author_url, one.ip, one.user_agent)
            page = (thread.key, thread.url or "", thread.title or thread.key, thread.closed_at is not None)
            stands = (one.status, one.label, parent.body if parent else None, one.created_at.replace(microsecond=0))
            told.append((*page, *who, *stands, render(one.body)))
    return sorted(told, key=repr)


@pytest.mark.parametrize("form", ["wordpress", "disqus", "isso", "comentario"])
def test_a_wxr_of_ours_brings_the_same_comments_to_another_site(
    database: Database, clock: Clock, tmp_path: Path, form: str
) -> None:
    site_id, second = make_site(database, clock), make_site(database, clock)
    first, _ = bring(database, site_id, form, fixture(form, tmp_path), clock)
    path = tmp_path / "ours.xml"
    with database.reading() as session:
        path.write_bytes(b"".join(export_wxr(session, site_id)))
    report, file = bring(database, second, "wordpress", path, clock)
    assert (report.statuses, report.spam, file.left_out, file.mended) == (first.statuses, first.spam, {}, 0)
    assert essence(database, second) == essence(database, site_id)
    assert bring(database, second, "wordpress", path, clock)[0].known == first.comments
    tree = ET.parse(path)  # noqa: S314 -- our own file
    names = {"wp": "http://wordpress.org/export/1.2/"}
    assert len(tree.findall(".//wp:comment", names)) == first.comments
    numbers = [one.text for one in tree.findall(".//wp:comment_id", names)]
    assert len(set(numbers)) == first.comments
    assert {one.text for one in tree.findall(".//wp:comment_parent", names)} <= {"0", *numbers}


def test_a_wxr_of_ours_adds_nothing_to_the_site_it_came_from(
    services: Services, clock: FakeClock, tmp_path: Path
) -> None:
    database = services.database
    site_id = lived_in(services, clock)
    path = tmp_path / "ours.xml"
    with database.reading() as session:
        path.write_bytes(b"".join(export_wxr(session, site_id)))
    before = exported(database, site_id)
    report, _ = bring(database, site_id, "wordpress", path, clock)
    assert (report.comments, report.known) == (0, len(BODIES) + 1)
    assert exported(database, site_id) == before


def test_an_answer_from_another_page_answers_nothing_on_ours(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id = make_site(database, clock)
    first = {"body": "The first.", "label": "ham", "thread": "/a", "created_at": "2025-01-01T00:00:00Z"}
    bring_in(database, site_id, clock, tmp_path, [first])
    with database.reading() as session:
        theirs = b"".join(export_wxr(session, site_id)).decode()
    # As it comes back from WordPress, which calls pages by its own numbers.
    theirs = theirs.replace("<dsq:thread_identifier>/a</dsq:thread_identifier>", "")
    parent = theirs.partition("<wp:comment_id>")[2].partition("<")[0]
    answer = (
        f"<wp:comment><wp:comment_id>5</wp:comment_id><wp:comment_parent>{parent}</wp:comment_parent>"
        "<wp:comment_content>New.</wp:comment_content><wp:comment_approved>1</wp:comment_approved></wp:comment>"
    )
    path = tmp_path / "theirs.xml"
    path.write_text(theirs.replace("</item>", f"{answer}</item>"))
    report, _ = bring(database, site_id, "wordpress", path, clock)
    assert (report.comments, report.known, report.orphans) == (1, 1, 1)
    with database.reading() as session:
        assert session.scalars(select(Comment.parent_id)).all() == [None, None]


def test_what_a_text_may_hold_and_xml_may_not_is_no_hindrance(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id, second = make_site(database, clock), make_site(database, clock)
    text = "a\x0bb ]]> <b>c</b> &amp; \ufffe 🥖"
    bring_in(database, site_id, clock, tmp_path, [{"body": text, "author_name": '<i> & "x"', "label": "ham"}])
    path = tmp_path / "ours.xml"
    with database.reading() as session:
        path.write_bytes(b"".join(export_wxr(session, site_id)))
    bring(database, second, "wordpress", path, clock)
    with database.reading() as session:
        comment = session.scalars(select(Comment).where(Comment.site_id == second)).one()
        assert (comment.body, comment.author_name) == ("ab ]]> <b>c</b> & 🥖", '<i> & "x"')
