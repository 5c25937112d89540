"""The settings: environment variables, read once at start-up and checked all at once."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from email.utils import formataddr, parseaddr
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from moderation.errors import SettingsError

PREFIX = "MODERATION_"
MIN_KEY_LENGTH = 32


class Settings(BaseModel):
    """All that the environment decides. Frozen: nothing changes it after start-up."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    home: Path = Field(default=Path("instance"), validate_default=True)
    database_url: URL | None = Field(default=None, validate_default=True)
    redis_url: Annotated[str, Field(pattern=r"^(redis|rediss|unix)://")] | None = None
    secret_key: Annotated[str, Field(min_length=MIN_KEY_LENGTH)] | None = None
    public_url: AnyHttpUrl | None = None
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0
    smtp_url: SecretStr | None = None
    mail_from: str | None = None
    #: Whether webhooks may lead to addresses that are not of the public internet.
    private_webhooks: bool = False

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("database_url", mode="before")
    @classmethod
    def _database(cls, value: object) -> URL | None:
        if value is None:
            return None
        try:
            url = make_url(str(value))
        except ArgumentError as error:
            message = "is no database URL (for example sqlite:////var/lib/m.db or postgresql://user@host/name)"
            raise ValueError(message) from error
        if url.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
            return url.set(drivername="postgresql+psycopg")
        if url.drivername in {"sqlite", "sqlite+pysqlite"}:
            if url.database in {None, "", ":memory:"}:
                message = "needs a file: a database in memory would be lost, and each process would have its own"
                raise ValueError(message)
            return url.set(drivername="sqlite")
        message = f"{url.drivername!r} is neither SQLite nor PostgreSQL (with psycopg 3)"
        raise ValueError(message)

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                parts = urlsplit(value.get_secret_value())
                good = parts.scheme in {"smtp", "smtps"} and parts.hostname and (parts.port or 1)
                good = good and not (parts.path.strip("/") or parts.query or parts.fragment)
            except ValueError:
                good = False
            if not good:
                # The message must not quote it: there may be a password in it.
                message = "is no SMTP URL (for example smtp://user:password@mail.example.org:587 or smtps://…)"
                raise ValueError(message)
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str | None) -> str | None:
        if value is None:
            return None
        name, address = parseaddr(value)
        try:
            return formataddr((name, validate_email(address, check_deliverability=False).normalized))
        except EmailNotValidError as error:
            message = "is no e-mail address (for example Comments <comments@example.org>)"
            raise ValueError(message) from error

    @model_validator(mode="after")
    def _mail_whole(self) -> Self:
        if (self.smtp_url is None) != (self.mail_from is None):
            message = "MODERATION_SMTP_URL and MODERATION_MAIL_FROM belong together; only one of them is set"
            raise ValueError(message)
        return self

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read ``MODERATION_*``. Raises ``SettingsError`` that names every unknown or bad variable."""
        given = {k: v for k, v in (os.environ if environ is None else environ).items() if k.startswith(PREFIX)}
        known = {PREFIX + name.upper(): name for name in cls.model_fields}
        problems = [f"{name} is not a setting (there are: {', '.join(sorted(known))})" for name in given.keys() - known]
        values = {known[name]: value for name, value in given.items() if name in known and value != ""}
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            problems += [
                (f"{PREFIX}{str(e['loc'][0]).upper()}: " if e["loc"] else "") + e["msg"].removeprefix("Value error, ")
                for e in error.errors(include_input=False, include_url=False)
            ]
        if problems:
            raise SettingsError("Bad settings:\n  " + "\n  ".join(sorted(problems)))
        return settings

    @property
    def sends_mail(self) -> bool:
        """Whether mail can be sent at all."""
        return self.smtp_url is not None and self.mail_from is not None

    @property
    def database(self) -> URL:
        """The database's address; without a setting, a SQLite file in ``home``."""
        return self.database_url or URL.create("sqlite", database=str(self.home / "moderation.sqlite3"))

    @property
    def models(self) -> Path:
        """The folder of model artifacts."""
        return self.home / "models"

    def base_url(self, port: int = 8000) -> str:
        """How the outside reaches the service, without a trailing slash."""
        return str(self.public_url).rstrip("/") if self.public_url else f"http://127.0.0.1:{port}"

    def prepare_home(self) -> None:
        """Make ``home``. Raises ``SettingsError`` where that is not possible."""
        try:
            self.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"MODERATION_HOME {self.home} cannot be made: {error.strerror or error}"
            raise SettingsError(message) from error

    def read_secret_key(self) -> str:
        """Return the signing key: the setting, or one made once and kept in ``home`` with mode 0600."""
        if self.secret_key:
            return self.secret_key
        self.prepare_home()
        path = self.home / "secret_key"
        if not path.exists():
            self._make_secret_key(path)
        key = path.read_text("ascii").strip()
        if len(key) < MIN_KEY_LENGTH:
            message = f"{path} holds no key; remove it to have a new one made (this ends all sessions)"
            raise SettingsError(message)
        return key

    def _make_secret_key(self, path: Path) -> None:
        draft = path.with_name(f".secret_key.{secrets.token_hex(8)}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(48))
            # A link either appears whole or not at all: of two processes that start at once, one makes the key
            # and both read it.
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        except OSError as error:
            message = f"{path} cannot be written: {error.strerror or error}"
            raise SettingsError(message) from error
        finally:
            draft.unlink(missing_ok=True)
