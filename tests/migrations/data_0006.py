"""Revision 0006, what was imported: comments stay as they were; what is noted of them goes with it."""

from __future__ import annotations

from tests.migrations.data_0001 import COMMENT, SITE, add_rows
from tests.migrations.rows import Rows


def before_upgrade(rows: Rows) -> None:
    """People have commented already."""
    add_rows(rows)


def after_upgrade(rows: Rows) -> None:
    """Nothing is noted of comments that came in before; of others it can be."""
    assert rows.count("imported") == 0
    assert rows.count("comment") == 2
    rows.add("imported", site_id=SITE, digest="x", comment_id=COMMENT)


def before_downgrade(rows: Rows) -> None:
    """Store a row in the new table."""
    add_rows(rows)
    rows.add("imported", site_id=SITE, digest="x", comment_id=COMMENT)


def after_downgrade(rows: Rows) -> None:
    """The new table is gone, the comments are not."""
    assert "imported" not in rows.tables
    assert rows.count("comment") == 2
