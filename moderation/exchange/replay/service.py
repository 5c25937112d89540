"""A running service as a site's server sees it: over HTTP, and nothing else."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from moderation.errors import (
    FieldError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)
from moderation.people.sites import origin_of
from moderation.tables import Status

TIMEOUT = urllib3.Timeout(connect=5, read=60)
#: A service that asks for patience gets it this often, and each time at most so many seconds.
MAX_TRIES = 6
MAX_WAIT = 65.0
_PATIENCE = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


class Outcome(StrEnum):
    """What became of a comment that was sent."""

    PUBLISHED = "published"
    HELD = "held"
    SPAM = "spam"
    REFUSED = "refused"
    #: The thread held the same comment already.
    DUPLICATE = "duplicate"
    #: No answer, or none that can be understood.
    FAILED = "failed"


OUTCOME = {
    Status.PUBLISHED.value: Outcome.PUBLISHED,
    Status.PENDING.value: Outcome.HELD,
    Status.SPAM.value: Outcome.SPAM,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The service's answer to one comment; ``reason`` says why it was refused or failed."""

    outcome: Outcome
    reason: str = ""
    model: str | None = None


class Service:
    """One site of a running service. Safe to use from several threads."""

    def __init__(
        self,
        url: str,
        site_id: uuid.UUID,
        key: str,
        *,
        connections: int = 1,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        if origin_of(url) is None:
            message = f"{url!r} is no web address (for example http://127.0.0.1:8000)."
            raise InvalidError([FieldError("url", "invalid_url", message)])
        self._base = url.rstrip("/")
        self._site = f"{self._base}/api/v1/sites/{site_id}"
        self._site_id = site_id
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._pool = urllib3.PoolManager(maxsize=connections, block=True, timeout=TIMEOUT, retries=False)
        self._wait = wait

    def close(self) -> None:
        """Close every connection."""
        self._pool.clear()

    def check(self) -> None:
        """See that comments can be sent. Sends none.

        Raises ``UnavailableError`` (nothing there, or not ready), ``NotFoundError`` (no such site) and
        ``UnauthenticatedError`` (the key is not the site's).
        """
        try:
            ready = self._pool.request("GET", f"{self._base}/readyz")
            site = self._pool.request("GET", f"{self._site}/counts", fields={"thread": "-"})
            # A key is looked at before the fields are: without fields, nothing can be stored.
            key = self._pool.request("POST", f"{self._site}/comments", headers=self._headers, body=b"{}")
        except HTTPError as error:
            message = f"Nothing answers at {self._base} ({_cause(error)}). Start it with: moderation serve"
            raise UnavailableError(message, code="service_unreachable") from error
        problems = _members(ready.data).get("problems")
        if not isinstance(problems, dict):
            message = f"What answers at {self._base} is not this service."
            raise UnavailableError(message, code="service_unknown")
        if ready.status != HTTPStatus.OK:
            message = f"The service at {self._base} is not ready: {' '.join(map(str, problems.values()))}"
            raise UnavailableError(message, code="service_not_ready")
        if site.status == HTTPStatus.NOT_FOUND:
            message = f"The service at {self._base} has no site {self._site_id}."
            raise NotFoundError(message)
        _check_key(key)

    def send(self, fields: Mapping[str, Any]) -> Answer:
        """Send a comment; wait and try again when told to."""
        # Escaped, since half of a surrogate pair, which JSON can carry, cannot be encoded.
        body = json.dumps(dict(fields)).encode("ascii")
        for tried in range(1, MAX_TRIES + 1):
            try:
                response = self._pool.request("POST", f"{self._site}/comments", headers=self._headers, body=body)
            except HTTPError as error:
                # Not sent again: it may have been stored, and would then be refused as its own duplicate.
                return Answer(Outcome.FAILED, _cause(error))
            if response.status not in _PATIENCE or tried == MAX_TRIES:
                break
            self._wait(_seconds(response.headers.get("Retry-After", "")))
        return read_answer(response.status, response.data)


def read_answer(status: int, data: bytes) -> Answer:
    """Return what an answer says became of the comment."""
    members = _members(data)
    if status == HTTPStatus.CREATED:
        outcome = OUTCOME.get(str(members.get("status")))
        if outcome is not None:
            return Answer(outcome, model=str(members["model"]) if members.get("model") else None)
        return Answer(Outcome.FAILED, "an answer that names no status")
    if status == HTTPStatus.CONFLICT and members.get("code") == "duplicate_comment":
        return Answer(Outcome.DUPLICATE)
    reason = _reason(status, members)
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return Answer(Outcome.REFUSED if refused else Outcome.FAILED, reason)


def _reason(status: int, members: Mapping[str, Any]) -> str:
    errors = members.get("errors")
    if isinstance(errors, list) and errors:
        named = [f"{error.get('field')}: {error.get('code')}" for error in errors if isinstance(error, dict)]
        return f"{status} {', '.join(named)}"
    return f"{status} {members.get('code') or members.get('title') or ''}".strip()


def _check_key(response: urllib3.BaseHTTPResponse) -> None:
    if response.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        return
    members = _members(response.data)
    detail = members.get("detail") or f"It answers {response.status}."
    if response.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        message = f"The service does not take the key: {detail}"
        raise UnauthenticatedError(message)
    message = f"The service takes no comments now: {detail}"
    raise UnavailableError(message)


def _members(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(retry_after: str) -> float:
    """Return how long to wait; a date, which the service never sends, counts as a second."""
    return min(float(retry_after), MAX_WAIT) if retry_after.isdigit() else 1.0


def _cause(error: BaseException) -> str:
    reason = getattr(error, "reason", None)
    cause = reason if isinstance(reason, BaseException) else error
    return type(cause).__name__.removesuffix("Error") if not isinstance(cause, TimeoutError) else "no answer in time"
