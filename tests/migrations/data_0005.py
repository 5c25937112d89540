"""Revision 0005, the admin's room: what was there stays as it was, with it and without it again."""

from __future__ import annotations

from datetime import date

from tests.migrations.rows import NOON, Rows, number

SITE, PERSON = number(1), number(2)
NEW = {"invitation", "authenticator", "recovery_code", "passkey", "deed", "day", "day_count"}


def before_upgrade(rows: Rows) -> None:
    """A site with two versions of its policy, and a decision."""
    _add_old(rows)


def after_upgrade(rows: Rows) -> None:
    """The policies restore nothing, and the new tables are empty."""
    assert [(row["number"], row["restores"]) for row in rows.all("policy")] == [(1, None), (2, None)]
    assert rows.count("decision") == 1
    assert {name: rows.count(name) for name in NEW} == dict.fromkeys(NEW, 0)


def before_downgrade(rows: Rows) -> None:
    """A row of each new kind."""
    _add_old(rows)
    rows.add("policy", site_id=SITE, number=3, rules={}, restores=1, created_by=PERSON)
    rows.add("invitation", id=number(10), digest="x", role="admin", created_by=PERSON, sites=[])
    rows.add("authenticator", person_id=PERSON, secret=b"x")
    rows.add("recovery_code", person_id=PERSON, digest="x")
    rows.add("passkey", id=number(11), person_id=PERSON, credential=b"c", public_key=b"k", sign_count=2**40)
    rows.add("deed", id=number(12), person_id=PERSON, site_id=SITE)
    rows.add("day", day=date(2026, 1, 5))
    rows.add("day_count", site_id=SITE, day=date(2026, 1, 5), name="came published", person=number(0), count=7)


def after_downgrade(rows: Rows) -> None:
    """All but the new is still there."""
    assert rows.tables.isdisjoint(NEW)
    assert [row["number"] for row in rows.all("policy")] == [1, 2, 3]
    assert (rows.count("site"), rows.count("person"), rows.count("decision")) == (1, 1, 1)


def _add_old(rows: Rows) -> None:
    rows.add("person", id=PERSON, email="a@example.com", role="admin")
    rows.add("site", id=SITE, name="A blog", origins=["https://blog.example"], policy_number=2)
    for version in (1, 2):
        rows.add("policy", site_id=SITE, number=version, rules={"max_links": version}, created_by=PERSON)
    rows.add("thread", id=number(3), site_id=SITE, key="/a")
    rows.add("comment", id=number(4), site_id=SITE, thread_id=number(3), status="published")
    rows.add(
        "decision", id=number(5), comment_id=number(4), number=1, action="judge", to_status="published", created_at=NOON
    )
