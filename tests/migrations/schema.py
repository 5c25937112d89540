"""All that a database's schema consists of, as data that can be compared."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, inspect, text

Schema = dict[str, Any]

_PROGRAMS = {
    "sqlite": "SELECT name, sql AS source FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": """
        SELECT tgname AS name, pg_get_triggerdef(oid) AS source FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL
        SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    """,
}


def is_ours(name: str) -> bool:
    """Tell the tables that the models describe from Alembic's, and from those of SQLite's full-text index."""
    return name != "alembic_version" and not name.startswith("search_")


def tables(connection: Connection) -> Schema:
    """Describe every table, but for Alembic's own: columns, keys, constraints by name and text, indexes."""
    inspector = inspect(connection)
    return {
        name: {
            "columns": {column.pop("name"): _plain(column) for column in map(dict, inspector.get_columns(name))},
            "primary key": _plain(dict(inspector.get_pk_constraint(name))),
            "foreign keys": _named(inspector.get_foreign_keys(name)),
            "unique": _named(inspector.get_unique_constraints(name)),
            "checks": _named(inspector.get_check_constraints(name)),
            "indexes": _named(i for i in inspector.get_indexes(name) if i["name"] != "ix__comment__search"),
        }
        for name in inspector.get_table_names()
        if is_ours(name)
    }


def programs(connection: Connection) -> dict[str, str]:
    """Return the text of every trigger and function."""
    return {row.name: row.source for row in connection.execute(text(_PROGRAMS[connection.dialect.name]))}


def whole(connection: Connection) -> Schema:
    """Describe tables and programs."""
    return {"tables": tables(connection), "programs": programs(connection), "search": search(connection)}


def search(connection: Connection) -> list[str]:
    """Return the names of what the full-text index consists of."""
    inspector = inspect(connection)
    names = [name for name in inspector.get_table_names() if name.startswith("search_")]
    indexes = inspector.get_indexes("comment") if inspector.has_table("comment") else []
    return names + [str(i["name"]) for i in indexes if i["name"] == "ix__comment__search"]


def _named(parts: Any) -> Schema:
    return {part.pop("name"): _plain(part) for part in map(dict, parts)}


def _plain(part: dict[str, Any]) -> dict[str, Any]:
    # A type and the condition of an index equal only themselves; their text is what the database was told.
    options = {key: str(value) for key, value in part.pop("dialect_options", {}).items()}
    return {key: str(value) if key == "type" else value for key, value in part.items()} | {"options": options}
