"""The engine's promises, on both databases: writers queue, nothing half-written stays, times come back in UTC."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, ProgrammingError, StatementError

from moderation.clock import new_id
from moderation.database import Database, Upsert, lock, run
from moderation.errors import UnavailableError
from moderation.tables import Person, Role, Site, SiteKey, Thread

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)

only_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


def _site(name: str = "A blog", created_at: datetime = NOON) -> Site:
    return Site(id=new_id(), name=name, origins=["https://blog.example"], created_at=created_at)


def _names(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Site.name).order_by(Site.name)))


def test_a_writing_session_commits_at_its_end(database: Database) -> None:
    with database.writing() as session:
        session.add(_site())

    assert _names(database) == ["A blog"]


def test_an_error_leaves_nothing_behind(database: Database) -> None:
    def fail_half_way() -> None:
        with database.writing() as session:
            session.add(_site())
            session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        fail_half_way()

    assert _names(database) == []


def test_a_savepoint_takes_back_only_what_came_after_it(database: Database) -> None:
    with database.writing() as session:
        session.add(_site("kept"))
        with session.begin_nested() as savepoint:
            session.add(_site("taken back"))
            session.flush()
            savepoint.rollback()

    assert _names(database) == ["kept"]


def test_a_reading_session_changes_nothing(database: Database) -> None:
    with database.reading() as session:
        session.add(_site())
        session.flush()

    assert _names(database) == []


def test_rows_stay_readable_after_the_session(database: Database) -> None:
    with database.writing() as session:
        site = _site()
        session.add(site)

    assert site.name == "A blog"


def test_writers_queue_instead_of_failing(database: Database) -> None:
    """Each reads, then writes what it read plus one: the pattern that fails at once on SQLite with a plain BEGIN."""
    with database.writing() as session:
        site = _site()
        session.add(site)

    def add_one(_: int) -> None:
        with database.writing() as session:
            lock(session, ("site", site.id))
            number = session.scalars(select(Site.policy_number)).one()
            session.execute(update(Site).values(policy_number=number + 1))

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(add_one, range(64)))

    with database.reading() as session:
        assert session.scalars(select(Site.policy_number)).one() == 1 + 64


def test_writers_in_other_processes_queue_too(database: Database) -> None:
    program = """
import os, sys
from datetime import UTC, datetime
from sqlalchemy.engine import make_url
from moderation.clock import new_id
from moderation.database import Database
from moderation.tables import Site
for process in range(4):
    if os.fork() == 0:
        database = Database(make_url(sys.argv[1]))
        for _ in range(10):
            with database.writing() as session:
                session.add(Site(id=new_id(), name=str(process), origins=[], created_at=datetime.now(UTC)))
        os._exit(0)
