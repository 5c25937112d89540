from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from sqlalchemy import func, select

from model.sample import Label
from moderation.clock import Clock
from moderation.comments.judge import knowledge_of, text_of
from moderation.comments.traps import refuse_flood
from moderation.counters import Author
from moderation.database import Database
from moderation.errors import NotFoundError
from moderation.exchange.history_file import BadLinesError
from moderation.exchange.imports.formats import FORMATS
from moderation.exchange.imports.importing import import_file
from moderation.exchange.imports.writer import BATCH, ImportReport
from moderation.learning.labels import labelled_comments
from moderation.review.history import fold
from moderation.tables import Action, Band, Comment, Decision, Status, Thread
from tests.exchange.histories import HAM, SPAM, assert_counts_are_right, bring_in, make_site, write


def comments(database: Database) -> list[Comment]:
    with database.reading() as session:
        return list(session.scalars(select(Comment).order_by(Comment.created_at, Comment.id)))


def test_a_labelled_history_stands_as_labelled_and_teaches(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id = make_site(database, clock)
    report = bring_in(database, site_id, clock, tmp_path, [SPAM, HAM])
    assert (report.comments, report.spam, report.ham, report.threads) == (2, 1, 1, 1)
    assert report.statuses == {Status.PUBLISHED: 1, Status.PENDING: 0, Status.SPAM: 1, Status.REJECTED: 0}
    spam, ham = comments(database)
    assert (spam.status, spam.label, spam.labelled_at) == (Status.SPAM, Label.SPAM, clock())
    assert (ham.status, ham.label, ham.body, ham.ip) == (Status.PUBLISHED, Label.HAM, HAM["body"], HAM["ip"])
    assert ham.created_at.isoformat() == HAM["created_at"]
    with database.reading() as session:
        assert [sample.label for sample in labelled_comments(session)] == [Label.SPAM, Label.HAM]
        for comment in (spam, ham):
            decisions = session.scalars(select(Decision).where(Decision.comment_id == comment.id)).all()
            assert [(d.origin, d.person_id) for d in decisions] == [("import", None)]
            standing = fold(decisions)
            assert (standing.status, standing.version, standing.label, standing.labelled_at) == (
                comment.status,
                comment.version,
                comment.label,
                comment.labelled_at,
            )
    assert_counts_are_right(database)


def test_what_was_imported_is_known_when_the_next_comment_is_judged(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    site_id = make_site(database, clock)
    recent = {**SPAM, "created_at": "2026-01-04T10:00:00Z"}
    bring_in(database, site_id, clock, tmp_path, [recent, HAM])
    with database.reading() as session:
        author = Author(site_id, "pills@example.net", "192.0.2.7", "http://www.pills.example.net/")
        known = knowledge_of(session, author, text_of(SPAM["body"]), clock())
        assert known == {"author_spam": 1, "ip_spam": 1, "domain_spam": 1, "copies_spam": 1}
        assert session.scalar(select(func.count()).select_from(Band)) == 16


def test_an_old_history_is_no_flood_of_today(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, [{**HAM, "body": f"{HAM['body']} {n}"} for n in range(40)])
    with database.reading() as session:
        refuse_flood(session, site_id, HAM["ip"], 30, clock())


def test_again_adds_nothing_and_more_adds_only_the_rest(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, [SPAM, HAM])
    assert bring_in(database, site_id, clock, tmp_path, [SPAM, HAM]) == ImportReport(known=2)
    third = {**HAM, "body": "Another one."}
    assert bring_in(database, site_id, clock, tmp_path, [SPAM, third, HAM]).comments == 1
    assert len(comments(database)) == 3
    assert_counts_are_right(database)


def test_a_long_history_goes_in_by_batches(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id = make_site(database, clock)
    lines = [{**HAM, "body": f"Note {n}", "thread": f"/{n % 7}"} for n in range(BATCH + 50)]
    seen: list[int] = []
    import_file(database, site_id, write(tmp_path, lines), FORMATS["jsonl"], clock, progress=seen.append)
    assert seen == [BATCH, 50]
    assert len(comments(database)) == BATCH + 50
    assert_counts_are_right(database)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"body": "a"}', "line 2: label: must be"),
        (b'{"body": "a\\u0000b", "label": "ham"}', "line 2: body: A NUL character"),
        (b'{"body": "\\ud800", "label": "ham"}', "line 2: body: "),
        (b'{"body": "a", "author_url": "javascript:alert(1)", "label": "ham"}', "line 2: author_url: This is no web"),
        (b'{"body": "a", "author_email": "nobody", "ip": "1.2.3", "label": "ham"}', "line 2: author_email: "),
        (b'{"kind": "thread", "key": ""}', "line 2: key: missing"),
        (b'{"kind": "thread", "key": "a\\u0000b"}', "line 2: a NUL character"),
        (b'{"kind": "thread", "key": "a", "closed_at": "soon"}', "line 2: closed_at: "),
        (b'{"body": "a", "label": "ham", "created_at": "some day"}', "line 2: created_at: 'some day' is no time"),
        (b'{"body": "a", "label": "ham", "created_at": "2030-01-01T00:00:00Z"}', "line 2: created_at: "),
        (b'{"body": "a", "body": "b", "label": "ham"}', "line 2: body: stands twice"),
        (b'{"kind": "decision"}', "line 2: id: This field is required."),
        (b'{"kind": "comment", "body": "a", "status": "lost"}', "line 2: status: none of"),
    ],
)
def test_with_a_bad_line_nothing_goes_in_unless_told_to(
    database: Database, clock: Clock, tmp_path: Path, line: bytes, reason: str
) -> None:
    site_id = make_site(database, clock)
    path = write(tmp_path, [HAM, line, SPAM])
    with pytest.raises(BadLinesError) as caught:
        import_file(database, site_id, path, FORMATS["jsonl"], clock)
    assert reason in caught.value.message
    assert comments(database) == []
    assert import_file(database, site_id, path, FORMATS["jsonl"], clock, skip_bad=True).comments == 2


