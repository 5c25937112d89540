"""A full disk: the sender is told, nothing is half-written, and it goes on when there is room again."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, text

from moderation.database import Database
from moderation.policy.rules import Rules
from moderation.services import Services
from moderation.tables import Band, Comment, Decision, StatusCount
from tests.factories import different, make_site, post


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_full_disk_refuses_and_loses_nothing(client: FlaskClient, services: Services, database: Database) -> None:
    site = make_site(services, rules=Rules(publish_below=0.999, spam_above=1.0))
    pages: list[int] = []

    # SQLite's own limit gives the very error of a full disk, without one.
    @event.listens_for(database.engine, "begin")
    def limit(connection) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        if not pages:
            pages.append(connection.exec_driver_sql("PRAGMA page_count").scalar_one() + 40)
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages[0]}")

    answers = []
    for number in range(200):
        answers.append(post(client, site, different(number), body=f"{number} " + "word " * 800))
        if answers[-1].status_code != 201:
            break
    refused = answers[-1]
    assert (refused.status_code, refused.get_json()["code"]) == (503, "storage_full")
    assert "nothing was stored" in refused.get_json()["detail"]
    taken = len(answers) - 1
    assert taken > 0
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Comment)) == taken
        assert session.scalar(select(func.count()).select_from(Decision)) == taken
        assert session.scalar(select(func.sum(StatusCount.count))) == taken
        assert session.scalar(select(func.count(Band.comment_id.distinct()))) == taken
        assert session.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
    pages[0] += 10_000
    assert post(client, site, different(taken), body=f"{taken} " + "word " * 800).status_code == 201
