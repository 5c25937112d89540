"""Revision 0008, repeated audits: nobody is asked again of what was answered before, comments stay, firsts are counted."""

from __future__ import annotations

from tests.migrations.data_0001 import PERSON, SITE, THREAD, add_rows
from tests.migrations.rows import Rows, number


def before_upgrade(rows: Rows) -> None:
    """There are comments, and their kept counts."""
    add_rows(rows)
    rows.add("status_count", site_id=SITE, status="pending", count=0)


def after_upgrade(rows: Rows) -> None:
    """No audit of before is repeated; others can be. One comment came to wait."""
    assert [comment["audit_repeats"] for comment in rows.all("comment")] == [None, None]
    assert {row["status"]: row["came"] for row in rows.all("status_count")} == {"pending": 1, "published": 0}
    _add_repeated(rows)


def before_downgrade(rows: Rows) -> None:
    """Store a row with the new column."""
    add_rows(rows)
    _add_repeated(rows)


def after_downgrade(rows: Rows) -> None:
    """The comments are still there."""
    comments = rows.all("comment")
    assert len(comments) == 3
    assert "audit_repeats" not in comments[0]


def _add_repeated(rows: Rows) -> None:
    rows.add(
        "comment",
        id=number(60),
        site_id=SITE,
        thread_id=THREAD,
        body="x",
        digest="repeated",
        status="published",
        reasons=[],
        audit_repeats=PERSON,
    )
