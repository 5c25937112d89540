"""What was delivered to a webhook, what waits, and sending one again."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moderation import paging
from moderation.errors import NotFoundError
from moderation.tables import DeliveryState, Webhook, WebhookDelivery
from moderation.webhooks.announce import call_postman


def list_deliveries(
    session: Session, webhook: Webhook, *, state: DeliveryState | None = None, limit: int = 50, cursor: str = ""
) -> tuple[list[WebhookDelivery], str | None]:
    """Return a page of deliveries, the newest first, and the cursor of the next one."""
    query = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook.id)
    if state is not None:
        query = query.where(WebhookDelivery.state == state)
    if cursor:
        query = query.where(WebhookDelivery.id < paging.read_id_cursor(cursor))
    rows = list(session.scalars(query.order_by(WebhookDelivery.id.desc()).limit(limit + 1)))
    following = paging.id_cursor(rows[limit - 1].id) if len(rows) > limit else None
    return rows[:limit], following


def send_again(session: Session, webhook: Webhook, delivery_id: uuid.UUID, now: datetime) -> WebhookDelivery:
    """Have a delivery sent once more, whatever became of it, under the id it had. Raises ``NotFoundError``."""
    delivery = session.get(WebhookDelivery, delivery_id, with_for_update=True)
    if delivery is None or delivery.webhook_id != webhook.id:
        message = "There is no such delivery."
        raise NotFoundError(message)
    delivery.state, delivery.attempts, delivery.next_at, delivery.settled_at = DeliveryState.WAITING, 0, now, None
    # A person asks, so a server that was found away is tried at once.
    webhook.retry_at = None
    session.flush()
    call_postman(session, webhook.id, now)
    return delivery


def count_failing(session: Session) -> int:
    """Return how many enabled webhooks did not take their last delivery."""
    query = select(func.count()).select_from(Webhook).where(Webhook.enabled.is_(True), Webhook.failures > 0)
    return session.scalar(query) or 0
