"""Importing a file: all of it is checked before any of it is written."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from model.jsonl import BadLine
from moderation.clock import Clock
from moderation.database import Database
from moderation.exchange.history_file import BadLines, BadLinesError
from moderation.exchange.imports.checking import Checked, check
from moderation.exchange.imports.vocabulary import ImportedThread, Reader
from moderation.exchange.imports.writer import ImportReport, write_history
from moderation.people.sites import get_site

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """What a file holds: threads and comments that may be written, and lines that may not."""

    good: int
    bad: BadLines


def check_file(path: Path, read: Reader, now: datetime) -> CheckedFile:
    """Read the whole file and say what is in it. Writes nothing."""
    bad, good = BadLines(), 0
    for found in _checked(path, read, now):
        if isinstance(found, BadLine):
            bad.add(found)
        else:
            good += 1
    return CheckedFile(good, bad)


def import_file(
    database: Database,
    site_id: uuid.UUID,
    path: Path,
    read: Reader,
    clock: Clock,
    *,
    skip_bad: bool = False,
    on_checked: Callable[[CheckedFile], None] = lambda _file: None,
    progress: Progress = lambda _done: None,
) -> ImportReport:
    """Bring the file's history into the site.

    Raises ``BadLinesError``, with nothing written, if a line is bad and may not be skipped, and ``NotFoundError`` for
    an unknown site. Repeating it adds only what is not there yet.
    """
    with database.reading() as session:
        get_site(session, site_id)
    now = clock()
    file = check_file(path, read, now)
    if file.bad.count and not skip_bad:
        raise BadLinesError(file.bad, "nothing was imported")
    on_checked(file)
    good = (found for found in _checked(path, read, now) if not isinstance(found, BadLine))
    return write_history(database, site_id, good, clock, progress)


def _checked(path: Path, read: Reader, now: datetime) -> Iterator[Checked | ImportedThread | BadLine]:
    with path.open("rb") as lines:
        for found in read(lines, now):
            yield check(found, now)
