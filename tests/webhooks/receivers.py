"""Servers that take deliveries as a test tells them to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.exchange.servers import running

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


@dataclass
class Receiver:
    """Keeps what comes, and answers as told."""

    #: What to answer to the nth request: a status line; later ones are answered with the last.
    answers: list[str] = field(default_factory=lambda: ["200 OK"])
    text: bytes = b"thanks"
    seconds: float = 0.0
    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    decide: Callable[[dict[str, Any]], str] | None = None
    most_at_once: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def events(self) -> list[dict[str, Any]]:
        """What came, read."""
        return [json.loads(body) for body in self.bodies]

    @property
    def statuses(self) -> list[str]:
        """The statuses that were told of, in order."""
        return [event["data"]["status"] for event in self.events]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        named = {
            k.removeprefix("HTTP_").replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")
        }
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        time.sleep(self.seconds)
        with self._lock:
            self._now -= 1
            answer = (
                self.decide(json.loads(body))
                if self.decide
                else self.answers[min(len(self.bodies), len(self.answers) - 1)]
            )
            self.bodies.append(body)
            self.headers.append({**named, "content-type": environ.get("CONTENT_TYPE", "")})
        start_response(answer, [("Location", f"{self.url}/elsewhere"), ("Content-Type", "text/plain")])
        return [self.text]


@contextmanager
def receiving(**options: Any) -> Iterator[Receiver]:
    """Run a receiver on loopback."""
    receiver = Receiver(**options)
    with running(receiver) as (url, _server):
        receiver.url = url
        yield receiver
