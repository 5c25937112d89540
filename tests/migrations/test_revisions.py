"""Each migration, and all of them: up and down, with and without data, to exactly what the models say."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from types import ModuleType

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory

import migrations
import moderation.tables  # noqa: F401 -- importing it fills Base.metadata
from moderation import migrate
from moderation.database import Base, Database
from tests.migrations import schema
from tests.migrations.rows import Rows

FOLDER = Path(next(iter(migrations.__path__)))


def _revisions() -> list[Script]:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return list(ScriptDirectory.from_config(config).walk_revisions())[::-1]


each_revision = pytest.mark.parametrize("revision", _revisions(), ids=lambda script: script.revision)


def _is_described(_item: object, name: str | None, *_more: object) -> bool:
    """Leave the full-text index out: each database has its own, and the models know of none."""
    return schema.is_ours(name or "") and name != "ix__comment__search"


def _before(revision: Script) -> str:
    return str(revision.down_revision or "base")


def _schema(database: Database) -> schema.Schema:
    with database.engine.connect() as connection:
        return schema.whole(connection)


def _data_test(revision: Script) -> ModuleType:
    """A migration without a data test fails here: write `tests/migrations/data_<revision>.py`."""
    return importlib.import_module(f"tests.migrations.data_{revision.revision}")


def test_the_migrations_make_exactly_what_the_models_say(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": _is_described})
        assert compare_metadata(context, Base.metadata) == []


def test_no_constraint_or_index_differs_from_the_models(database: Database, bare_database: Database) -> None:
    """Alembic's own comparison does not look at checks: a value added to an enum would pass it."""
    Base.metadata.create_all(bare_database.engine)
    with database.engine.connect() as migrated, bare_database.engine.connect() as modelled:
        assert schema.tables(migrated) == schema.tables(modelled)


def test_down_to_base_leaves_nothing(database: Database) -> None:
    migrate.downgrade(database, "base")

    assert _schema(database) == {"tables": {}, "programs": {}, "search": []}


@each_revision
def test_down_takes_back_what_up_did_and_up_again_does_the_same(bare_database: Database, revision: Script) -> None:
    migrate.upgrade(bare_database, _before(revision))
    before = _schema(bare_database)
    migrate.upgrade(bare_database, revision.revision)
    after = _schema(bare_database)

    migrate.downgrade(bare_database, _before(revision))
    assert _schema(bare_database) == before
    migrate.upgrade(bare_database, revision.revision)
    assert _schema(bare_database) == after


@each_revision
def test_up_with_data(bare_database: Database, revision: Script) -> None:
    data = _data_test(revision)
    migrate.upgrade(bare_database, _before(revision))
    with bare_database.engine.begin() as connection:
        data.before_upgrade(Rows(connection))

    migrate.upgrade(bare_database, revision.revision)

    with bare_database.engine.begin() as connection:
        data.after_upgrade(Rows(connection))


@each_revision
def test_down_with_data(bare_database: Database, revision: Script) -> None:
    data = _data_test(revision)
    migrate.upgrade(bare_database, revision.revision)
    with bare_database.engine.begin() as connection:
        data.before_downgrade(Rows(connection))

    migrate.downgrade(bare_database, _before(revision))

    with bare_database.engine.begin() as connection:
        data.after_downgrade(Rows(connection))


def test_revisions_are_numbered_one_after_the_other() -> None:
    """Two people who add a migration at once then collide in git, not in production."""
    revisions = _revisions()
    names = [Path(revision.path).name for revision in revisions]

    assert [revision.revision for revision in revisions] == [f"{i + 1:04}" for i in range(len(revisions))]
    assert [name for name in names if not re.fullmatch(r"\d{4}_[a-z0-9_]+\.py", name)] == []
    assert [name[:4] for name in names] == [revision.revision for revision in revisions]


def test_a_version_file_does_not_import_our_code() -> None:
    """It must mean the same for ever, whatever becomes of the models."""
    sources = {path.name: path.read_text("utf-8") for path in (FOLDER / "versions").glob("*.py")}

    assert [name for name, source in sources.items() if re.search(r"(from|import) (moderation|model)\b", source)] == []