sys.exit(sum(os.wait()[1] for _ in range(4)))
"""
    url = database.engine.url.render_as_string(hide_password=False)

    subprocess.run([sys.executable, "-c", program, url], check=True, timeout=60)

    assert _names(database) == [str(process) for process in range(4) for _ in range(10)]


@only_sqlite
def test_who_waits_too_long_for_other_writers_is_told(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Database(database.engine.url)
    monkeypatch.setattr("moderation.database.PATIENCE", 0.05)
    with other.writing() as session, ThreadPoolExecutor(1) as pool:
        session.add(_site("the other's"))
        session.flush()
        waiting = pool.submit(_add_site, database)
        elsewhere = waiting.exception()
        inside = pool.submit(_add_site, other).exception()

    other.dispose()
    assert isinstance(elsewhere, UnavailableError)
    assert isinstance(inside, UnavailableError)
    assert (elsewhere.code, inside.code) == ("database_busy", "database_busy")
    _add_site(database)
    assert _names(database) == ["A blog", "the other's"]


@only_sqlite
def test_a_turn_keeps_other_writers_of_the_process_out_and_lets_its_own_in(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moderation.database.PATIENCE", 0.05)
    with database.turn(), ThreadPoolExecutor(1) as pool:
        _add_site(database)
        other = pool.submit(_add_site, database).exception()

    assert isinstance(other, UnavailableError)
    assert _names(database) == ["A blog"]


def _add_site(database: Database) -> None:
    with database.writing() as session:
        session.add(_site())


def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    with database.writing() as session:
        session.add(_site())
        session.flush()

        assert _names(database) == []


@only_sqlite
def test_sqlite_is_set_up_to_keep_what_was_committed(database: Database) -> None:
    with database.reading() as session:
        pragmas = {
            name: session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_reference_to_nothing_is_refused(database: Database) -> None:
    def add_thread_of_no_site() -> None:
        with database.writing() as session:
            session.add(Thread(id=new_id(), site_id=new_id(), key="/", created_at=NOON))

    with pytest.raises(IntegrityError):
        add_thread_of_no_site()


def test_what_belongs_to_a_row_goes_with_it(database: Database) -> None:
    with database.writing() as session:
        site = _site()
        session.add(site)
        session.flush()
        session.add(Thread(id=new_id(), site_id=site.id, key="/", created_at=NOON))
    with database.writing() as session:
        session.execute(text("DELETE FROM site"))

    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Thread)) == 0


def test_times_come_back_aware_in_utc(database: Database) -> None:
    elsewhere = datetime(2026, 1, 5, 17, 30, 0, 123456, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    with database.writing() as session:
        session.add(_site(created_at=elsewhere))

    with database.reading() as session:
        stored = session.scalars(select(Site.created_at)).one()
        earlier = session.scalars(select(Site.name).where(Site.created_at < NOON + timedelta(seconds=1))).all()

    assert (stored, stored.tzinfo) == (NOON.replace(microsecond=123456), UTC)
    assert earlier == ["A blog"]


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    def add_site() -> None:
        with database.writing() as session:
            session.add(_site(created_at=datetime(2026, 1, 5)))  # noqa: DTZ001 -- the case

    with pytest.raises(StatementError, match="a time without a zone"):
        add_site()


def test_a_value_outside_an_enum_is_refused_by_the_database(database: Database) -> None:
    with database.writing() as session:
        session.add(Person(id=new_id(), email="a@example.com", role=Role.ADMIN, password_hash="x", created_at=NOON))

    with database.engine.begin() as connection, pytest.raises(IntegrityError, match="ck__person__role"):
        connection.execute(text("UPDATE person SET role = 'owner'"))


def test_a_missing_object_is_null_and_not_the_text_null(database: Database) -> None:
    with database.writing() as session:
        site = _site()
        session.add(site)

    with database.engine.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(update(Site).values(origins=None))


def test_an_upsert_knows_on_conflict(database: Database) -> None:
    site = _site()
    row = {"id": site.id, "name": site.name, "origins": [], "created_at": NOON}
    upsert = Upsert(
        lambda insert: insert(Site).on_conflict_do_update(index_elements=["id"], set_={"name": bindparam("new_name")})
    )
    for name in ("first", "second"):
        with database.writing() as session:
            more = {"name": name, "name_required": True, "email_required": True, "policy_number": 1}
            run(session, upsert, {**row, **more, "new_name": name})

    assert _names(database) == ["second"]


@only_postgresql
def test_a_lock_holds_only_those_who_lock_the_same(database: Database) -> None:
    def take(*key: object) -> None:
        with database.reading() as session:
            session.execute(text("SET LOCAL lock_timeout = '100ms'"))
            lock(session, key)

    with database.writing() as session:
        lock(session, ("site", 1))

        take("site", 2)
        with pytest.raises(UnavailableError):
            take("site", 1)
    take("site", 1)


@pytest.mark.parametrize("url", ["sqlite:////nonexistent/m.db", "postgresql+psycopg://u@127.0.0.1:1/m"])
def test_a_database_that_is_away_is_told(url: str) -> None:
    database = Database(make_url(url))

    with pytest.raises(UnavailableError, match="cannot be reached"), database.reading() as session:
        session.execute(select(1))


def test_a_mistake_in_a_query_is_not_taken_for_an_outdated_database(database: Database) -> None:
    with pytest.raises((ProgrammingError, UnavailableError)) as caught, database.reading() as session:
        session.execute(text("SELEC 1"))

    assert "outdated" not in str(caught.value)


def test_a_site_key_is_stored_once(database: Database) -> None:
    """A violated constraint is not taken for a database that is away."""

    def add_the_same_digest_twice() -> None:
        with database.writing() as session:
            site = _site()
            session.add(site)
            session.flush()
            for _ in range(2):
                session.add(SiteKey(id=new_id(), site_id=site.id, purpose="server", digest="x", created_at=NOON))

    with pytest.raises(IntegrityError):
        add_the_same_digest_twice()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_damaged_file_is_told(database: Database) -> None:
    database.dispose()
    Path(str(database.engine.url.database)).write_bytes(b"no database at all" * 1000)
    with pytest.raises(UnavailableError) as refusal, database.reading() as session:
        session.execute(text("SELECT 1"))
    assert refusal.value.code == "database_damaged"


@only_sqlite
def test_a_file_that_is_damaged_meanwhile_is_told(database: Database) -> None:
    assert _names(database) == []  # a connection waits in the pool by now
    path = Path(str(database.engine.url.database))
    for file in path.parent.glob(f"{path.name}*"):
        file.write_bytes(b"no database at all" * 1000)
    with pytest.raises(UnavailableError) as refusal:
        _add_site(database)
    assert refusal.value.code == "database_damaged"
