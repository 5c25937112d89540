"""Labelled comments as JSON lines, checked; what is wrong is named with its line, never guessed at."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from model.sample import KNOWLEDGE, Label, LabelledSample, Sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_TEXTS: Final = ("body", "author_name", "author_email", "author_url", "ip", "user_agent", "thread", "site")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
#: Longest line read, in bytes or characters. A comment with all its earlier texts, each of the longest, has 3 MB.
LONGEST_LINE: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no labelled comment: its ``number``, from 1, and the reason."""

    number: int
    reason: str


class BadValueError(ValueError):
    """What is wrong with one line, in words."""


def read_labelled(lines: Iterable[bytes | str], *, require_label: bool = True) -> Iterator[LabelledSample | BadLine]:
    """Read JSON lines in order; each non-blank line gives a sample or says what is wrong with it.

    Unknown keys are ignored; ``null`` and absent are the same. Without ``require_label``, an absent label reads as ham
    (for scoring, where it is not looked at).
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield read_fields(_object(line), require_label=require_label)
        except BadValueError as error:
            yield BadLine(number, str(error))


def _object(line: bytes | str) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        text = f"longer than {LONGEST_LINE} bytes"
        raise BadValueError(text)
    try:
        text = line.decode("utf-8-sig") if isinstance(line, bytes) else line
        found = json.loads(text)
    except UnicodeDecodeError as error:
        reason = f"not UTF-8: byte {error.start}"
        raise BadValueError(reason) from error
    except ValueError as error:
        reason = f"not JSON: {error}"
        raise BadValueError(reason) from error
    except RecursionError as error:
        reason = "not JSON that can be read: nested too deeply"
        raise BadValueError(reason) from error
    if not isinstance(found, dict):
        reason = "not a JSON object"
        raise BadValueError(reason)
    return found


def read_fields(found: dict[str, Any], *, require_label: bool) -> LabelledSample:
    """Return the sample that a line's JSON object holds (see ``read_labelled``). Raises ``BadValueError``."""
    texts: dict[str, Any] = {name: _text(found, name) for name in _TEXTS}
    if not texts["body"].strip():
        reason = "body: missing or empty"
        raise BadValueError(reason)
    sample = Sample(created_at=_time(found), knowledge=_knowledge(found), **texts)
    weight = _number(found, "weight", 1.0)
    if weight <= 0:
        reason = "weight: must be above 0"
        raise BadValueError(reason)
    label = _label(found, required=require_label)
    return LabelledSample(sample, label, weight, _text(found, "group"), _text(found, "source"), _text(found, "lang"))


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        reason = f"{name}: must be a string, not {type(value).__name__}"
        raise BadValueError(reason)
    # Half of a surrogate pair is no character: JSON can name it, and nothing that reads or writes text can take it.
    return value if value.isascii() else _SURROGATE.sub("\ufffd", value)


def _number(found: dict[str, Any], name: str, default: float) -> float:
    value = found.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
        reason = f"{name}: must be a number"
        raise BadValueError(reason)
    return float(value)


def _label(found: dict[str, Any], *, required: bool) -> Label:
    value = found.get("label")
    if value is None and not required:
        return Label.HAM
    if isinstance(value, str) and value in set(Label):
        return Label(value)
    reason = 'label: must be "spam" or "ham"' + (f", not {value!r:.40}" if value is not None else "; it is missing")
    raise BadValueError(reason)


def _time(found: dict[str, Any]) -> datetime | None:
    """ISO 8601, in UTC where no zone is given; what is no time is no fact (clocks of other systems vary)."""
    value = _text(found, "created_at")
    if not value:
        return None
    try:
        time = datetime.fromisoformat(value)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _knowledge(found: dict[str, Any]) -> dict[str, float]:
    value = found.get("knowledge")
    if value is None:
        return {}
    if not isinstance(value, dict):
        reason = "knowledge: must be an object of counts"
        raise BadValueError(reason)
    counts = {name: _number(value, name, 0.0) for name in KNOWLEDGE if name in value}
    if any(count < 0 for count in counts.values()):
        reason = "knowledge: counts must not be negative"
        raise BadValueError(reason)
    return counts
