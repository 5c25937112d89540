"""The environment, read once: everything wrong with it is told at once, and a key is made once."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from moderation.errors import SettingsError
from moderation.settings import Settings


def test_nothing_set_means_sqlite_in_the_folder_instance(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_env({})

    assert settings.home == tmp_path / "instance"
    assert settings.database.render_as_string() == f"sqlite:///{tmp_path}/instance/moderation.sqlite3"
    assert settings.models == tmp_path / "instance" / "models"
    assert settings.base_url(9000) == "http://127.0.0.1:9000"
    assert (settings.redis_url, settings.trusted_proxies) == (None, 0)


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert Settings.from_env({"MODERATION_DATABASE_URL": "", "MODERATION_PUBLIC_URL": ""}) == Settings.from_env({})


def test_all_bad_variables_are_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(
            {
                "MODERATION_DATABASE_URL": "mysql://root@db/comments",
                "MODERATION_REDIS_URL": "http://redis",
                "MODERATION_SECRET_KEY": "too short",
                "MODERATION_PUBLIC_URL": "comments.example",
                "MODERATION_TRUSTED_PROXIES": "-1",
                "MODERATION_DATABASE": "sqlite:///typo.db",
                "PATH": "/bin",
            }
        )

    named = {line.split()[0].rstrip(":") for line in str(caught.value).splitlines()[1:]}
    assert named == {
        "MODERATION_DATABASE_URL",
        "MODERATION_REDIS_URL",
        "MODERATION_SECRET_KEY",
        "MODERATION_PUBLIC_URL",
        "MODERATION_TRUSTED_PROXIES",
        "MODERATION_DATABASE",
    }
    assert "MODERATION_DATABASE is not a setting (there are: MODERATION_DATABASE_URL, MODERATION_HOME," in str(
        caught.value
    )


def test_a_bad_secret_is_not_repeated_in_the_error() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({"MODERATION_SECRET_KEY": "hunter2"})

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("sqlite:////srv/m.db", "sqlite:////srv/m.db"),
        ("sqlite+pysqlite:////srv/m.db", "sqlite:////srv/m.db"),
        ("postgresql://u:p@db/m", "postgresql+psycopg://u:p@db/m"),
        ("postgres://u:p@db/m", "postgresql+psycopg://u:p@db/m"),
        ("postgresql+psycopg://u:p@db:5433/m?sslmode=require", "postgresql+psycopg://u:p@db:5433/m?sslmode=require"),
    ],
)
def test_database_addresses(given: str, understood: str) -> None:
    settings = Settings.from_env({"MODERATION_DATABASE_URL": given})

    assert settings.database.render_as_string(hide_password=False) == understood


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("nonsense", "is no database URL"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("mysql://db/m", "neither SQLite nor PostgreSQL"),
        ("postgresql+psycopg2://db/m", "neither SQLite nor PostgreSQL"),
        ("sqlite+aiosqlite:////srv/m.db", "neither SQLite nor PostgreSQL"),
    ],
)
def test_bad_database_addresses(url: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        Settings.from_env({"MODERATION_DATABASE_URL": url})


def test_the_public_address_has_no_slash_at_its_end() -> None:
    settings = Settings.from_env({"MODERATION_PUBLIC_URL": "https://comments.example/"})

    assert settings.base_url() == "https://comments.example"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings().trusted_proxies = 3  # type: ignore[misc]  # mypy knows it, too


def test_a_secret_that_is_set_is_used_and_not_written(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", secret_key="k" * 32)

    assert settings.read_secret_key() == "k" * 32
    assert not settings.home.exists()


def test_a_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    key = settings.read_secret_key()

    assert len(key) >= 32
    assert settings.read_secret_key() == key
    assert Settings(home=tmp_path / "other").read_secret_key() != key
    assert stat.S_IMODE((settings.home / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in settings.home.iterdir()] == ["secret_key"]


def test_many_processes_that_start_at_once_agree_on_the_secret(tmp_path: Path) -> None:
    program = """
import os, pathlib, sys
from moderation.settings import Settings
for _ in range(8):
    if os.fork() == 0:
        os.write(1, (Settings(home=pathlib.Path(sys.argv[1])).read_secret_key() + "\\n").encode())
        os._exit(0)
sys.exit(sum(os.wait()[1] for _ in range(8)))
"""
    home = tmp_path / "home"

    done = subprocess.run(
        [sys.executable, "-c", program, str(home)], check=True, timeout=60, capture_output=True, text=True
    )

    assert done.stdout.split() == [(home / "secret_key").read_text()] * 8
    assert [path.name for path in home.iterdir()] == ["secret_key"]


def test_a_damaged_secret_is_told(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("")

    with pytest.raises(SettingsError, match="holds no key; remove it"):
        Settings(home=tmp_path).read_secret_key()


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = Settings(home=tmp_path / "file" / "home")

    with pytest.raises(SettingsError, match=r"MODERATION_HOME .*/file/home cannot be made: Not a directory"):
        settings.read_secret_key()


def test_mail_needs_a_server_and_a_sender_and_hides_its_password() -> None:
    url = "smtp://me:hidden-word@mail.example.org:587"
    settings = Settings.from_env({"MODERATION_SMTP_URL": url, "MODERATION_MAIL_FROM": "Comments <c@example.org>"})
    assert settings.sends_mail
    assert settings.mail_from == "Comments <c@example.org>"
    assert "hidden-word" not in repr(settings)
    assert not Settings.from_env({}).sends_mail
    bad = [
        {"MODERATION_SMTP_URL": url},
        {"MODERATION_MAIL_FROM": "c@example.org"},
        {"MODERATION_SMTP_URL": url, "MODERATION_MAIL_FROM": "nobody"},
        *(
            {"MODERATION_SMTP_URL": wrong, "MODERATION_MAIL_FROM": "c@example.org"}
            for wrong in (
                "mail.example.org",
                "http://me:hidden-word@x",
                "smtp://",
                "smtp://x:hidden-word",
                "smtp://x/y",
                "smtp://[::1",
                "smtp://me:hidden-word@[mail",
            )
        ),
    ]
    for environment in bad:
        with pytest.raises(SettingsError) as caught:
            Settings.from_env(environment)
        assert "hidden-word" not in caught.value.message
        assert "MODERATION_" in caught.value.message
        if len(environment) > 1 and "MAIL_FROM:" not in caught.value.message:
            assert "for example smtp://" in caught.value.message
