"""What is stored of an imported comment."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moderation.clock import new_id
from moderation.comments.caller import network_of
from moderation.comments.judge import Text
from moderation.comments.traps import digest_of
from moderation.exchange.imports.checking import Checked
from moderation.policy.first_status import Reason
from moderation.tables import Status


@dataclass(frozen=True, slots=True)
class Draft:
    """A comment that is about to be written."""

    id: uuid.UUID
    item: Checked
    text: Text
    thread_id: uuid.UUID


def comment_row(draft: Draft, parent_id: uuid.UUID | None, now: datetime) -> dict[str, Any]:
    """Return the comment's columns, apart from those of its site."""
    source = draft.item.source
    submission = draft.item.submission.model_copy(update={"parent_id": parent_id})
    created_at = min(submission.created_at or now, now)
    return {
        "id": draft.id,
        "thread_id": draft.thread_id,
        "parent_id": parent_id,
        "author_name": submission.author_name,
        "author_email": submission.author_email,
        "author_url": submission.author_url,
        "author_role": submission.author_role,
        "body": submission.body,
        "ip": submission.ip,
        "ip_network": network_of(submission.ip),
        "user_agent": submission.user_agent,
        "referrer": submission.referrer,
        "created_at": created_at,
        # When the other system received it: received now, years of comments would look like one wave of copies
        # and like a flood from each of their addresses.
        "received_at": created_at,
        "digest": digest_of(submission),
        "signature": draft.text.signature,
        "status": source.status,
        "version": 1,
        "reasons": [_reason(source.status)],
        "knowledge": dict(source.knowledge),
        "facts": {},
        "uncertainty": 0.0,
        "label": source.label,
        "labelled_at": now if source.label else None,
    }


def decision_row(draft: Draft, now: datetime) -> dict[str, Any]:
    """Return the comment's one decision, which gives it the standing it had."""
    source = draft.item.source
    return {
        "id": new_id(),
        "comment_id": draft.id,
        "number": 1,
        "action": draft.item.action,
        "to_status": source.status,
        "label": source.label,
        "origin": "import",
        "reason": "",
        "reasons": [_reason(source.status)],
        "created_at": now,
    }


def band_rows(draft: Draft, site_id: uuid.UUID) -> Iterator[dict[str, Any]]:
    """Yield what copies of the comment's text are found by."""
    for number, value in enumerate(draft.text.bands):
        yield {"comment_id": draft.id, "number": number, "site_id": site_id, "value": value}


def _reason(status: Status) -> dict[str, Any]:
    return Reason("imported", "It stood so in the system it was brought in from.", status).as_json()
