"""Sending a history, several comments at a time, in the order of the file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any

from moderation.exchange.history_file import CommentLine
from moderation.exchange.replay.report import Report
from moderation.exchange.replay.service import Answer, Outcome
from moderation.exchange.threads import fit_key
from moderation.exchange.times import read_time

#: The thread of comments that name none.
THREAD = "replay"
#: So many comments without any answer, one after the other: the service is gone.
GIVE_UP_AFTER = 20


def fields_of(line: CommentLine, now: datetime) -> dict[str, Any]:
    """Return a line's comment as the API takes it; what is empty is left out."""
    sample = line.sample
    time = line.fields.get("created_at")
    created_at = read_time(time, now) if isinstance(time, str) else None
    fields = {
        "thread": fit_key(sample.thread) or THREAD,
        "author_name": sample.author_name,
        "author_email": sample.author_email,
        "author_url": sample.author_url,
        "body": sample.body,
        "ip": sample.ip,
        "user_agent": sample.user_agent,
        "created_at": created_at.isoformat() if created_at else "",
    }
    return {name: value for name, value in fields.items() if value}


class Sending:
    """One run of a history through ``send``, which is called from several threads at once."""

    def __init__(self, send: Callable[[CommentLine], Answer], concurrency: int, report: Report) -> None:
        self._send = send
        self._concurrency = concurrency
        self._report = report
        self._lock = threading.Lock()
        self._failures = 0

    def run(self, lines: Iterable[CommentLine], progress: Callable[[int], None]) -> None:
        """Send all lines. Ctrl-C stops it: what is under way is waited for and counted, the rest is not sent."""
        free = threading.BoundedSemaphore(self._concurrency)
        under_way: set[Future[None]] = set()
        with ThreadPoolExecutor(self._concurrency, thread_name_prefix="replay") as pool:
            try:
                for line in lines:
                    free.acquire()
                    done = {future for future in under_way if future.done()}
                    under_way -= done
                    for future in done:
                        future.result()
                    if self._report.stopped:
                        break
                    future = pool.submit(self._one, line, progress)
                    future.add_done_callback(lambda _: free.release())
                    under_way.add(future)
            except KeyboardInterrupt:
                self._report.stopped = "interrupted"
        for future in under_way:
            future.result()

    def _one(self, line: CommentLine, progress: Callable[[int], None]) -> None:
        answer = self._send(line)
        with self._lock:
            self._report.add(line.label, answer)
            self._failures = self._failures + 1 if answer.outcome is Outcome.FAILED else 0
            if self._failures >= GIVE_UP_AFTER and not self._report.stopped:
                self._report.stopped = f"the service stopped answering ({answer.reason})"
        progress(1)
