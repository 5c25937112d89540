"""Revision 0003: sites and jobs that are there get the new columns, and webhooks with their deliveries can be stored."""

from __future__ import annotations

from tests.migrations.data_0001 import COMMENT, SITE, add_rows
from tests.migrations.rows import NOON, Rows, number

NEW = ("webhook", "webhook_delivery", "akismet_usage")


def before_upgrade(rows: Rows) -> None:
    """A row of each kind."""
    add_rows(rows)


def after_upgrade(rows: Rows) -> None:
    """No site has webhooks yet, no job was put off, and nothing was lost."""
    assert [bool(site["has_webhooks"]) for site in rows.all("site")] == [False]
    assert [(job["subject_id"], job["deferrals"]) for job in rows.all("job")] == [(None, 0)]
    assert rows.count("comment") == 2
    _add(rows)


def before_downgrade(rows: Rows) -> None:
    """A row in each table, new and old."""
    add_rows(rows)
    _add(rows)
    assert {name for name in NEW if rows.count(name) == 0} == set()


def after_downgrade(rows: Rows) -> None:
    """The webhooks are gone, and nothing else."""
    assert set(NEW) & rows.tables == set()
    assert (rows.count("site"), rows.count("comment"), rows.count("job")) == (1, 2, 1)
    assert "has_webhooks" not in rows.all("site")[0]


def _add(rows: Rows) -> None:
    rows.add("webhook", id=number(40), site_id=SITE, kind="standard", events=["published"], enabled=True)
    rows.add(
        "webhook_delivery",
        id=number(41),
        webhook_id=number(40),
        comment_id=COMMENT,
        number=1,
        status="published",
        state="waiting",
        next_at=NOON,
    )
    rows.add("akismet_usage", site_id=SITE, month="2026-01", calls=1)
