"""A file of labelled comments, one JSON object a line: the contract's form, or our own export."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from model.jsonl import LONGEST_LINE, BadLine, BadValueError, read_fields
from model.sample import Label, Sample
from moderation.errors import ModerationError

_HALF = re.compile("[\ud800-\udfff]")
_HALF_ESCAPED = re.compile(rb"\\u[dD][89a-fA-F]")
#: Bad lines told one by one; of more, only the number.
SHOWN = 20


class Kind(StrEnum):
    """What the lines of our own export hold. A line without a kind is a labelled comment."""

    SITE = "site"
    POLICY = "policy"
    THREAD = "thread"
    COMMENT = "comment"
    DECISION = "decision"


_RECORDS = frozenset({Kind.SITE, Kind.POLICY, Kind.THREAD, Kind.DECISION})


@dataclass(frozen=True, slots=True)
class CommentLine:
    """A comment, ``label`` only where somebody judged it; ``fields`` is the whole line as it came."""

    number: int
    sample: Sample
    label: Label | None
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RecordLine:
    """Any other record of our own export: of ``kind`` site, policy, thread or decision."""

    number: int
    kind: Kind
    fields: Mapping[str, Any]


class BadObjectError(Exception):
    """A text is no JSON object that can be taken at its word; the message says why."""


@dataclass(slots=True)
class BadLines:
    """The lines that cannot be read: how many, and the first of them."""

    count: int = 0
    first: list[BadLine] = field(default_factory=list)
    #: What the numbers count, where a file has no lines.
    unit: str = "line"

    def add(self, line: BadLine) -> None:
        """Remember a bad line."""
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(line)

    def told(self) -> list[str]:
        """Return what is wrong, a line for each."""
        lines = [f"{self.unit} {bad.number}: {bad.reason}" if bad.number else bad.reason for bad in self.first]
        if self.count > len(self.first):
            lines.append(f"… and {self.count - len(self.first)} more")
        return lines


class BadLinesError(ModerationError):
    """A file has lines that cannot be read, and nobody said to leave them out."""

    code = "bad_lines"

    def __init__(self, bad: BadLines, undone: str) -> None:
        lines = "\n  ".join(bad.told())
        noun = f"{bad.unit} cannot" if bad.count == 1 else f"{bad.unit}s cannot"
        super().__init__(f"{bad.count} {noun} be read; {undone}. With --skip-bad the rest goes in.\n  {lines}")
        self.bad = bad


def read_history(lines: Iterable[bytes]) -> Iterator[CommentLine | RecordLine | BadLine]:
    """Read the comments and other records of a file, in order; each bad line says what is wrong with it.

    A comment of our own export may lack a label; any other line must have one.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _read(line, number)
        except (BadObjectError, BadValueError) as error:
            yield BadLine(number, str(error))


def _read(line: bytes, number: int) -> CommentLine | RecordLine:
    fields = read_line(line)
    kind = fields.get("kind")
    if isinstance(kind, str) and kind in _RECORDS:
        return RecordLine(number, Kind(kind), fields)
    found = read_fields(fields, require_label=kind != Kind.COMMENT)
    label = found.label if fields.get("label") is not None else None
    return CommentLine(number, found.sample, label, fields)


def read_line(line: bytes) -> dict[str, Any]:
    """Return the JSON object of a line that is not too long. Raises ``BadObjectError``."""
    if len(line) > LONGEST_LINE:
        reason = f"longer than {LONGEST_LINE} bytes"
        raise BadObjectError(reason)
    return read_object(line)


def read_object(text: bytes | bytearray) -> dict[str, Any]:
    """Return a JSON object. Raises ``BadObjectError``, also for what no database can take.

    That is half of a surrogate pair, which JSON can name; and a key that stands twice: one of them would be lost.
    """
    try:
        found = json.loads(text.decode("utf-8-sig"), object_pairs_hook=_once)
        if isinstance(found, dict) and _HALF_ESCAPED.search(text):
            _refuse_halves(found)
    except UnicodeDecodeError as error:
        reason = f"not UTF-8: byte {error.start}"
        raise BadObjectError(reason) from error
    except ValueError as error:
        # Also a number of more digits than Python reads.
        reason = f"not JSON: {error}"
        raise BadObjectError(reason) from error
    except RecursionError as error:
        reason = "not JSON that can be read: nested too deeply"
        raise BadObjectError(reason) from error
    if not isinstance(found, dict):
        reason = "not a JSON object"
        raise BadObjectError(reason)
    return found


def _refuse_halves(found: Mapping[str, Any]) -> None:
    """Raise ``BadObjectError`` that names the field in which half of a surrogate pair stands."""
    for name, value in found.items():
        if _HALF.search(json.dumps([name, value], ensure_ascii=False)):
            reason = f"{name.encode(errors='replace').decode():.200}: half of a surrogate pair is no character"
            raise BadObjectError(reason)


def shown(value: object) -> str:
    """Return how a message names a value of JSON; of what holds others, only its kind."""
    return f"{value!r:.40}" if isinstance(value, str | int | float) else f"a {type(value).__name__}"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        reason = f"{', '.join(twice):.200}: stands twice in one object"
        raise BadObjectError(reason)
    return found
