"""The exact words and headers that Akismet's clients compare with."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from moderation.tables import Status

THANKS: Final = "Thanks for making the web a better place."
#: Spam as sure as this may be dropped unseen by a client that is set up so.
BLATANT: Final = 0.999
#: A held comment without its judge's opinion, or with one that leans to spam, is no comment to be shown.
DOUBTFUL: Final = 0.5
#: When to ask again about a comment that is held.
ASK_AGAIN: Final = timedelta(minutes=2)
#: WordPress asks never; it is told. It lets a comment pass when it has heard nothing for twice this time, so a
#: moderator has a month.
BE_TOLD: Final = timedelta(days=15)


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: a text without a line's end, and headers.

    Some clients throw at any header that tells of an error, so none is sent where there is none.
    """

    body: str
    headers: Mapping[str, str] = field(default_factory=dict)
    status: HTTPStatus = HTTPStatus.OK
    mimetype: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Standing:
    """A comment as a verdict needs it. ``held_by_rule``: a rule of the site's holds it, not the judge's doubt."""

    guid: uuid.UUID
    status: Status
    spam_probability: float | None
    held_by_rule: bool = False
    is_blatant: bool = False


def problem(help_text: str, body: str = "invalid") -> Reply:
    """Return the answer to a call that cannot be answered, with what would help."""
    return Reply(body, {"X-akismet-debug-help": help_text})


def verdict(standing: Standing, *, will_be_told: bool, is_recheck: bool, wants_class: bool = False) -> Reply:
    """Return the answer to a check. The protocol knows yes and no; a comment that is held is neither.

    A client that is to be told later, or may ask again, holds the comment itself: no spam, to be looked at again. One
    that asks again cannot be put off once more: it hears no where the judge leans to no, and else yes, since what goes
    to a client's spam folder is looked at by people there, and what passes is public.
    """
    headers = {"X-akismet-guid": standing.guid.hex}
    held = standing.status is Status.PENDING
    spam = standing.status in {Status.SPAM, Status.REJECTED}
    if held and will_be_told and not is_recheck:
        headers["X-akismet-recheck-after"] = _seconds(BE_TOLD)
    elif held:
        spam = standing.held_by_rule or standing.spam_probability is None or standing.spam_probability >= DOUBTFUL
        if not spam and not is_recheck:
            headers["X-akismet-recheck-after"] = _seconds(ASK_AGAIN)
    if spam and standing.is_blatant:
        headers["X-akismet-pro-tip"] = "discard"
    if wants_class:
        headers["X-akismet-classification"] = "spam" if spam else "ham"
    return Reply("true" if spam else "false", headers)


def _seconds(time: timedelta) -> str:
    return str(int(time.total_seconds()))
