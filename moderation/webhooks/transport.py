"""Sending one request, bounded in time and size: no redirect is followed, and no name is looked up twice."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import Final
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util import create_urllib3_context

from moderation.webhooks.addresses import RefusedAddressError, Resolve, choose, resolve

#: Seconds for one delivery, from the first packet to the last.
DEADLINE: Final = 10.0
#: Bytes of an answer that are read, and characters of it that are kept.
MAX_ANSWER, KEPT_ANSWER = 65_536, 500


@dataclass(frozen=True, slots=True)
class Letter:
    """One request, ready to be sent."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it: a status of HTTP with the answer's text, or no status and what went wrong."""

    status: int | None
    text: str


Post = Callable[[Letter], Answer]


@dataclass(frozen=True, slots=True)
class Transport:
    """Sends letters. ``allow_private``: also to addresses that are not of the public internet."""

    allow_private: bool = False
    resolve: Resolve = resolve
    deadline: float = DEADLINE

    def __call__(self, letter: Letter) -> Answer:
        """Send a letter. Whatever goes wrong is an answer, too."""
        parts = urlsplit(letter.url)
        host = parts.hostname or ""
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        try:
            address = choose(host, port, allow_private=self.allow_private, resolve=self.resolve)
        except RefusedAddressError as error:
            return Answer(None, str(error))
        except OSError as error:
            return Answer(None, f"{host} cannot be found: {error.strerror or error}.")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Host": parts.netloc, **letter.headers}
        return _exchange(
            _connection(parts.scheme, host, address, port, self.deadline), path, headers, letter.body, self.deadline
        )


def _connection(scheme: str, host: str, address: str, port: int, deadline: float) -> HTTPConnection:
    if scheme == "http":
        return HTTPConnection(address, port, timeout=deadline)
    context = create_urllib3_context()
    context.load_default_certs()
    # The certificate must be the name's, although the connection goes to the address.
    return HTTPSConnection(
        address, port, timeout=deadline, ssl_context=context, server_hostname=host, assert_hostname=host
    )


def _exchange(
    connection: HTTPConnection, path: str, headers: Mapping[str, str], body: bytes, deadline: float
) -> Answer:
    started = time.monotonic()
    # A socket's timeout counts from one byte to the next; this one ends a server that sends them one by one.
    watchdog = threading.Timer(deadline, _cut, [connection])
    watchdog.daemon = True
    watchdog.start()
    try:
        connection.connect()
        connection.request("POST", path, body=body, headers=headers, preload_content=False)
        response = connection.getresponse()
        if time.monotonic() - started >= deadline:
            # Cut off within the head, which reads like its end.
            return _too_slow(deadline)
        # The status is the answer; what follows it is for people, and may be missing.
        text = b""
        with suppress(HTTPError, HTTPException, OSError):
            text = response.read(MAX_ANSWER, decode_content=False)
    except (HTTPError, HTTPException, OSError, ValueError) as error:
        if time.monotonic() - started >= deadline:
            return _too_slow(deadline)
        return Answer(None, f"The connection failed: {_reason(error)}.")
    finally:
        watchdog.cancel()
        connection.close()
    return Answer(response.status, _readable(text.decode("utf-8", "replace")))


def _too_slow(deadline: float) -> Answer:
    return Answer(None, f"There was no answer within {deadline:g} seconds.")


def _cut(connection: HTTPConnection) -> None:
    with suppress(OSError):
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)


def _reason(error: Exception) -> str:
    cause = error.__cause__ or error
    return str(getattr(cause, "strerror", None) or type(cause).__name__)


def _readable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text[:KEPT_ANSWER]).strip()
