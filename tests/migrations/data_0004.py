"""Revision 0004, earlier texts and mail: what was there stays; rows of each new kind go with what they belong to."""

from __future__ import annotations

from tests.migrations.data_0001 import COMMENT, PERSON, REPLY, SITE, add_rows
from tests.migrations.rows import Rows

NEW = {"earlier_text", "reply_notice", "author_address", "digest_plan"}


def before_upgrade(rows: Rows) -> None:
    """People have commented already."""
    add_rows(rows)


def after_upgrade(rows: Rows) -> None:
    """Every comment is as it was; nobody is subscribed to anything."""
    assert rows.tables >= NEW
    assert {name: rows.count(name) for name in NEW} == dict.fromkeys(NEW, 0)
    assert [row["body"] for row in rows.all("comment")] == ["Ça marche — 好"] * 2
    _add(rows)


def before_downgrade(rows: Rows) -> None:
    """Store a row in every new table."""
    add_rows(rows)
    _add(rows)


def after_downgrade(rows: Rows) -> None:
    """The new tables are gone, the comments are not."""
    assert rows.tables.isdisjoint(NEW)
    assert rows.count("comment") == 2


def _add(rows: Rows) -> None:
    rows.add("earlier_text", comment_id=COMMENT, number=1, body="Ça marché")
    rows.add("reply_notice", comment_id=COMMENT)
    rows.add("author_address", site_id=SITE, digest="x", comment_id=REPLY, verified_at=None)
    rows.add("digest_plan", person_id=PERSON, every_hours=24)
