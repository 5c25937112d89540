"""What may be refused, and why. Knows nothing of HTTP: ``moderation.api.problems`` maps each class to a status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One bad field: ``code`` for machines, ``message`` for people."""

    field: str
    code: str
    message: str


class ModerationError(Exception):
    """The family of all refusals. ``code`` names the kind, the message says what is wrong and what helps."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, extra: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.extra = dict(extra or {})


class MalformedError(ModerationError):
    """The request cannot be read at all: no JSON, no UTF-8, too deep."""

    code = "malformed"


class InvalidError(ModerationError):
    """One or more fields are bad; every one of them is named."""

    code = "invalid_fields"

    def __init__(self, errors: Sequence[FieldError], message: str = "Some fields are missing or wrong.") -> None:
        super().__init__(message)
        self.errors = tuple(errors)


class UnauthenticatedError(ModerationError):
    """No credentials, or none that are valid."""

    code = "unauthenticated"


class ForbiddenError(ModerationError):
    """The credentials are known, but do not reach this far."""

    code = "forbidden"


class NotFoundError(ModerationError):
    """There is no such thing, or none that the asker may see."""

    code = "not_found"


class ConflictError(ModerationError):
    """The thing has moved on, or already exists; ``extra`` says how it stands now."""

    code = "conflict"


class TooLargeError(ModerationError):
    """More bytes than the service reads."""

    code = "too_large"


class TooManyError(ModerationError):
    """A rate limit; ``retry_after`` is in whole seconds."""

    code = "too_many_requests"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnavailableError(ModerationError):
    """The service cannot do this now: the database is away or outdated, the disk is full."""

    code = "unavailable"


class SettingsError(ModerationError):
    """The environment is wrong; the message names every bad setting."""

    code = "bad_settings"
