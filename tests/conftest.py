"""What tests can ask for: both databases, a clock that stands still, the services, the app and its clients."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy.engine import URL

from moderation.database import Database
from moderation.policy.audit import Chance, draw
from moderation.policy.rules import Rules
from moderation.settings import Settings
from moderation.tables import Status
from tests import databases
from tests.network import forbid_far_network

if TYPE_CHECKING:
    from moderation.services import Services

forbid_far_network()

# The same examples in every run, so that a red suite is red for everyone. `--hypothesis-profile=explore` looks further.
hypothesis_settings.register_profile(
    "ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
hypothesis_settings.register_profile("explore", deadline=None, max_examples=2000)
hypothesis_settings.load_profile("ci")


def pytest_configure() -> None:
    """Let a run that is told to stop (by a CI, by ``timeout``) stop its PostgreSQL, too, as with Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


class FakeClock:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.now: datetime = databases.START

    def __call__(self) -> datetime:
        """Return the time it stands at."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move on."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands at noon of 5 January 2026."""
    return FakeClock()


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The developer's own settings must not reach the tests."""
    for name in [name for name in os.environ if name.startswith("MODERATION_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _audits_only_where_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else one run of fifty would hide a verdict from who is asked to audit it. A share of 1, or luck, still draws."""

    def drawn(status: Status, rules: Rules, chance: Chance) -> float | None:
        return draw(status, rules, (lambda: 0.9999) if chance is random.random else chance)

    for module in ("comments.intake", "comments.editing"):
        monkeypatch.setattr(f"moderation.{module}.draw", drawn)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[URL]:
    """A PostgreSQL that lives as long as the run."""
    with databases.postgresql_server() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> databases.SqliteDatabases:
    """A template of a SQLite database."""
    return databases.SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql_databases(postgresql_server: URL) -> databases.PostgresqlDatabases:
    """A template of a PostgreSQL database."""
    return databases.PostgresqlDatabases(postgresql_server)


@pytest.fixture(params=databases.BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Which database: a test that asks for one runs on each. One of them: parametrize this, indirectly."""
    return str(request.param)


@pytest.fixture
def made(request: pytest.FixtureRequest, backend: str) -> databases.Databases:
    """The maker of databases of this kind. Asked for by name, so that PostgreSQL starts only when it is needed."""
    maker: databases.Databases = request.getfixturevalue(f"{backend}_databases")
    return maker


@pytest.fixture
def database(request: pytest.FixtureRequest, made: databases.Databases, tmp_path: Path) -> Iterator[Database]:
    """A database with all tables, empty; for a test that uses the services, with the starter model live."""
    content = databases.Content.STARTER if "services" in request.fixturenames else databases.Content.TABLES
    with made.make(tmp_path, content) as url, databases.opened(url) as database:
        yield database


@pytest.fixture
def bare_database(made: databases.Databases, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    with made.make(tmp_path, databases.Content.NOTHING) as url, databases.opened(url) as database:
        yield database


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    """The settings that lead to the test's database and to a home of its own."""
    home = tmp_path / "home"
    home.mkdir()
    return Settings(home=home, database_url=database.engine.url, secret_key="a secret of the tests, 32 letters or more")


@pytest.fixture
def services(settings: Settings, database: Database, clock: FakeClock) -> Services:
    """The service's parts, with the starter model live."""
    # Imported here, since most tests need no model, and it is slow to import.
    from moderation.learning.live import LiveModel  # noqa: PLC0415
    from moderation.services import Services  # noqa: PLC0415

    return Services(
        settings=settings,
        database=database,
        live_model=LiveModel(database, settings.models, check_every=0),
        clock=clock,
        secret_key=settings.read_secret_key(),
    )


@pytest.fixture
def app(services: Services) -> Flask:
    """The web application."""
    from moderation.app import create_app  # noqa: PLC0415 -- most tests need no application

    app: Flask = create_app(services)
    app.testing = True
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser, or any client of the API, without a network between."""
    return app.test_client()


@pytest.fixture
def runner(settings: Settings, database: Database) -> CliRunner:
    """The command line, on the test's database and home."""
    return CliRunner(
        env={
            "MODERATION_HOME": str(settings.home),
            "MODERATION_DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
            "MODERATION_SECRET_KEY": settings.secret_key,
        }
    )
