"""What our mail says. Plain text, so that nothing is fetched or hidden; and to commenters only what is published."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from moderation.mail.defang import excerpt

#: Characters of a published reply that are told.
LONGEST_REPLY = 2000
LONGEST_EXCERPT = 240
#: At the usual 78 a long link would be folded into encoded words, in which no mail program sees a link any more; this
#: is the longest line that mail may have (RFC 5322).
_POLICY = policy.default.clone(max_line_length=998)


@dataclass(frozen=True, slots=True)
class Envelope:
    """From whom, to whom, when, and by which id: the same letter sent twice is one to a mail program."""

    sender: str
    recipient: str
    id: uuid.UUID
    now: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A comment that waits to be decided on, for a digest."""

    site: str
    page: str
    author: str
    body: str
    created_at: datetime
    link: str


def confirm_letter(envelope: Envelope, site: str, link: str, way_out: str) -> EmailMessage:
    """Ask whether an address is its owner's. It quotes nothing: whoever typed the address in may be a stranger."""
    text = f"""Somebody, most likely you, has commented at {site} with this email address and asked
to be told of replies. If that was you, open this page and press the button:

{link}

The link is good for 14 days. Until then you get no other mail from us.

If it was not you, you need not do anything. To never hear from this site again:

{way_out}
"""
    return _letter(envelope, f"Confirm your email address for {site}", text, way_out)


def reply_letter(envelope: Envelope, site: str, author: str, body: str, page: str | None, way_out: str) -> EmailMessage:
    """Tell of a published reply."""
    told = body if len(body) <= LONGEST_REPLY else body[:LONGEST_REPLY].rstrip() + "…"
    quoted = "\n".join(f"> {line}".rstrip() for line in told.splitlines())
    text = f"""{_line(author) or "Somebody"} has replied to your comment at {site}:

{quoted}

{f"Read it on its page: {page}" if page else ""}

You get this because you asked to be told of replies. No more of it:
{way_out}
"""
    return _letter(envelope, f"A reply to your comment at {site}", text, way_out)


def digest_letter(
    envelope: Envelope, total: int, waiting: Sequence[Waiting], desk: str, settings: str, way_out: str
) -> EmailMessage:
    """Tell a moderator what waits for them. What strangers wrote is shortened and cannot be clicked."""
    lines = []
    for number, one in enumerate(waiting, 1):
        lines += [
            f"{number}. {excerpt(one.author, 60) or 'Anonymous'} on {excerpt(one.page, 80)} ({one.site})",
            f"   {one.created_at:%d %b %Y, %H:%M} UTC",
            f"   > {excerpt(one.body, LONGEST_EXCERPT)}",
            f"   Look and decide: {one.link}",
            "",
        ]
    more = total - len(waiting)
    rest = f"… and {more} more.\n\n" if more > 0 else ""
    text = f"""{_wait(total)}; these the longest:

{chr(10).join(lines)}
{rest}The whole queue: {desk}

A link decides nothing by being opened. It is for you alone and good for 3 days.
How often this mail comes: {settings}
No more of it: {way_out}
"""
    return _letter(envelope, f"{_wait(total)} to be decided on", text, way_out)


def _wait(total: int) -> str:
    return "1 comment waits" if total == 1 else f"{total} comments wait"


def _letter(envelope: Envelope, subject: str, text: str, way_out: str) -> EmailMessage:
    letter = EmailMessage(_POLICY)
    letter["From"], letter["To"], letter["Subject"] = envelope.sender, envelope.recipient, _line(subject)
    letter["Date"] = format_datetime(envelope.now)
    letter["Message-ID"] = f"<{envelope.id}@{parseaddr(envelope.sender)[1].rpartition('@')[2]}>"
    # No out-of-office answer shall come back, and a mail program may offer its own button (RFC 3834, 8058).
    letter["Auto-Submitted"] = "auto-generated"
    letter["List-Unsubscribe"] = f"<{way_out}>"
    letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    letter.set_content(text)
    return letter


def _line(text: str) -> str:
    return " ".join(text.split())
