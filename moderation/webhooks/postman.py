"""Bringing a webhook's deliveries to it: those of one comment in order, each until it is taken or given up."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from sqlalchemy import Select, exists, select, update
from sqlalchemy.orm import Session, aliased

from moderation.clock import Clock
from moderation.database import Database
from moderation.errors import UnavailableError
from moderation.tables import Comment, DeliveryState, Thread, Webhook, WebhookDelivery, WebhookKind
from moderation.webhooks.endpoints import mark_site
from moderation.webhooks.payloads import News, akismet_letter, akismet_problem, standard_letter
from moderation.webhooks.sealing import unseal
from moderation.webhooks.transport import Answer, Letter, Post

#: After each failed attempt a longer pause, and after the last one it is given up: two days in all.
PAUSES: Final = tuple(
    timedelta(seconds=s) for s in (5, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
)
GIVE_UP_AFTER: Final = timedelta(days=3)
#: After so many failures in a row everything for the webhook waits: a server that is away is not asked for each one.
PATIENCE: Final = 3
FIRST_REST, LONGEST_REST = timedelta(seconds=5), timedelta(minutes=5)
#: How much is done in one go before other jobs have their turn.
TURN_LETTERS, TURN_SECONDS = 100, 20.0

Keep = Callable[[Session], None]


@dataclass(frozen=True, slots=True)
class Postman:
    """Delivers for one webhook at a time. ``post`` sends a letter."""

    database: Database
    clock: Clock
    secret_key: str
    post: Post

    def go_round(self, webhook_id: uuid.UUID, keep: Keep, rest: Callable[[], None]) -> timedelta | None:
        """Deliver what is due. Returns after what time to come again, ``None`` if nothing is left.

        ``keep`` is called in each transaction that notes an outcome and raises if the work is no longer ours; ``rest``
        between two deliveries, and raises if there is to be no next one.
        """
        started = time.monotonic()
        with self.database.writing() as session:
            give_up_old(session, webhook_id, self.clock())
        for _ in range(TURN_LETTERS):
            rest()
            with self.database.reading() as session:
                found = self._next(session, webhook_id)
                if found is None:
                    return wait_until_next(session, webhook_id, self.clock())
            delivery_id, letter, kind = found
            answer = self.post(letter) if isinstance(letter, Letter) else letter
            with self.database.writing() as session:
                keep(session)
                settle(session, delivery_id, answer, kind, self.clock())
            if time.monotonic() - started > TURN_SECONDS:
                break
        return timedelta(0)

    def _next(self, session: Session, webhook_id: uuid.UUID) -> tuple[uuid.UUID, Letter | Answer, WebhookKind] | None:
        now = self.clock()
        webhook = session.get(Webhook, webhook_id)
        if webhook is None or not webhook.enabled or (webhook.retry_at is not None and webhook.retry_at > now):
            return None
        found = next_delivery(session, webhook_id, now)
        if found is None:
            return None
        try:
            secret = unseal(self.secret_key, webhook.secret)
        except UnavailableError as error:
            return found.id, Answer(None, error.message), webhook.kind
        news = _news(session, found)
        if webhook.kind is WebhookKind.AKISMET:
            return found.id, akismet_letter(webhook.url, secret, news), webhook.kind
        return found.id, standard_letter(webhook.url, secret, news, now), webhook.kind


def next_delivery(session: Session, webhook_id: uuid.UUID, now: datetime) -> WebhookDelivery | None:
    """Return the delivery that has been due longest, none of whose comment's earlier ones waits still."""
    return session.scalar(_in_turn(webhook_id).where(WebhookDelivery.next_at <= now))


def _in_turn(webhook_id: uuid.UUID) -> Select[WebhookDelivery]:
    earlier = aliased(WebhookDelivery)
    overtaken = exists().where(
        earlier.comment_id == WebhookDelivery.comment_id,
        earlier.webhook_id == WebhookDelivery.webhook_id,
        earlier.number < WebhookDelivery.number,
        earlier.state == DeliveryState.WAITING,
    )
    waiting = (WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.state == DeliveryState.WAITING)
    by_time = (WebhookDelivery.next_at, WebhookDelivery.id)
    return select(WebhookDelivery).where(*waiting, ~overtaken).order_by(*by_time).limit(1)


def wait_until_next(session: Session, webhook_id: uuid.UUID, now: datetime) -> timedelta | None:
    """Return in what time something may be due again; ``None`` where nothing waits or the webhook is disabled."""
    webhook = session.get(Webhook, webhook_id)
    if webhook is None or not webhook.enabled:
        return None
    soonest = session.scalar(_in_turn(webhook_id))
    if soonest is None:
        return None
    return max(soonest.next_at - now, (webhook.retry_at or now) - now, timedelta(0))


def give_up_old(session: Session, webhook_id: uuid.UUID, now: datetime) -> None:
    """Give up what has waited too long, as behind a server that is away for days."""
    session.execute(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.webhook_id == webhook_id,
            WebhookDelivery.state == DeliveryState.WAITING,
            WebhookDelivery.attempts > 0,
            WebhookDelivery.created_at < now - GIVE_UP_AFTER,
        )
        .values(state=DeliveryState.FAILED, settled_at=now)
        .execution_options(synchronize_session=False)
    )


def settle(session: Session, delivery_id: uuid.UUID, answer: Answer, kind: WebhookKind, now: datetime) -> None:
    """Note what came of an attempt, and when the next one is."""
    delivery = session.get(WebhookDelivery, delivery_id)
    if delivery is None:
        # The comment or the webhook has gone meanwhile.
        return
    webhook = session.get_one(Webhook, delivery.webhook_id)
    delivery.attempts += 1
    delivery.answer_status, delivery.answer = answer.status, answer.text
    if _is_taken(answer, kind):
        delivery.state, delivery.settled_at = DeliveryState.DELIVERED, now
        webhook.failures, webhook.retry_at = 0, None
        return
    if delivery.attempts > len(PAUSES):
        delivery.state, delivery.settled_at = DeliveryState.FAILED, now
    else:
        delivery.next_at = now + PAUSES[delivery.attempts - 1]
    webhook.failures += 1
    if webhook.failures >= PATIENCE:
        webhook.retry_at = now + min(FIRST_REST * 2 ** min(webhook.failures - PATIENCE, 10), LONGEST_REST)
    if answer.status == HTTPStatus.GONE:
        # What Standard Webhooks have a server answer that wants to hear no more.
        webhook.enabled = False
        session.flush()
        mark_site(session, webhook.site_id)


def _is_taken(answer: Answer, kind: WebhookKind) -> bool:
    if answer.status is None or not HTTPStatus(200) <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return False
    return kind is not WebhookKind.AKISMET or not akismet_problem(answer.text)


def _news(session: Session, delivery: WebhookDelivery) -> News:
    comment = session.get_one(Comment, delivery.comment_id)
    thread = session.get_one(Thread, comment.thread_id)
    return News(
        id=delivery.id,
        status=delivery.status,
        version=delivery.number,
        changed_at=delivery.created_at,
        site_id=comment.site_id,
        comment_id=comment.id,
        thread=thread.key,
        thread_url=thread.url,
        parent_id=comment.parent_id,
        author_name=comment.author_name,
        author_url=comment.author_url,
        body=comment.body,
        created_at=comment.created_at,
        akismet=dict(comment.facts.get("akismet") or {}),
    )
