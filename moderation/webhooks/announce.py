"""Writing down whom a change of status is to be told, in the transaction of the change itself."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.clock import new_id
from moderation.outbox import Kind, enqueue
from moderation.tables import Comment, Decision, Job, JobState, Site, Status, Webhook, WebhookDelivery, WebhookKind


@dataclass(frozen=True, slots=True)
class Change:
    """A comment that moved. ``number`` is its version after the move, ``facts`` what is stored of how it came."""

    site_id: uuid.UUID
    comment_id: uuid.UUID
    number: int
    status: Status
    origin: str
    facts: dict[str, Any]


def announce(session: Session, change: Change, now: datetime) -> None:
    """Have every enabled webhook of the site told that wants to know. Ask first whether the site has any."""
    webhooks = select(Webhook).where(Webhook.site_id == change.site_id, Webhook.enabled.is_(True)).order_by(Webhook.id)
    for webhook in session.scalars(webhooks).all():
        if not _concerns(webhook, change):
            continue
        session.add(
            WebhookDelivery(
                id=new_id(),
                webhook_id=webhook.id,
                comment_id=change.comment_id,
                number=change.number,
                status=change.status,
                next_at=now,
                created_at=now,
            )
        )
        session.flush()
        call_postman(session, webhook.id, now)


def announce_decision(session: Session, comment: Comment, decision: Decision) -> None:
    """Announce a decision, if it moved the comment."""
    if decision.from_status is decision.to_status or not session.get_one(Site, comment.site_id).has_webhooks:
        return
    change = Change(
        comment.site_id, comment.id, decision.number, decision.to_status, decision.origin, dict(comment.facts)
    )
    announce(session, change, decision.created_at)


def call_postman(session: Session, webhook_id: uuid.UUID, now: datetime) -> None:
    """See to it that a job will look at the webhook's deliveries once this transaction is committed.

    A job that is due already will do: the lock keeps it from being taken before then, so that it cannot miss them.
    """
    waiting = (
        select(Job.id)
        .where(Job.subject_id == webhook_id, Job.state == JobState.QUEUED, Job.run_after <= now)
        .limit(1)
        .with_for_update(read=True)
    )
    if session.scalar(waiting) is None:
        enqueue(session, Kind.DELIVER, {"webhook_id": str(webhook_id)}, now, subject_id=webhook_id)
        session.flush()


def _concerns(webhook: Webhook, change: Change) -> bool:
    if change.status.value not in webhook.events:
        return False
    if webhook.kind is WebhookKind.STANDARD:
        return True
    # WordPress is told only of what came from it, and not of what it has just told us itself: neither by its question,
    # whose answer says so, nor by its report of a mistake.
    came_from = (change.facts.get("akismet") or {}).get("webhook")
    return came_from == str(webhook.id) and change.origin != "akismet"
