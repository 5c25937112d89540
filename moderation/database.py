"""The engine and its two kinds of transaction: one that only reads, and one that writes and is kept short."""

from __future__ import annotations

import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, cast

from psycopg.errors import UndefinedColumn, UndefinedTable
from sqlalchemy import (
    JSON,
    CursorResult,
    DateTime,
    Dialect,
    Enum,
    Executable,
    MetaData,
    Uuid,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DatabaseError, DataError, OperationalError, ProgrammingError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from moderation.clock import new_id
from moderation.errors import MalformedError, UnavailableError

#: Seconds for which a writer waits for others on SQLite, and between two looks at whether their lock is free.
PATIENCE = 30
_LOOK_AGAIN = 0.001

InsertOf = Callable[[type["Base"]], sqlite.Insert | postgresql.Insert]

NAMES = {
    "ix": "ix__%(table_name)s__%(column_0_N_name)s",
    "uq": "uq__%(table_name)s__%(column_0_N_name)s",
    "ck": "ck__%(table_name)s__%(constraint_name)s",
    "fk": "fk__%(table_name)s__%(column_0_N_name)s__%(referred_table_name)s",
    "pk": "pk__%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC both ways, also on SQLite, which forgets time zones. A naive value is a bug and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn an aware time into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"a time without a zone: {value!r}"
            raise ValueError(message)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the stored time, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Without none_as_null a missing value would be stored as the JSON text null, and IS NULL would not find it.
JsonColumn = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def one_of(kind: type[StrEnum], name: str | None = None) -> Enum:
    """Return the column type of an enum: its values as text, with a CHECK named after ``name`` or else the enum."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )


Id = Annotated[uuid.UUID, mapped_column(primary_key=True, default=new_id)]


class Base(DeclarativeBase):
    """All tables: named constraints, enums by value with a CHECK, aware times, JSON."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 -- read by SQLAlchemy from the class
        datetime: UtcDateTime(),
        uuid.UUID: Uuid(),
        dict[str, Any]: JsonColumn,
        list[Any]: JsonColumn,
        StrEnum: one_of(StrEnum),
    }


class Database:
    """One engine and the sessions on it. Use cases get a session; only the edge opens and so commits one."""

    def __init__(self, url: URL) -> None:
        self.engine = _make_engine(url)
        # On SQLite a transaction that starts by reading and then writes fails at once if another wrote meanwhile,
        # whatever the busy timeout; taking the write lock at BEGIN makes writers queue instead.
        self._writer = self.engine.execution_options(writes=True)
        self._turn = threading.RLock() if self.is_sqlite else None

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite (else PostgreSQL)."""
        return self.engine.dialect.name == "sqlite"

    @property
    def is_missing(self) -> bool:
        """Whether this is SQLite and has no file yet, which asking it would make."""
        return self.file is not None and not self.file.exists()

    @property
    def file(self) -> Path | None:
        """Where SQLite's file is, or is to be; ``None``: this is PostgreSQL."""
        return Path(self.engine.url.database or "") if self.is_sqlite else None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session whose changes are thrown away."""
        with _translated(), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a session that commits at the end, or leaves nothing behind if an error passes through."""
        with (
            _translated(),
            self.turn(),
            Session(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Take turns with this process's other writers, where there is only one at a time anyway: on SQLite.

        Taken before the reading that leads to a write, it keeps threads from slowing one another down at the
        interpreter's lock, only to wait for the database's. Raises ``UnavailableError`` when others take too long.
        """
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=PATIENCE):
            raise _busy()
        try:
            yield
        finally:
            self._turn.release()

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise _unavailable(error) from error
    except DataError as error:
        if "NUL" not in str(error.orig):
            raise
        # PostgreSQL stores no NUL. Fields are checked before; this is for whatever else comes in a request.
        message = "A NUL character cannot be looked up or stored."
        raise MalformedError(message, code="nul_character") from error
    except ProgrammingError as error:
        # A table that is missing is an operational error on SQLite, and the program's on PostgreSQL.
        if isinstance(error.orig, UndefinedTable | UndefinedColumn):
            raise _outdated() from error
        raise
    except DatabaseError as error:
        if "not a database" not in str(error.orig) and "malformed" not in str(error.orig):
            raise
        message = "The file of the database is damaged. Put it back from a backup, or move it away and start anew."
        raise UnavailableError(message, code="database_damaged") from error


def _outdated() -> UnavailableError:
    return UnavailableError("The database is outdated. Run: moderation init", code="database_outdated")


def _busy() -> UnavailableError:
    return UnavailableError("The database is busy; try again.", code="database_busy")


def _unavailable(error: OperationalError) -> UnavailableError:
    text = str(error.orig)
    if "full" in text.lower() or "no space" in text.lower():
        return UnavailableError("The disk of the database is full; nothing was stored.", code="storage_full")
    if "no such table" in text or "no such column" in text:
        return _outdated()
    if "locked" in text:
        return _busy()
    message = "The database cannot be reached. Does it run, and is MODERATION_DATABASE_URL right?"
    return UnavailableError(message, code="database_unreachable")


def _make_engine(url: URL) -> Engine:
    # hide_parameters: an error in the log must not quote what people wrote.
    if url.get_backend_name() == "sqlite":
        engine = create_engine(
            url, pool_size=20, max_overflow=80, hide_parameters=True, connect_args={"timeout": PATIENCE}
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(
        url,
        pool_size=20,
        max_overflow=20,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"options": "-c timezone=UTC"},
    )


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver's own transaction handling starts transactions late and breaks savepoints; we emit BEGIN ourselves.
    connection.isolation_level = None
    # SQLite's own knows the letters of English only.
    connection.create_function("lower", 1, _lower, deterministic=True)
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    # FULL, not NORMAL: in WAL mode NORMAL may lose the last commits when the power fails, and a 201 is a promise.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _begin_sqlite(connection: Connection) -> None:
    driver = cast("sqlite3.Connection", connection.connection.driver_connection)
    if connection.get_execution_options().get("writes"):
        _begin_to_write(driver, connection)
    else:
        driver.execute("BEGIN")


def _begin_to_write(driver: sqlite3.Connection, connection: Connection) -> None:
    # Left to itself SQLite looks for its lock at longer and longer intervals, so that some writers wait for a second
    # while others pass them by.
    deadline = time.monotonic() + PATIENCE
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        while time.monotonic() < deadline:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(_LOOK_AGAIN)
            else:
                return
        # Once more, so that the error is one of SQLAlchemy's.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout = {1000 * PATIENCE}")


class Upsert:
    """An INSERT with its ON CONFLICT, made once for each dialect: making it anew costs more than running it."""

    def __init__(self, make: Callable[[InsertOf], Executable]) -> None:
        self._statements = {"sqlite": make(sqlite.insert), "postgresql": make(postgresql.insert)}

    def of(self, dialect: Dialect) -> Executable:
        """Return the statement for the kind of database."""
        return self._statements[dialect.name]


def run(
    session: Session,
    statement: Executable | Upsert,
    given: Mapping[str, object] | Sequence[Mapping[str, object]] | None = None,
) -> CursorResult[*tuple[Any, ...]]:
    """Run a statement on columns, past the ORM's own layer, which would more than double its price.

    What waits in the session is written first; entities that the session holds are not read anew.
    """
    session.flush()
    connection = session.connection()
    return connection.execute(statement.of(connection.dialect) if isinstance(statement, Upsert) else statement, given)


def lock(session: Session, *keys: Sequence[object]) -> None:
    """Hold others who lock the same keys until this transaction ends. On SQLite every writer already waits."""
    if session.get_bind().dialect.name == "postgresql":
        for key in sorted(repr(k) for k in keys):
            session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
