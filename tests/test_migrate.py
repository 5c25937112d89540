"""Asking for a database's version and moving it: told in words that help, safe to repeat, all or nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.engine import URL

from moderation import migrate
from moderation.database import Database
from moderation.errors import UnavailableError
from moderation.tables import Site
from tests.migrations.data_0001 import add_rows as add_a_row_of_each_kind
from tests.migrations.rows import Rows

only_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def _set_revision(database: Database, revision: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def test_an_upgraded_database_is_current(database: Database) -> None:
    migrate.upgrade(database)  # again, which changes nothing

    assert migrate.is_current(database)
    migrate.check_current(database)


def test_an_empty_database_is_told_with_the_command_that_helps(bare_database: Database) -> None:
    assert not migrate.is_current(bare_database)
    with pytest.raises(UnavailableError, match=r"The database is empty\. Run: moderation init"):
        migrate.check_current(bare_database)


def test_asking_an_empty_database_for_data_tells_the_command_that_helps(bare_database: Database) -> None:
    with pytest.raises(UnavailableError, match="Run: moderation init"), bare_database.reading() as session:
        session.scalars(select(Site)).all()


@pytest.mark.parametrize("act", [migrate.check_current, migrate.upgrade])
def test_a_database_of_a_newer_program_is_refused(database: Database, act: object) -> None:
    _set_revision(database, "9999")

    assert callable(act)
    with pytest.raises(UnavailableError, match=r"made by a newer version of this program \(revision 9999\)"):
        act(database)


@only_sqlite
def test_an_outdated_database_is_told_with_the_command_that_helps(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # There is but one revision so far, so the program is made to expect a further one.
    monkeypatch.setattr(migrate, "_head", lambda: "9999")

    with pytest.raises(UnavailableError, match=r"The database is outdated\. Run: moderation init"):
        migrate.check_current(database)


@only_sqlite
def test_an_unreachable_database_is_told(database: Database) -> None:
    away = Database(URL.create("sqlite", database="/nonexistent/folder/m.sqlite3"))

    with pytest.raises(UnavailableError, match="cannot be migrated, nothing was changed: unable to open"):
        migrate.upgrade(away)
    with pytest.raises(UnavailableError, match="cannot be reached"):
        migrate.check_current(away)


def test_a_migration_that_fails_half_way_leaves_nothing(bare_database: Database) -> None:
    with bare_database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE job (mine INTEGER)"))  # one of the last to be made

    with pytest.raises(UnavailableError, match=r"nothing was changed: .*job.*already exists"):
        migrate.upgrade(bare_database)

    with bare_database.engine.connect() as connection:
        assert Rows(connection).tables == {"job"}


def test_many_processes_may_upgrade_at_once(bare_database: Database) -> None:
    program = """
import os, sys
from sqlalchemy.engine import make_url
from moderation import database, migrate
for _ in range(4):
    if os.fork() == 0:
        migrate.upgrade(database.Database(make_url(sys.argv[1])))
        os._exit(0)
sys.exit(sum(os.wait()[1] for _ in range(4)))
"""
    url = bare_database.engine.url.render_as_string(hide_password=False)

    subprocess.run([sys.executable, "-c", program, url], check=True, timeout=60)

    assert migrate.is_current(bare_database)


@only_sqlite
def test_rebuilding_a_table_keeps_the_rows_that_refer_to_it(database: Database) -> None:
    with database.engine.begin() as connection:
        add_a_row_of_each_kind(Rows(connection))

    with migrate._migrating(database) as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("site", recreate="always"):
            pass

    with database.engine.connect() as connection:
        assert Rows(connection).count("comment") == 2
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1


@only_sqlite
def test_a_migration_that_leaves_a_reference_to_nothing_is_taken_back(database: Database) -> None:
    with database.engine.begin() as connection:
        add_a_row_of_each_kind(Rows(connection))

    with (
        pytest.raises(UnavailableError, match="rows that refer to nothing; nothing was changed"),
        migrate._migrating(database) as connection,
    ):
        connection.execute(text("DELETE FROM site"))

    with database.engine.connect() as connection:
        assert Rows(connection).count("site") == 1
