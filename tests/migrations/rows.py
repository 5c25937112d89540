"""Rows for databases of any revision: the tables are read from the database, since our own are those of the head."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, Connection, DateTime, MetaData, Table, func, select, text

from tests.migrations.schema import is_ours

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Rows:
    """Writes and reads rows as plain dictionaries."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._metadata = MetaData()
        self._metadata.reflect(connection)

    def add(self, table: str, **values: object) -> None:
        """Insert a row. Columns that must hold something and are not named get something that says nothing."""
        columns = self._table(table).columns
        row = {c.name: _nothing(c) for c in columns if not c.nullable and c.name not in values} | values
        self._connection.execute(self._table(table).insert(), {k: self._stored(v) for k, v in row.items()})

    def all(self, table: str) -> list[dict[str, Any]]:
        """Return all rows."""
        return [dict(row) for row in self._connection.execute(select(self._table(table))).mappings()]

    def count(self, table: str) -> int:
        """Return how many rows there are."""
        return self._connection.scalar(select(func.count()).select_from(self._table(table))) or 0

    def found(self, word: str) -> int:
        """Return how many comments have the word in them, as the full-text index knows it."""
        if self._connection.dialect.name == "sqlite":
            query = "SELECT count(*) FROM search_text WHERE search_text MATCH :word"
        else:
            query = "SELECT count(*) FROM comment WHERE to_tsvector('simple', body) @@ to_tsquery('simple', :word)"
        return self._connection.scalar(text(query), {"word": word}) or 0

    @property
    def tables(self) -> set[str]:
        """The names of all tables, but for Alembic's own."""
        return {name for name in self._metadata.tables if is_ours(name)}

    def _table(self, name: str) -> Table:
        return self._metadata.tables[name]

    def _stored(self, value: object) -> object:
        """Reflection cannot know that SQLite's CHAR(32) was meant as a UUID."""
        if isinstance(value, uuid.UUID) and self._connection.dialect.name == "sqlite":
            return value.hex
        return value


def _nothing(column: Column[Any]) -> object:
    kind = column.type
    if isinstance(kind, JSON):
        return {}
    return NOON if isinstance(kind, DateTime) else kind.python_type()


def number(position: int) -> uuid.UUID:
    """Return an identifier that is the same in every run."""
    return uuid.UUID(int=position)
