"""SQLite databases that came from elsewhere: the file itself, compressed, or as the text of ``sqlite3 … .dump``."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import quote

from moderation.exchange.imports.files import UnreadableError, opened, read_chunks, read_lines

#: Bytes of one value.
MAX_VALUE: Final = 10_000_000
_MAGIC: Final = b"SQLite format 3\x00"
#: What a dump may do besides being read: make plain tables and fill them.
_ALLOWED: Final = frozenset(
    {
        sqlite3.SQLITE_CREATE_TABLE,
        sqlite3.SQLITE_CREATE_INDEX,  # of what is UNIQUE in them
        sqlite3.SQLITE_INSERT,
        sqlite3.SQLITE_UPDATE,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_TRANSACTION,
    }
)
#: What ``.dump`` writes texts with that hold line ends and the like.
_FUNCTIONS: Final = frozenset({"char", "replace", "unistr"})
_ESCAPE: Final = re.compile(r"\\(?:(\\)|u([0-9a-fA-F]{4})|\+([0-9a-fA-F]{6})|U([0-9a-fA-F]{8})|([0-9a-fA-F]{4}))")


@contextmanager
def database_of(path: Path, tables: Collection[str]) -> Iterator[sqlite3.Connection]:
    """Open the database for reading only; all texts come as bytes.

    Raises ``UnreadableError``, also where it does not have the tables, and ``sqlite3.Error``.
    """
    with path.open("rb") as file:
        start = file.read(len(_MAGIC))
    if not start or start == _MAGIC:
        with closing(_open(path, tables)) as database:
            yield database
        return
    with TemporaryDirectory() as folder:
        made = Path(folder) / "database"
        with opened(path) as file:
            is_database = next(read_chunks(file), b"").startswith(_MAGIC)
        if is_database:
            with opened(path) as file, made.open("wb") as unpacked:
                for chunk in read_chunks(file):
                    unpacked.write(chunk)
        else:
            _load(path, made, tables)
        with closing(_open(made, tables)) as database:
            yield database


def _open(path: Path, tables: Collection[str]) -> sqlite3.Connection:
    database = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)
    # A database can hold more than data; what it brings along is not to be run, and what is no text here to be told.
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA cell_size_check = ON")
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE)
    database.text_factory = bytes
    names = ", ".join("?" * len(tables))
    query = f"SELECT count(*) FROM sqlite_master WHERE type = 'table' AND rootpage > 0 AND name IN ({names})"  # noqa: S608 -- question marks
    if database.execute(query, sorted(tables)).fetchone() != (len(tables),):
        database.close()
        message = f"this is no database that has the tables {' and '.join(sorted(tables))}"
        raise UnreadableError(message)
    return database


def _load(path: Path, made: Path, tables: Collection[str]) -> None:
    """Make the tables of a dump. All else that it says, and all that would do more than that, is not run."""
    wanted = re.compile(
        rf"\s*(?:CREATE TABLE(?: IF NOT EXISTS)?|INSERT INTO) [\"'`\[]?(?:{'|'.join(sorted(tables))})[\"'`\]]?[\s(]",
        re.IGNORECASE,
    )
    with closing(sqlite3.connect(made, isolation_level=None)) as database:
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE)
        # SQLite itself knows it only since 3.50.
        database.create_function("unistr", 1, _unistr, deterministic=True)
        database.execute("BEGIN")
        database.set_authorizer(_authorize)
        for line, statement in _statements(path):
            if not wanted.match(statement):
                continue
            try:
                database.execute(statement)
            except sqlite3.Error as error:
                message = f"line {line} of the dump: {error}"
                raise UnreadableError(message) from error
        database.execute("COMMIT")


def _authorize(action: int, *what: str | None) -> int:
    is_plain = what[1] in _FUNCTIONS if action == sqlite3.SQLITE_FUNCTION else action in _ALLOWED
    return sqlite3.SQLITE_OK if is_plain else sqlite3.SQLITE_DENY


def _statements(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each statement with the number of its first line: it ends with a line that ends so, outside of a text."""
    parts: list[bytes] = []
    length, quotes, begun = 0, 0, 1
    with opened(path) as file:
        for number, line in enumerate(read_lines(file, MAX_VALUE), 1):
            parts.append(line)
            length += len(line)
            quotes += line.count(b"'")
            if length > MAX_VALUE:
                message = f"line {begun} of the dump: a statement of more than {MAX_VALUE} bytes"
                raise UnreadableError(message)
            if quotes % 2 == 0 and line.rstrip().endswith(b";"):
                yield begun, b"".join(parts).decode(errors="replace")
                parts, length, quotes, begun = [], 0, 0, number + 1


def _unistr(text: object) -> str | None:
    if not isinstance(text, str):
        return None
    return _ESCAPE.sub(lambda found: found[1] or chr(int(next(filter(None, found.groups()[1:])), 16)), text)
