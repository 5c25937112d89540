"""A site's webhooks: made, changed, given a new secret, removed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from moderation.clock import new_id
from moderation.errors import ConflictError, FieldError, InvalidError, NotFoundError, UnavailableError
from moderation.people.sites import get_site, origin_of
from moderation.tables import Site, Status, Webhook, WebhookKind
from moderation.webhooks.announce import call_postman
from moderation.webhooks.payloads import AKISMET_RESULTS, make_secret
from moderation.webhooks.sealing import seal, unseal

MAX_URL = 2048
#: A site that needs more has something else in mind.
MAX_WEBHOOKS = 20
EVENTS = tuple(status.value for status in Status)


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A webhook with its secret, which is told only here."""

    webhook: Webhook
    secret: str


def create_webhook(
    session: Session, site_id: uuid.UUID, url: str, secret_key: str, now: datetime, events: Sequence[str] = EVENTS
) -> NewSecret:
    """Make a webhook of the site, enabled. Raises ``ConflictError``, ``InvalidError``, ``NotFoundError``."""
    site = get_site(session, site_id)
    if len(list_webhooks(session, site.id)) >= MAX_WEBHOOKS:
        message = f"A site has at most {MAX_WEBHOOKS} webhooks."
        raise ConflictError(message, code="too_many")
    secret = make_secret()
    webhook = Webhook(
        id=new_id(),
        site_id=site.id,
        kind=WebhookKind.STANDARD,
        url=check_url(url),
        secret=seal(secret_key, secret),
        events=check_events(events),
        enabled=True,
        created_at=now,
    )
    session.add(webhook)
    session.flush()
    mark_site(session, site.id)
    return NewSecret(webhook, secret)


def change_webhook(
    session: Session,
    webhook: Webhook,
    now: datetime,
    *,
    url: str | None = None,
    events: Sequence[str] | None = None,
    enabled: bool | None = None,
) -> None:
    """Change what is named. What waited while the webhook was disabled is delivered when it is enabled again."""
    if url is not None:
        webhook.url = check_url(url)
    if events is not None:
        webhook.events = check_events(events)
    if enabled is not None:
        webhook.enabled = enabled
    webhook.failures, webhook.retry_at = 0, None
    session.flush()
    mark_site(session, webhook.site_id)
    if webhook.enabled:
        call_postman(session, webhook.id, now)


def renew_secret(session: Session, webhook: Webhook, secret_key: str) -> NewSecret:
    """Give the webhook a new secret; the old one signs nothing any more. Raises ``ConflictError`` for WordPress's."""
    if webhook.kind is WebhookKind.AKISMET:
        message = "WordPress believes its own key only; it tells a new one with its next question."
        raise ConflictError(message, code="no_secret_of_ours")
    secret = make_secret()
    webhook.secret = seal(secret_key, secret)
    session.flush()
    return NewSecret(webhook, secret)


def remove_webhook(session: Session, webhook: Webhook) -> None:
    """Remove the webhook with all that was to be delivered to it."""
    session.delete(webhook)
    session.flush()
    mark_site(session, webhook.site_id)


def list_webhooks(session: Session, site_id: uuid.UUID) -> Sequence[Webhook]:
    """Return the site's webhooks, the oldest first."""
    return session.scalars(select(Webhook).where(Webhook.site_id == site_id).order_by(Webhook.id)).all()


def get_webhook(session: Session, site_id: uuid.UUID, webhook_id: uuid.UUID) -> Webhook:
    """Return a webhook of the site. Raises ``NotFoundError``."""
    webhook = session.get(Webhook, webhook_id)
    if webhook is None or webhook.site_id != site_id:
        message = "There is no such webhook."
        raise NotFoundError(message)
    return webhook


def find_callback(session: Session, site_id: uuid.UUID, url: str) -> Webhook | None:
    """Return the webhook of a WordPress that asks to be called back there, if it has asked before."""
    query = select(Webhook).where(Webhook.site_id == site_id, Webhook.kind == WebhookKind.AKISMET, Webhook.url == url)
    return session.scalars(query.limit(1)).first()


def may_call_back(origins: Sequence[str], url: str) -> bool:
    """Tell whether the address is one of the site's own, so that nobody can have us call others."""
    return len(url) <= MAX_URL and origin_of(url) in origins and not _problem(url)


def keep_callback(
    session: Session, site_id: uuid.UUID, url: str, key: str, secret_key: str, now: datetime
) -> Webhook | None:
    """Remember that the WordPress there is to be told of later decisions, and the key by which it believes them.

    Returns ``None`` where the site has too many webhooks already: nobody shall fill the list by asking.
    """
    site = get_site(session, site_id)
    webhook = find_callback(session, site_id, url)
    if webhook is None:
        if len(list_webhooks(session, site.id)) >= MAX_WEBHOOKS:
            return None
        events = [status.value for status in AKISMET_RESULTS]
        webhook = Webhook(
            id=new_id(), site_id=site.id, kind=WebhookKind.AKISMET, url=url, events=events, enabled=True, created_at=now
        )
        session.add(webhook)
    webhook.secret = seal(secret_key, key)
    session.flush()
    mark_site(session, site.id)
    return webhook


def has_key(webhook: Webhook, key: str, secret_key: str) -> bool:
    """Tell whether this is the key that the WordPress there believes."""
    try:
        return unseal(secret_key, webhook.secret) == key
    except UnavailableError:
        # Sealed with another key: as good as forgotten.
        return False


def mark_site(session: Session, site_id: uuid.UUID) -> None:
    """Note at the site whether any of its webhooks is enabled: what intake looks at."""
    enabled = exists().where(Webhook.site_id == site_id, Webhook.enabled.is_(True))
    session.execute(update(Site).where(Site.id == site_id).values(has_webhooks=select(enabled).scalar_subquery()))


def check_url(url: str) -> str:
    """Return the address. Raises ``InvalidError`` if it is none that can be delivered to."""
    url = url.strip()
    if problem := _problem(url):
        raise InvalidError([FieldError("url", "bad_url", problem)])
    return url


def _problem(url: str) -> str:
    if len(url) > MAX_URL:
        return f"At most {MAX_URL} characters."
    if origin_of(url) is None or not url.isascii() or not url.isprintable() or " " in url:
        return "This is no web address (for example https://example.org/webhook)."
    parts = urlsplit(url)
    if parts.username is not None or parts.fragment:
        return "An address with a user's name or a fragment cannot be delivered to."
    return ""


def check_events(events: Sequence[str]) -> list[str]:
    """Return the events in their usual order. Raises ``InvalidError``."""
    if unknown := sorted(set(events) - set(EVENTS)):
        message = f"{', '.join(unknown)}: there are {', '.join(EVENTS)}."
        raise InvalidError([FieldError("events", "not_a_choice", message)])
    if not events:
        raise InvalidError([FieldError("events", "missing", "A webhook is told of at least one status.")])
    return [event for event in EVENTS if event in events]
