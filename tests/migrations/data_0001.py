"""Revision 0001, from nothing to the first tables: a row of each kind can be stored, and going back leaves none."""

from __future__ import annotations

from tests.migrations.rows import NOON, Rows, number

SITE, PERSON, THREAD, COMMENT, REPLY = map(number, range(1, 6))


def before_upgrade(rows: Rows) -> None:
    """There is nothing before."""
    assert rows.tables == set()


def after_upgrade(rows: Rows) -> None:
    """Every table is there, and empty."""
    assert {name: rows.count(name) for name in rows.tables} == dict.fromkeys(rows.tables, 0)
    before_downgrade(rows)


def before_downgrade(rows: Rows) -> None:
    """Store one row or more in every table."""
    add_rows(rows)
    assert {name for name in rows.tables if rows.count(name) == 0} == set()


def after_downgrade(rows: Rows) -> None:
    """Nothing is left."""
    assert rows.tables == set()


def add_rows(rows: Rows) -> None:
    """Store one row or more in every table of this revision; later ones start from them, too."""
    _add_people_and_sites(rows)
    _add_comments(rows)
    _add_models_and_jobs(rows)


def _add_people_and_sites(rows: Rows) -> None:
    rows.add("person", id=PERSON, email="a@example.com", role="admin")
    rows.add("site", id=SITE, name="A blog", origins=["https://blog.example"], name_required=True)
    rows.add("site_key", id=number(10), site_id=SITE, purpose="akismet")
    rows.add("policy", site_id=SITE, number=1, rules={"spam_words": ["casino"]}, created_by=PERSON)
    rows.add("person_site", person_id=PERSON, site_id=SITE)
    rows.add("token", id=number(11), person_id=PERSON)
    rows.add("login", id=number(12), person_id=PERSON)
    rows.add("reputation", site_id=SITE, kind="email", digest="x", published=1)
    rows.add("status_count", site_id=SITE, status="published", count=2)


def _add_comments(rows: Rows) -> None:
    rows.add("thread", id=THREAD, site_id=SITE, key="/a", published=2)
    for position, (comment, parent) in enumerate([(COMMENT, None), (REPLY, COMMENT)]):
        rows.add(
            "comment",
            id=comment,
            site_id=SITE,
            thread_id=THREAD,
            parent_id=parent,
            body="Ça marche — 好",
            digest=str(position),
            signature=b"\0\1",
            status="published",
            reasons=[{"code": "score"}],
            spam_probability=0.25,
            label="ham",
            labelled_at=NOON,
            labelled_by=PERSON,
        )
        rows.add("band", comment_id=comment, number=0, site_id=SITE, value=-(2**63))
    for position, status in enumerate(["pending", "published"]):
        rows.add(
            "decision",
            id=number(20 + position),
            comment_id=COMMENT,
            number=1 + position,
            action="judge",
            to_status=status,
        )
    rows.add("idempotency_key", site_id=SITE, key="k", comment_id=COMMENT)


def _add_models_and_jobs(rows: Rows) -> None:
    rows.add("model_version", version="m1")
    rows.add("model_file", version="m1", name="manifest.json", content=b"{}")
    rows.add("promotion", number=1, version="m1")
    rows.add("job", id=number(30), kind="retrain", state="queued", progress=0.5)
