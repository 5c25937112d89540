"""Revision 0008, repeated audits: nobody is asked again of what was answered before, and comments stay either way."""

from __future__ import annotations

from tests.migrations.data_0001 import PERSON, SITE, THREAD, add_rows
from tests.migrations.rows import Rows, number


def before_upgrade(rows: Rows) -> None:
    """There are comments."""
    add_rows(rows)


def after_upgrade(rows: Rows) -> None:
    """No audit of before is repeated; others can be."""
    assert [comment["audit_repeats"] for comment in rows.all("comment")] == [None, None]
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
