"""A file brought in again after its comments have changed there, or here: nothing comes in twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select

from moderation.clock import Clock
from moderation.database import Database
from moderation.exchange.erasure import erase
from moderation.tables import Comment, Imported, Site
from tests.exchange.histories import HAM, assert_counts_are_right, bring_in, make_site
from tests.exchange.imports.reading import bring, stored

PAGE = "https://a.example/bread"


def remark(number: str, text: str, parent: str = "", time: str = "2025-05-01T10:00:00Z") -> dict[str, Any]:
    who = {"name": "Ann", "id": "ann"}
    locator = {"site": "a", "url": PAGE}
    return {"id": number, "pid": parent, "text": text, "user": who, "locator": locator, "time": time}


def write(folder: Path, *records: dict[str, Any]) -> Path:
    path = folder / "backup"
    path.write_text("".join(json.dumps(record) + "\n" for record in ({"version": 1}, *records)))
    return path


def test_a_text_that_was_changed_there_is_the_same_comment(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id = make_site(database, clock)
    bring(database, site_id, "remark42", write(tmp_path, remark("x", "The first.")), clock)
    changed = write(tmp_path, remark("x", "The first, mended."), remark("y", "An answer.", "x"))
    report, _ = bring(database, site_id, "remark42", changed, clock)
    assert (report.comments, report.known, report.orphans) == (1, 1, 0)
    (first, _), (answer, _) = sorted(stored(database, site_id), key=lambda pair: pair[0].body, reverse=True)
    assert (first.body, answer.body, answer.parent_id) == ("The first.", "An answer.", first.id)
    assert_counts_are_right(database)


def test_an_answer_that_came_before_what_it_answers_comes_once(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    site_id = make_site(database, clock)
    answer = remark("y", "An answer.", "x")
    assert bring(database, site_id, "remark42", write(tmp_path, answer), clock)[0].orphans == 1
    report, _ = bring(database, site_id, "remark42", write(tmp_path, remark("x", "The first."), answer), clock)
    assert (report.comments, report.known) == (1, 1)


def test_what_was_erased_here_does_not_come_back(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id = make_site(database, clock)
    # It has an answer, so that its place is kept.
    answer = {**HAM, "author_email": "joe@example.com", "body": "So do I.", "id": "8", "parent_id": "7"}
    lines = [{**HAM, "id": "7"}, answer]
    bring_in(database, site_id, clock, tmp_path, lines)
    erase(database, HAM["author_email"], clock)
    assert bring_in(database, site_id, clock, tmp_path, lines).known == 2
    assert {comment.author_email for comment, _ in stored(database, site_id)} == {"", "joe@example.com"}


def test_two_systems_that_number_alike_are_not_confused(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id, other = make_site(database, clock), make_site(database, clock)
    bring(database, site_id, "remark42", write(tmp_path, remark("1", "One.")), clock)
    later = write(tmp_path, remark("1", "Another.", time="2025-05-01T10:00:01Z"))
    assert bring(database, site_id, "remark42", later, clock)[0].comments == 1
    assert bring(database, other, "remark42", later, clock)[0].comments == 1


def test_what_is_noted_goes_with_the_comment_and_with_the_site(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    site_id, other = make_site(database, clock), make_site(database, clock)
    path = write(tmp_path, remark("1", "One."), remark("2", "Two."))
    for one in (site_id, other):
        bring(database, one, "remark42", path, clock)
    with database.writing() as session:
        session.delete(session.scalars(select(Comment).where(Comment.site_id == site_id, Comment.body == "One.")).one())
        session.flush()
        assert session.scalar(select(func.count()).select_from(Imported)) == 3
        session.execute(delete(Site).where(Site.id == other))
        assert session.scalar(select(func.count()).select_from(Imported)) == 1
    assert bring(database, site_id, "remark42", path, clock)[0].comments == 1
