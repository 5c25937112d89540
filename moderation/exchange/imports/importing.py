"""Importing a file: all of it is checked before any of it is written."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from model.jsonl import BadLine
from moderation.clock import Clock
from moderation.database import Database
from moderation.exchange.history_file import BadLines, BadLinesError
from moderation.exchange.imports.checking import Checked, Good, check
from moderation.exchange.imports.files import UnreadableError
from moderation.exchange.imports.formats import Format
from moderation.exchange.imports.keys import KeyKind, rekeyed
from moderation.exchange.imports.vocabulary import LeftOut
from moderation.exchange.imports.writer import ImportReport, write_history
from moderation.people.sites import get_site

Progress = Callable[[int], None]


@dataclass(slots=True)
class CheckedFile:
    """What a file holds: threads and comments that may be written, what is no comment, and lines that may not go in."""

    bad: BadLines
    good: int = 0
    #: Comments of which an address was left out that could not be one.
    mended: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def check_file(path: Path, form: Format, now: datetime, key: KeyKind | None = None) -> CheckedFile:
    """Read the whole file and say what is in it. Writes nothing."""
    file = CheckedFile(BadLines(unit=form.unit))
    for found in _checked(path, form, now, key):
        if isinstance(found, BadLine):
            file.bad.add(found)
        elif isinstance(found, LeftOut):
            file.left_out[found.kind] += 1
        else:
            file.good += 1
            file.mended += isinstance(found, Checked) and found.is_mended
    return file


def import_file(
    database: Database,
    site_id: uuid.UUID,
    path: Path,
    form: Format,
    clock: Clock,
    *,
    key: KeyKind | None = None,
    skip_bad: bool = False,
    on_checked: Callable[[CheckedFile], None] = lambda _file: None,
    progress: Progress = lambda _done: None,
) -> ImportReport:
    """Bring the file's history into the site. ``key``: what threads are called by, if not as the format has it.

    Raises ``BadLinesError``, with nothing written, if a line is bad and may not be skipped, and ``NotFoundError`` for
    an unknown site. Repeating it adds only what is not there yet.
    """
    with database.reading() as session:
        get_site(session, site_id)
    now = clock()
    file = check_file(path, form, now, key)
    if file.bad.count and not skip_bad:
        raise BadLinesError(file.bad, "nothing was imported")
    on_checked(file)
    good = (found for found in _checked(path, form, now, key) if not isinstance(found, BadLine | LeftOut))
    return write_history(database, site_id, good, clock, progress)


def _checked(path: Path, form: Format, now: datetime, key: KeyKind | None) -> Iterator[Good | LeftOut | BadLine]:
    try:
        for found in rekeyed(form.read(path, now), key or form.key):
            yield check(found, now)
    except UnreadableError as error:
        # What came before it is good all the same.
        yield BadLine(error.line, error.message)
