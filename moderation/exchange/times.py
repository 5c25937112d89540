"""Times as other systems write them."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

#: Only forms in which the day cannot be taken for the month.
_FORMS = (
    "%Y-%m-%d %H:%M:%S %z",
    "%Y-%m-%d %I:%M %p",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%B %d, %Y %I:%M %p",
    "%B %d, %Y",
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = re.compile(r"\d{9,10}")
_MILLISECONDS = re.compile(r"\d{12,13}")


def read_time(text: str, now: datetime) -> datetime | None:
    """Return the moment a text names, in UTC where it names no zone.

    ``None`` for what is no time, what lies before 1970 or what has not come yet: clocks of other systems vary, and an
    unknown time is better than a wrong one.
    """
    text = text.strip()
    try:
        found = _parse(text)
        if found is None:
            return None
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if _EPOCH <= found <= now else None


def _parse(text: str) -> datetime | None:
    if _SECONDS.fullmatch(text):
        return datetime.fromtimestamp(int(text), UTC)
    if _MILLISECONDS.fullmatch(text):
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    with suppress(ValueError):
        return datetime.fromisoformat(text)
    for form in _FORMS:
        with suppress(ValueError):
            return datetime.strptime(text, form)  # noqa: DTZ007 -- the caller adds the zone where there is none
    return parsedate_to_datetime(text)
