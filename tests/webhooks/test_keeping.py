"""How long deliveries are kept: not longer than wanted, and not longer than their comment."""

from __future__ import annotations

from flask.testing import FlaskClient

from moderation.exchange.erasure import erase
from moderation.exchange.retention import Retention, purge
from moderation.services import Services
from tests.conftest import FakeClock
from tests.factories import CLEAN, SPAM, MadeSite, post, post_id
from tests.webhooks.conftest import Add, GoRound, deliveries
from tests.webhooks.receivers import receiving


def test_what_is_settled_goes_after_a_month_and_what_waits_stays(
    client: FlaskClient, services: Services, site: MadeSite, add: Add, go_round: GoRound, clock: FakeClock
) -> None:
    with receiving() as receiver:
        new = add(receiver.url)
        post(client, site)
        go_round(new.webhook.id)
    post(client, site, SPAM)
    clock.advance(31 * 86400)
    assert purge(services.database, Retention(), clock).deliveries == 1
    assert [d.attempts for d in deliveries(services)] == [0]


def test_nothing_is_left_of_who_is_forgotten(
    client: FlaskClient, services: Services, site: MadeSite, add: Add, clock: FakeClock
) -> None:
    add("https://hook.example/")
    parent = post_id(client, site)
    post(
        client, site, parent_id=str(parent), author_email="other@example.com", body="A reply, so that its place stays."
    )
    assert len(deliveries(services)) == 2
    erase(services.database, CLEAN["author_email"], clock)
    assert [d.comment_id == parent for d in deliveries(services)] == [False]
