"""The database's version: asking for it, and moving it up or down by the migrations."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import cast

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from moderation.database import Database
from moderation.errors import UnavailableError

_SCRIPTS = Path(__file__).parents[1] / "migrations"
# Any number will do, as long as no other advisory lock of ours has it: those are hashes of texts.
_LOCK = 0x6D6F6465


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the database to ``revision``. Safe to repeat and to run from many processes at once.

    Raises ``UnavailableError`` where the database cannot be reached or changed, or is newer than this program.
    """
    _run(database, lambda config: command.upgrade(config, revision))


def downgrade(database: Database, revision: str) -> None:
    """Take the database back to ``revision`` (``base``: leave nothing). What only newer tables hold is lost."""
    _run(database, lambda config: command.downgrade(config, revision))


def is_current(database: Database) -> bool:
    """Whether the database is exactly at the version of this program. Raises ``UnavailableError`` if it is away."""
    return _revision(database) == _head()


def check_current(database: Database) -> None:
    """Raise ``UnavailableError``, which says what helps, unless the database is at the version of this program."""
    revision = _revision(database)
    if revision == _head():
        return
    _refuse_newer(revision)
    state = "outdated" if revision else "empty"
    message = f"The database is {state}. Run: moderation init"
    raise UnavailableError(message, code="database_outdated")


def _revision(database: Database) -> str | None:
    # Where there is no folder for the file, asking tells so.
    if database.is_missing and database.file and database.file.parent.is_dir():
        return None
    with database.reading() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


def _refuse_newer(revision: str | None) -> None:
    if revision and revision not in _revisions():
        message = f"The database was made by a newer version of this program (revision {revision}). Install that one."
        raise UnavailableError(message, code="database_newer")


def _run(database: Database, act: Callable[[Config], None]) -> None:
    try:
        with _migrating(database) as connection:
            _refuse_newer(MigrationContext.configure(connection).get_current_revision())
            config = _config()
            config.attributes["connection"] = connection
            act(config)
    except DBAPIError as error:
        message = f"The database cannot be migrated, nothing was changed: {error.orig}"
        raise UnavailableError(message, code="database_unreachable") from error


@contextmanager
def _migrating(database: Database) -> Iterator[Connection]:
    """Open one transaction that no other migration runs beside."""
    if not database.is_sqlite:
        with database.engine.begin() as connection:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            yield connection
        return
    with database.engine.connect().execution_options(writes=True) as connection:
        _set_foreign_keys(connection, on=False)
        try:
            with connection.begin():
                yield connection
                _check_foreign_keys(connection)
        finally:
            _set_foreign_keys(connection, on=True)


def _set_foreign_keys(connection: Connection, *, on: bool) -> None:
    """Switch SQLite's foreign keys, which is possible outside of a transaction only, so past SQLAlchemy.

    To alter a table, Alembic copies it and drops the old one; foreign keys would delete all that refers to its rows.
    """
    driver = cast("sqlite3.Connection", connection.connection.driver_connection)
    driver.execute(f"PRAGMA foreign_keys = {'ON' if on else 'OFF'}")


def _check_foreign_keys(connection: Connection) -> None:
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        message = f"The migration would have left {len(broken)} rows that refer to nothing; nothing was changed."
        raise UnavailableError(message, code="migration_failed")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config


@cache
def _revisions() -> frozenset[str]:
    return frozenset(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


@cache
def _head() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()