def test_absent_facts_stay_absent(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, [{"body": "Only this.", "label": "ham"}])
    [comment] = comments(database)
    assert (comment.author_name, comment.author_email, comment.ip, comment.user_agent) == ("", "", "", "")
    assert comment.created_at == clock()
    with database.reading() as session:
        assert session.scalars(select(Thread.key)).all() == ["imported"]


def test_an_unknown_site_is_told(database: Database, clock: Clock, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        bring_in(database, uuid.uuid4(), clock, tmp_path, [HAM])


def test_replies_keep_their_parents_whatever_the_order_and_again(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    site_id = make_site(database, clock)
    base = {"kind": "comment", "status": "published", "thread": "/bread"}
    lines = [
        {**base, "id": "2", "parent_id": "1", "body": "The reply."},
        {**base, "id": "1", "body": "The question."},
        {**base, "id": "3", "parent_id": "9", "body": "A reply to what is gone."},
        {**base, "id": "4", "parent_id": "1", "thread": "/cake", "body": "A reply to another thread."},
    ]
    report = bring_in(database, site_id, clock, tmp_path, lines)
    assert (report.comments, report.threads, report.orphans) == (4, 2, 2)
    assert bring_in(database, site_id, clock, tmp_path, lines) == ImportReport(known=4)
    found = {comment.body: comment for comment in comments(database)}
    assert found["The reply."].parent_id == found["The question."].id
    assert found["A reply to what is gone."].parent_id is None


def test_unlabelled_comments_keep_their_status_and_teach_nothing(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    site_id = make_site(database, clock)
    lines = [{"kind": "comment", "status": status.value, "body": f"This is {status}."} for status in Status]
    bring_in(database, site_id, clock, tmp_path, lines)
    assert {comment.status: comment.label for comment in comments(database)} == dict.fromkeys(Status)
    with database.reading() as session:
        assert set(session.scalars(select(Decision.action))) == {Action.JUDGE, Action.REJECT}
        assert list(labelled_comments(session)) == []
    assert_counts_are_right(database)
