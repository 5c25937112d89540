"""Revision 0002, the desk: what was there can be searched, and the new tables take rows and give them back."""

from __future__ import annotations

from tests.migrations.data_0001 import COMMENT, PERSON, add_rows
from tests.migrations.rows import Rows, number

NEW = ("claim", "skip", "note", "campaign_verdict", "campaign_band")


def before_upgrade(rows: Rows) -> None:
    """Store what the first tables hold."""
    add_rows(rows)


def after_upgrade(rows: Rows) -> None:
    """All comments are still there, in no campaign, and found by their words; the new tables are empty."""
    assert [comment["campaign_id"] for comment in rows.all("comment")] == [None, None]
    assert rows.found("marche") == 2
    assert rows.found("nothing") == 0
    assert {name: rows.count(name) for name in NEW} == dict.fromkeys(NEW, 0)


def before_downgrade(rows: Rows) -> None:
    """Store a row in every table, old and new."""
    add_rows(rows)
    rows.add("claim", comment_id=COMMENT, person_id=PERSON)
    rows.add("skip", comment_id=COMMENT, person_id=PERSON, version=1)
    rows.add("note", id=number(40), comment_id=COMMENT, person_id=PERSON, text="Ask Ann")
    rows.add(
        "campaign_verdict",
        id=number(41),
        campaign_id=COMMENT,
        person_id=PERSON,
        batch_id=number(42),
        action="spam",
        sites=[],
    )
    rows.add("campaign_band", value=2**62, verdict_id=number(41))


def after_downgrade(rows: Rows) -> None:
    """The comments are whole, and what only the desk knew is gone."""
    assert set(NEW) & rows.tables == set()
    assert {comment["body"] for comment in rows.all("comment")} == {"Ça marche — 好"}
    assert "campaign_id" not in rows.all("comment")[0]
    assert rows.count("band") == 2
