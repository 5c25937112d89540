"""A file of labelled comments, one JSON object a line: the contract's form, or our own export."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from model.jsonl import BadLine, read_labelled
from model.sample import Label, Sample
from moderation.errors import ModerationError

#: Bad lines told one by one; of more, only the number.
SHOWN = 20


class Kind(StrEnum):
    """What the lines of our own export hold. A line without a kind is a labelled comment."""

    SITE = "site"
    POLICY = "policy"
    THREAD = "thread"
    COMMENT = "comment"
    DECISION = "decision"


@dataclass(frozen=True, slots=True)
class CommentLine:
    """A comment, ``label`` only where somebody judged it; ``fields`` is the whole line as it came."""

    number: int
    sample: Sample
    label: Label | None
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """A thread of our own export."""

    number: int
    fields: Mapping[str, Any]


@dataclass(slots=True)
class BadLines:
    """The lines that cannot be read: how many, and the first of them."""

    count: int = 0
    first: list[BadLine] = field(default_factory=list)

    def add(self, line: BadLine) -> None:
        """Remember a bad line."""
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(line)

    def told(self) -> list[str]:
        """Return what is wrong, a line for each."""
        lines = [f"line {bad.number}: {bad.reason}" for bad in self.first]
        if self.count > len(self.first):
            lines.append(f"… and {self.count - len(self.first)} more")
        return lines


class BadLinesError(ModerationError):
    """A file has lines that cannot be read, and nobody said to leave them out."""

    code = "bad_lines"

    def __init__(self, bad: BadLines, undone: str) -> None:
        lines = "\n  ".join(bad.told())
        noun = "line cannot" if bad.count == 1 else "lines cannot"
        super().__init__(f"{bad.count} {noun} be read; {undone}. With --skip-bad the rest goes in.\n  {lines}")
        self.bad = bad


def read_history(lines: Iterable[bytes]) -> Iterator[CommentLine | ThreadLine | BadLine]:
    """Read the comments and threads of a file, in order; each bad line says what is wrong with it.

    A comment of our own export may lack a label; any other line must have one. The export's further lines (site,
    policies, decisions) are passed over.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        fields = _object(line)
        kind = fields.get("kind")
        if kind == Kind.THREAD:
            yield ThreadLine(number, fields)
        elif kind not in {Kind.SITE, Kind.POLICY, Kind.DECISION}:
            for found in read_labelled([line], require_label=kind != Kind.COMMENT):
                if isinstance(found, BadLine):
                    yield BadLine(number, found.reason)
                else:
                    label = found.label if fields.get("label") is not None else None
                    yield CommentLine(number, found.sample, label, fields)


def _object(line: bytes) -> dict[str, Any]:
    """Return the line's object; an empty one for what ``read_labelled`` will say is none."""
    with suppress(ValueError, RecursionError):
        found = json.loads(line.decode("utf-8-sig"))
        if isinstance(found, dict):
            return found
    return {}
