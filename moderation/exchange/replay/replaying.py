"""Replaying a file: all of it is read before any of it is sent."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from model.jsonl import BadLine
from moderation.clock import Clock
from moderation.database import Database
from moderation.exchange.history_file import BadLines, BadLinesError, CommentLine, read_history
from moderation.exchange.replay.report import Report
from moderation.exchange.replay.sending import Sending, fields_of
from moderation.exchange.replay.service import Service
from moderation.people.sites import add_key, get_site, revoke_key
from moderation.tables import KeyPurpose

#: Should we die without a chance to revoke it, the key opens nothing after this.
KEY_LIFETIME = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class History:
    """A file to replay: how many labelled comments are in it, and which of its lines are none."""

    path: Path
    comments: int
    unlabelled: int
    bad: BadLines

    def lines(self) -> Iterator[CommentLine]:
        """Read the labelled comments."""
        with self.path.open("rb") as lines:
            for line in read_history(lines):
                if isinstance(line, CommentLine) and line.label is not None:
                    yield line


def read_file(path: Path, *, skip_bad: bool = False) -> History:
    """Read the whole file. Raises ``BadLinesError`` if a line is bad and may not be skipped."""
    bad, comments, unlabelled = BadLines(), 0, 0
    with path.open("rb") as lines:
        for line in read_history(lines):
            if isinstance(line, BadLine):
                bad.add(line)
            elif isinstance(line, CommentLine):
                comments += line.label is not None
                unlabelled += line.label is None
    if bad.count and not skip_bad:
        raise BadLinesError(bad, "nothing was sent")
    return History(path, comments, unlabelled, bad)


@contextmanager
def temporary_key(database: Database, site_id: uuid.UUID, clock: Clock) -> Iterator[str]:
    """Give the site a key for replays that ends with the block. Raises ``NotFoundError`` for an unknown site."""
    with database.writing() as session:
        get_site(session, site_id)
        key = add_key(session, site_id, KeyPurpose.REPLAY, clock(), clock() + KEY_LIFETIME)
    try:
        yield key
    finally:
        with database.writing() as session:
            revoke_key(session, key, clock())


def replay(
    history: History,
    service: Service,
    clock: Clock,
    *,
    limit: int | None = None,
    concurrency: int = 8,
    progress: Callable[[int], None] = lambda _done: None,
) -> Report:
    """Send the file's labelled comments, the first ``limit`` of them, to a service that was checked."""
    now = clock()
    report = Report()
    sending = Sending(lambda line: service.send(fields_of(line, now)), concurrency, report)
    started = time.perf_counter()
    sending.run(itertools.islice(history.lines(), limit), progress)
    report.seconds = time.perf_counter() - started
    return report
