"""Revision 0007, what was known of earlier texts: nothing of those of before, and the texts stay either way."""

from __future__ import annotations

from tests.migrations.data_0001 import COMMENT, add_rows
from tests.migrations.rows import Rows


def before_upgrade(rows: Rows) -> None:
    """A comment has been changed."""
    add_rows(rows)
    rows.add("earlier_text", comment_id=COMMENT, number=1, body="Ça marché")


def after_upgrade(rows: Rows) -> None:
    """What was known then is known no more; of later changes it is kept."""
    (text,) = rows.all("earlier_text")
    assert (text["body"], text["knowledge"], text["copied"]) == ("Ça marché", None, None)
    rows.add("earlier_text", comment_id=COMMENT, number=2, body="x", knowledge={"author_spam": 1.0}, copied=[[0, 1]])


def before_downgrade(rows: Rows) -> None:
    """Store a row with the new columns."""
    add_rows(rows)
    rows.add("earlier_text", comment_id=COMMENT, number=1, body="x", knowledge={"author_spam": 1.0}, copied=[[0, 1]])


def after_downgrade(rows: Rows) -> None:
    """The text is still there."""
    (text,) = rows.all("earlier_text")
    assert text["body"] == "x"
    assert "knowledge" not in text
