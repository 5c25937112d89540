"""Services whose webhooks may lead to this machine, a site, and a postman who goes round when told."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from moderation.services import Services
from moderation.tables import Webhook, WebhookDelivery
from moderation.webhooks.endpoints import NewSecret, create_webhook
from moderation.webhooks.postman import Postman
from moderation.webhooks.transport import Transport
from tests.factories import MadePerson, MadeSite, make_person, make_site

Add = Callable[..., NewSecret]
GoRound = Callable[..., timedelta | None]


@pytest.fixture
def services(services: Services) -> Services:
    """The service's parts; webhooks may lead to loopback."""
    return replace(services, settings=services.settings.model_copy(update={"private_webhooks": True}))


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site with the rules of a new one."""
    return make_site(services)


@pytest.fixture
def admin(services: Services) -> MadePerson:
    """An admin."""
    return make_person(services)


@pytest.fixture
def add(services: Services, site: MadeSite) -> Add:
    """Make a webhook of the site."""

    def make(url: str, **options: object) -> NewSecret:
        with services.database.writing() as session:
            return create_webhook(session, site.id, url, services.secret_key, services.clock(), **options)  # type: ignore[arg-type]

    return make


@pytest.fixture
def go_round(services: Services) -> GoRound:
    """Have a webhook's deliveries brought to it."""

    def go(webhook_id: uuid.UUID, transport: Transport | None = None) -> timedelta | None:
        post = transport or Transport(allow_private=True)
        postman = Postman(services.database, services.clock, services.secret_key, post)
        return postman.go_round(webhook_id, lambda _session: None, lambda: None)

    return go


def deliveries(services: Services) -> list[WebhookDelivery]:
    """All deliveries, the oldest first."""
    with services.database.reading() as session:
        return list(session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id)))


def webhook_of(services: Services) -> Webhook:
    """The one webhook there is."""
    with services.database.reading() as session:
        return session.scalars(select(Webhook)).one()
