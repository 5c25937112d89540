"""The history of decisions: rows are added and, with their comment, removed, but never changed."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from moderation.database import Database
from tests.migrations.data_0001 import add_rows
from tests.migrations.rows import Rows


@pytest.fixture(autouse=True)
def _data(database: Database) -> None:
    with database.engine.begin() as connection:
        add_rows(Rows(connection))


@pytest.mark.parametrize("column", ["reason = 'another'", "number = 7", "comment_id = comment_id", "label = NULL"])
def test_a_decision_cannot_be_changed(database: Database, column: str) -> None:
    with (
        database.engine.begin() as connection,
        pytest.raises(IntegrityError, match="a decision is never changed"),
    ):
        connection.execute(text(f"UPDATE decision SET {column}"))  # noqa: S608 -- the table of cases above


def test_a_decision_goes_with_its_comment(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM comment"))

        assert Rows(connection).count("decision") == 0
