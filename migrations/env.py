"""Run by Alembic for every command: connects, and says how to migrate and what to compare with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from alembic import context
from sqlalchemy import Connection

import moderation.tables  # noqa: F401 -- importing it fills Base.metadata
from moderation.database import Base, Database
from moderation.settings import Settings

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext


def migrate(connection: Connection) -> None:
    """Run the wanted migrations in the transaction of the connection."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=_render_item,
        # Huey keeps tables of its own in a PostgreSQL database; they are none of ours to change. The full-text index
        # differs between the databases and is made by the migrations alone.
        include_name=lambda name, _kind, _parents: (
            not (name or "").startswith(("huey_", "search_", "ix__comment__search"))
        ),
        # SQLite can alter next to nothing: Alembic then copies the table instead.
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


def _render_item(kind: str, item: object, autogen: AutogenContext) -> str | Literal[False]:  # noqa: ARG001 -- Alembic's signature
    """Write our column types as SQLAlchemy's own: a version file must not change when our code does."""
    if kind != "type":
        return False
    names = {
        "UtcDateTime": "sa.DateTime(timezone=True)",
        "JSON": 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")',
    }
    return names.get(type(item).__name__) or False


def _connect_and_migrate() -> None:
    settings = Settings.from_env()
    settings.prepare_home()
    database = Database(settings.database)
    with database.engine.begin() as connection:
        migrate(connection)
    database.dispose()


if given := context.config.attributes.get("connection"):
    migrate(given)
else:
    # A developer's `alembic` command: the database of the environment's settings.
    _connect_and_migrate()
