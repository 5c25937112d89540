"""What a moderator decides goes back to the WordPress that asked, as its Akismet plugin reads it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from moderation.people.sites import add_key
from moderation.policy.rules import Rules
from moderation.review.decisions import decide, undo
from moderation.services import Services
from moderation.tables import Action, Comment, DeliveryState, KeyPurpose, Status, Webhook, WebhookKind
from moderation.webhooks.endpoints import has_key
from moderation.webhooks.sealing import seal
from tests.api.test_akismet import HAM, ask, comments
from tests.conftest import FakeClock
from tests.factories import ORIGIN, MadePerson, MadeSite, make_site, post
from tests.webhooks.conftest import GoRound, deliveries, webhook_of
from tests.webhooks.receivers import Receiver, receiving

HOLD = Rules(hold_everything=True, spam_above=1.0)
PATH = "/wp-json/akismet/v1/webhook"


def blog(services: Services, receiver: Receiver) -> MadeSite:
    """The site of a WordPress on this machine."""
    return make_site(services, origin=receiver.url, rules=HOLD)


def test_each_decision_goes_back(client: FlaskClient, services: Services, admin: MadePerson, go_round: GoRound) -> None:
    with receiving(text=b'{"comments": {}}') as wordpress:
        site = blog(services, wordpress)
        sent = {**HAM, "callback": wordpress.url + PATH, "comment_post_ID": "17", "comment_parent": "0"}
        answer = ask(client, site, **sent)
        assert (answer.data, int(answer.headers["X-akismet-recheck-after"]) > 86400) == (b"false", True)
        (comment,) = comments(services)
        with services.database.writing() as session:
            for action in (Action.PUBLISH, Action.SPAM, Action.HOLD, Action.REJECT):
                last = decide(session, admin.actor, comment.id, action, services.clock())
            undo(session, admin.actor, last.id, services.clock())
        assert go_round(webhook_of(services).id) is None
    assert wordpress.events == [
        {
            "key": site.akismet_key,
            "endpoint": "comment-check",
            "comments": [
                {
                    "guid": answer.headers["X-akismet-guid"],
                    "result": result,
                    "comment_post_ID": "17",
                    "comment_parent": "0",
                }
            ],
        }
        for result in ("false", "true", "true")
    ]
    assert {headers["x-akismet-webhook"] for headers in wordpress.headers} == {"1"}
    assert {headers["content-type"] for headers in wordpress.headers} == {"application/json"}


def test_what_wordpress_says_itself_is_not_said_back(client: FlaskClient, services: Services) -> None:
    with receiving() as wordpress:
        site = blog(services, wordpress)
        sent = {**HAM, "callback": wordpress.url + PATH}
        ask(client, site, **sent)
        ask(client, site, "submit-spam", **sent)
        ask(client, site, "submit-ham", **sent)
    assert [comment.status for comment in comments(services)] == [Status.PUBLISHED]
    assert deliveries(services) == []


def test_other_comments_of_the_site_are_none_of_its_business(
    client: FlaskClient, services: Services, admin: MadePerson
) -> None:
    with receiving() as wordpress:
        site = blog(services, wordpress)
        ask(client, site, **{**HAM, "callback": wordpress.url + PATH})
        post(client, site, body="Sent by the site's server, in our own protocol.")
        ask(client, site, **{**HAM, "comment_content": "Sent without a callback."})
    with services.database.writing() as session:
        for comment in session.scalars(select(Comment)).all():
            decide(session, admin.actor, comment.id, Action.PUBLISH, services.clock())
    assert len(deliveries(services)) == 1


def test_a_comment_that_wordpress_has_not_stored_yet_is_told_of_again(
    client: FlaskClient, services: Services, admin: MadePerson, go_round: GoRound, clock: FakeClock
) -> None:
    missing = b'{"comments":{"x":{"status":"error","message":"Could not find matching comment."}}}'
    with receiving(text=missing) as wordpress:
        site = blog(services, wordpress)
        ask(client, site, **{**HAM, "callback": wordpress.url + PATH})
        (comment,) = comments(services)
        with services.database.writing() as session:
            decide(session, admin.actor, comment.id, Action.PUBLISH, services.clock())
        assert go_round(webhook_of(services).id) == timedelta(seconds=5)
        wordpress.text = b'{"comments":{"x":{"status":"success"}}}'
        clock.advance(5)
        assert go_round(webhook_of(services).id) is None
    (delivery,) = deliveries(services)
    assert (delivery.state, delivery.attempts) == (DeliveryState.DELIVERED, 2)


def test_a_key_that_changes_is_the_one_that_is_believed(
    client: FlaskClient, services: Services, admin: MadePerson, go_round: GoRound
) -> None:
    with receiving() as wordpress:
        site = blog(services, wordpress)
        sent = {**HAM, "callback": wordpress.url + PATH}
        ask(client, site, **sent)
        with services.database.writing() as session:
            key = add_key(session, site.id, KeyPurpose.AKISMET, services.clock())
        client.post("/1.1/comment-check", data={"api_key": key, **sent})
        (comment,) = comments(services)
        with services.database.writing() as session:
            decide(session, admin.actor, comment.id, Action.PUBLISH, services.clock())
        hook = webhook_of(services)
        assert hook.kind is WebhookKind.AKISMET
        assert key not in hook.secret
        go_round(hook.id)
    assert [event["key"] for event in wordpress.events] == [key]


@pytest.mark.parametrize(
    "address", ["http://169.254.169.254/latest", "https://blog.example.org.evil.example/x", "file:///x"]
)
def test_nobody_has_us_call_elsewhere(client: FlaskClient, services: Services, address: str) -> None:
    site = make_site(services)
    ask(client, site, **HAM, callback=address)
    with services.database.reading() as session:
        assert session.scalars(select(Webhook)).all() == []


def test_a_key_sealed_with_another_secret_heals_itself(client: FlaskClient, services: Services) -> None:
    with receiving() as wordpress:
        site = blog(services, wordpress)
        ask(client, site, **{**HAM, "callback": wordpress.url + PATH})
        before = webhook_of(services)
        with services.database.writing() as session:
            session.get_one(Webhook, before.id).secret = seal("another secret of 32 letters or more", "x")
        assert ask(client, site, **{**HAM, "callback": wordpress.url + PATH}).data == b"false"
    assert has_key(webhook_of(services), site.akismet_key, services.secret_key)


def test_nobody_fills_the_list_by_asking(client: FlaskClient, services: Services) -> None:
    site = make_site(services)
    for number in range(25):
        text = f"The crust was great, loaf number {number}."
        ask(
            client,
            site,
            **{**HAM, "user_ip": f"203.0.113.{number}", "comment_content": text},
            callback=f"{ORIGIN}/{number}",
        )
    with services.database.reading() as session:
        assert len(session.scalars(select(Webhook)).all()) == 20


def test_a_test_registers_nothing(client: FlaskClient, services: Services) -> None:
    site = make_site(services)
    ask(client, site, **HAM, callback="https://blog.example.org" + PATH, is_test="1")
    with services.database.reading() as session:
        assert session.scalars(select(Webhook)).all() == []
