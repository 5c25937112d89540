"""Export files as they are found on disk: plain or compressed, in whatever encoding they say they are."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from moderation.errors import ModerationError

CHUNK = 65_536
_GZIP = b"\x1f\x8b"
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
#: The codecs that are character sets, by the names Python gives them; the others compress, escape or turn letters.
_CHARACTER_SETS = re.compile(
    r"ascii|utf-8(-sig)?|utf-(16|32)(-[bl]e)?|iso8859-\d+|cp\d+|koi8-\w|mac-\w+|gb\d+|gbk|hz|big5\w*|euc_\w+"
    r"|shift_jis\w*|iso2022_\w+|johab|tis-620|ptcp154|kz1048|hp-roman8"
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


class UnreadableError(ModerationError):
    """A file cannot be read any further: from ``line`` on, where that is known."""

    code = "unreadable"

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.line = line


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading; one that was compressed by gzip, as most services send their exports, is unpacked."""
    with path.open("rb") as file:
        compressed = file.read(2) == _GZIP
        file.seek(0)
        if not compressed:
            yield file
            return
        with gzip.open(file) as unpacked:
            yield cast("IO[bytes]", unpacked)


def read_chunks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the file piece by piece. Raises ``UnreadableError`` where a compressed file is cut off or damaged."""
    try:
        while chunk := file.read(CHUNK):
            yield chunk
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        message = f"the compressed file is cut off or damaged: {error}"
        raise UnreadableError(message) from error


def read_lines(file: IO[bytes], longest: int) -> Iterator[bytes]:
    """Yield the file's lines. Of one longer than ``longest`` bytes, a little more than that, and never the rest.

    Raises ``UnreadableError`` where a compressed file is cut off or damaged.
    """
    number = 0
    try:
        while line := file.readline(longest + 1):
            number += 1
            yield line
            while len(line) > longest and not line.endswith(b"\n"):
                line = file.readline(longest + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        message = f"the compressed file is cut off or damaged: {error}"
        raise UnreadableError(message, number + 1) from error


def read_text(chunks: Iterator[bytes]) -> Iterator[str]:
    """Yield the text of an XML file. A byte that is no character becomes the sign for that, as everywhere.

    Raises ``UnreadableError`` for an encoding that nobody knows, or that is none.
    """
    first = next(chunks, b"")
    declared = _DECLARED.match(first)
    name = next((name for mark, name in _MARKS if first.startswith(mark)), None)
    name = name or _character_set(declared.group(1).decode("ascii") if declared else "utf-8")
    try:
        decoder = codecs.getincrementaldecoder(name)(errors="replace")
        yield decoder.decode(first)
        for chunk in chunks:
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)
    except UnicodeError as error:
        message = f"this is no text in the encoding {name!r}: {error}"
        raise UnreadableError(message) from error


def _character_set(declared: str) -> str:
    """Return the encoding of a file whose declaration can be read byte by byte. Raises ``UnreadableError``."""
    try:
        name = codecs.lookup(declared).name
    except LookupError as error:
        message = f"the encoding {declared!r} is not known"
        raise UnreadableError(message) from error
    if not _CHARACTER_SETS.fullmatch(name):
        message = f"the encoding {declared!r} is no character set"
        raise UnreadableError(message)
    # In a wide one, nobody could have read that declaration: the text was saved anew, and the declaration left.
    return "utf-8" if name.startswith(("utf-16", "utf-32")) else name
