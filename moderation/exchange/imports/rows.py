"""What is stored of an imported comment, and of what was decided on it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moderation.clock import new_id
from moderation.comments.caller import network_of
from moderation.comments.judge import Text
from moderation.comments.traps import digest_of
from moderation.exchange.imports.checking import Checked
from moderation.exchange.imports.past import Past
from moderation.policy.first_status import Reason
from moderation.review.history import fold
from moderation.tables import Status


@dataclass(frozen=True, slots=True)
class Draft:
    """A comment that is about to be written."""

    id: uuid.UUID
    item: Checked
    text: Text
    thread_id: uuid.UUID
    #: It is the site's already: a comment of this id, whatever has become of it since.
    is_here: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What of an export's history still means something here."""

    #: People with accounts here.
    people: Collection[uuid.UUID]
    #: Decisions that are here already, another site's mostly; those that are being written come to it.
    decisions: set[uuid.UUID]
    #: Whether the numbers of policies are those of this site's.
    has_policies: bool


def comment_row(draft: Draft, parent_id: uuid.UUID | None, known: Known, now: datetime) -> dict[str, Any]:
    """Return the comment's columns, apart from its site's."""
    row = _sent(draft, parent_id, now)
    past = draft.item.source.past
    if past is None:
        return row
    told = past.comment.model_dump(exclude={"id", "campaign_id"} | (set() if known.has_policies else {"policy_number"}))
    standing = fold(past.decisions)
    row |= told | {
        "version": standing.version,
        "label": standing.label,
        "labelled_at": standing.labelled_at,
        "labelled_by": standing.labelled_by if standing.labelled_by in known.people else None,
        "audit_repeats": past.comment.audit_repeats if past.comment.audit_repeats in known.people else None,
    }
    if past.comment.erased_at is not None:
        # As the export's own site calls it, so that it is found again when the export is brought in again.
        row["digest"] = f"erased-{past.comment.id}"
    return row


def _sent(draft: Draft, parent_id: uuid.UUID | None, now: datetime) -> dict[str, Any]:
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
        "labelled_by": None,
        "model_version": None,
        "spam_probability": None,
        "audit_share": None,
        "audited_at": None,
        "audit_repeats": None,
        "erased_at": None,
        "campaign_id": None,
    }


def decision_rows(draft: Draft, known: Known, now: datetime) -> list[dict[str, Any]]:
    """Return the comment's decisions; where none are told, the one that gives it the standing it had."""
    source = draft.item.source
    if source.past is not None:
        return _told_decisions(draft.id, source.past, known)
    return [
        {
            "id": new_id(),
            "comment_id": draft.id,
            "number": 1,
            "action": draft.item.action,
            "from_status": None,
            "to_status": source.status,
            "label": source.label,
            "person_id": None,
            "origin": "import",
            "reason": "",
            "reasons": [_reason(source.status)],
            "undoes_id": None,
            "batch_id": None,
            "model_version": None,
            "spam_probability": None,
            "policy_number": None,
            "created_at": now,
        }
    ]


def _told_decisions(comment_id: uuid.UUID, past: Past, known: Known) -> list[dict[str, Any]]:
    ids = {one.id: new_id() if one.id in known.decisions else one.id for one in past.decisions}
    known.decisions.update(ids.values())
    return [
        one.model_dump()
        | {
            "id": ids[one.id],
            "comment_id": comment_id,
            "undoes_id": ids[one.undoes_id] if one.undoes_id is not None else None,
            "person_id": one.person_id if one.person_id in known.people else None,
            "policy_number": one.policy_number if known.has_policies else None,
        }
        for one in past.decisions
    ]


def band_rows(draft: Draft, site_id: uuid.UUID) -> Iterator[dict[str, Any]]:
    """Yield what copies of the comment's text are found by."""
    for number, value in enumerate(draft.text.bands):
        yield {"comment_id": draft.id, "number": number, "site_id": site_id, "value": value}


def _reason(status: Status) -> dict[str, Any]:
    return Reason("imported", "It stood so in the system it was brought in from.", status).as_json()
