"""From a change of status to the site's server: signed, in order, at least once, and given up at last."""

from __future__ import annotations

import base64
import hmac
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from standardwebhooks import Webhook as Verifier

from moderation.clock import utc_now
from moderation.comments.rejudge import rejudge
from moderation.review.batches import undo_batch
from moderation.review.decisions import decide, decide_many, undo
from moderation.review.reply import publish_and_reply
from moderation.services import Services
from moderation.tables import Action, Comment, DeliveryState, Job, JobState, Status, Webhook
from moderation.webhooks import postman
from moderation.webhooks.deliveries import list_deliveries, send_again
from moderation.webhooks.endpoints import change_webhook, list_webhooks, remove_webhook, renew_secret
from moderation.webhooks.transport import Answer, Letter, Transport
from tests.conftest import FakeClock
from tests.factories import CLEAN, SPAM, MadePerson, MadeSite, make_site, post, post_id
from tests.webhooks.conftest import Add, GoRound, deliveries, webhook_of
from tests.webhooks.receivers import receiving

only_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def jobs(services: Services) -> list[Job]:
    with services.database.reading() as session:
        return list(session.scalars(select(Job).order_by(Job.id)))


def test_every_change_is_told_signed_and_in_order(
    client: FlaskClient,
    services: Services,
    site: MadeSite,
    admin: MadePerson,
    add: Add,
    go_round: GoRound,
    clock: FakeClock,
) -> None:
    clock.now = utc_now()
    with receiving() as receiver:
        new = add(receiver.url + "/hook")
        comment_id = post_id(client, site)
        with services.database.writing() as session:
            for action in (Action.SPAM, Action.HOLD, Action.REJECT, Action.PUBLISH):
                last = decide(session, admin.actor, comment_id, action, clock())
            undo(session, admin.actor, last.id, clock())
        assert go_round(new.webhook.id) is None
        expected = ["published", "spam", "pending", "rejected", "published", "rejected"]
        assert receiver.statuses == expected
        assert [event["type"] for event in receiver.events] == [f"comment.{status}" for status in expected]
        assert [event["data"]["version"] for event in receiver.events] == [1, 2, 3, 4, 5, 6]
        for body, headers in zip(receiver.bodies, receiver.headers, strict=True):
            Verifier(new.secret).verify(body, headers)
            assert headers["content-type"] == "application/json"
    assert {d.state for d in deliveries(services)} == {DeliveryState.DELIVERED}
    assert len({headers["webhook-id"] for headers in receiver.headers}) == 6


def test_a_server_is_told_what_it_needs_and_no_more(
    client: FlaskClient, services: Services, site: MadeSite, add: Add, go_round: GoRound
) -> None:
    with receiving() as receiver:
        new = add(receiver.url)
        comment_id = post_id(client, site, ip="203.0.113.9", thread_url="https://blog.example.org/bread")
        go_round(new.webhook.id)
    (event,) = receiver.events
    assert event["timestamp"] == "2026-01-05T12:00:00+00:00"
    assert event["data"] == {
        "id": str(comment_id),
        "site": str(site.id),
        "thread": "/bread",
        "thread_url": "https://blog.example.org/bread",
        "parent_id": None,
        "status": "published",
        "version": 1,
        "author_name": CLEAN["author_name"],
        "author_url": "",
        "body": CLEAN["body"],
        "created_at": "2026-01-05T12:00:00+00:00",
    }
    assert b"mary@example.com" not in receiver.bodies[0]
    assert b"203.0.113.9" not in receiver.bodies[0]


def test_a_moderators_answer_is_news_too(
    client: FlaskClient, services: Services, site: MadeSite, admin: MadePerson, add: Add
) -> None:
    add("https://hook.example/")
    comment_id = post_id(client, site, SPAM)
    with services.database.writing() as session:
        now = services.clock()
        _, answer_id, batch_id = publish_and_reply(
            session, admin.actor, comment_id, "The editor", "You are welcome.", now
        )
    told = [(d.comment_id, d.status) for d in deliveries(services)]
    assert told == [(comment_id, "spam"), (comment_id, "published"), (answer_id, "published")]
    with services.database.writing() as session:
        undo_batch(session, admin.actor, batch_id, services.clock())
    assert sorted(d.status for d in deliveries(services)[3:]) == ["rejected", "spam"]


def test_a_decision_that_moves_nothing_is_no_news(
    client: FlaskClient, services: Services, site: MadeSite, admin: MadePerson, add: Add
) -> None:
    add("https://hook.example/")
    comment_id = post_id(client, site)
    with services.database.writing() as session:
        decide(session, admin.actor, comment_id, Action.PUBLISH, services.clock())
    assert [d.status for d in deliveries(services)] == [Status.PUBLISHED]


def test_a_comment_judged_later_is_news_again(
    client: FlaskClient, services: Services, site: MadeSite, add: Add
) -> None:
    add("https://hook.example/")
    comment_id = post_id(client, site)
    with services.database.writing() as session:
        comment = session.get_one(Comment, comment_id)
        comment.status, comment.model_version = Status.PENDING, None
        scorer = services.live_model.scorer()
        assert scorer is not None
        rejudge(session, comment_id, scorer, services.clock())
    assert [(d.number, d.status) for d in deliveries(services)] == [(1, Status.PUBLISHED), (2, Status.PUBLISHED)]


def test_a_webhook_hears_of_the_statuses_it_wants(
    client: FlaskClient, services: Services, site: MadeSite, add: Add
) -> None:
    add("https://hook.example/", events=["spam"])
    post(client, site)
    post(client, site, SPAM)
    assert [d.status for d in deliveries(services)] == [Status.SPAM]


def test_a_site_without_webhooks_writes_nothing(
    client: FlaskClient, services: Services, site: MadeSite, add: Add
) -> None:
    add("https://hook.example/")
    other = make_site(services)
    post(client, other)
    assert deliveries(services) == []
    assert jobs(services) == []


def test_many_changes_call_one_postman(
    client: FlaskClient, services: Services, site: MadeSite, admin: MadePerson, add: Add
) -> None:
    add("https://hook.example/")
    ids = [post_id(client, site, body=f"The crust was great, loaf number {number}.") for number in range(5)]
    with services.database.writing() as session:
        decide_many(session, admin.actor, ids, Action.SPAM, services.clock())
    assert len(deliveries(services)) == 10
    (job,) = jobs(services)
    assert (job.kind, job.state, job.subject_id) == ("deliver", JobState.QUEUED, webhook_of(services).id)


def test_what_is_rolled_back_is_not_told(
    client: FlaskClient, services: Services, site: MadeSite, admin: MadePerson, add: Add
) -> None:
    comment_id = post_id(client, site)
    add("https://hook.example/")

    def change_and_fail() -> None:
        with services.database.writing() as session:
            decide(session, admin.actor, comment_id, Action.SPAM, services.clock())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change_and_fail()
    assert deliveries(services) == []


@pytest.mark.parametrize("answer", ["500 Broken", "302 Found", "404 Not Found", "429 Too Many"])
def test_what_fails_is_tried_again_later_and_later(
    client: FlaskClient,
    services: Services,
    site: MadeSite,
    add: Add,
    go_round: GoRound,
    clock: FakeClock,
    answer: str,
) -> None:
    with receiving(answers=[answer, answer, "204 No Content"]) as receiver:
        new = add(receiver.url)
        post(client, site)
        assert go_round(new.webhook.id) == timedelta(seconds=5)
        (delivery,) = deliveries(services)
        assert (delivery.state, delivery.attempts) == (DeliveryState.WAITING, 1)
        assert (delivery.answer_status, delivery.answer) == (int(answer[:3]), "thanks")
        go_round(new.webhook.id)
        assert len(receiver.bodies) == 1
        clock.advance(5)
        assert go_round(new.webhook.id) == timedelta(seconds=30)
        clock.advance(30)
        assert go_round(new.webhook.id) is None
        (delivery,) = deliveries(services)
        assert (delivery.state, delivery.attempts, delivery.answer_status) == (DeliveryState.DELIVERED, 3, 204)
        assert len({headers["webhook-id"] for headers in receiver.headers}) == 1


def test_it_is_given_up_at_last_shown_as_failed_and_can_be_sent_again(
    client: FlaskClient, services: Services, site: MadeSite, add: Add, go_round: GoRound, clock: FakeClock
) -> None:
    tried = 0

    def refuse(_letter: Letter) -> Answer:
        nonlocal tried
        tried += 1
        return Answer(None, "The connection failed.")

    new = add("https://hook.example/")
    post(client, site)
    pause: timedelta | None = timedelta(0)
    while pause is not None:
        clock.advance(pause.total_seconds())
        pause = go_round(new.webhook.id, refuse)
    (delivery,) = deliveries(services)
    assert (delivery.state, delivery.attempts) == (DeliveryState.FAILED, tried)
    assert delivery.settled_at is not None
    assert timedelta(days=1) < delivery.settled_at - delivery.created_at < timedelta(days=3)
    assert tried == len(postman.PAUSES) + 1
    with receiving() as receiver, services.database.writing() as session:
        change_webhook(session, session.get_one(Webhook, new.webhook.id), clock(), url=receiver.url)
        send_again(session, session.get_one(Webhook, new.webhook.id), delivery.id, clock())
        session.commit()
        go_round(new.webhook.id)
        assert receiver.statuses == ["published"]
        assert receiver.headers[0]["webhook-id"] == str(delivery.id)


def test_a_failing_comment_holds_up_its_own_news_only(
    client: FlaskClient,
    services: Services,
    site: MadeSite,
    admin: MadePerson,
    add: Add,
    go_round: GoRound,
    clock: FakeClock,
) -> None:
    first = post_id(client, site)
    second = post_id(client, site, body="Could you tell how long you let it rest in the fridge?")
    sick = True

    def decide_answer(event: dict[str, Any]) -> str:
        return "500 No" if sick and event["data"]["id"] == str(first) else "200 OK"

    with receiving(decide=decide_answer) as receiver:
        new = add(receiver.url)
        with services.database.writing() as session:
            for comment_id in (first, second):
                decide(session, admin.actor, comment_id, Action.SPAM, clock())
                decide(session, admin.actor, comment_id, Action.HOLD, clock())
        go_round(new.webhook.id)
        told = [(event["data"]["id"], event["data"]["status"]) for event in receiver.events]
        assert told == [(str(first), "spam"), (str(second), "spam"), (str(second), "pending")]
        sick = False
        clock.advance(5)
        assert go_round(new.webhook.id) is None
        assert receiver.statuses[3:] == ["spam", "pending"]


def test_a_server_that_is_away_is_not_asked_for_each_comment(
    client: FlaskClient, services: Services, site: MadeSite, add: Add, go_round: GoRound, clock: FakeClock
) -> None:
    new = add("https://hook.example/")
    for number in range(10):
        post(client, site, body=f"The crust was great, loaf number {number}.")
    tried: list[Letter] = []

    def refuse(letter: Letter) -> Answer:
        tried.append(letter)
        return Answer(None, "The connection failed.")

    assert go_round(new.webhook.id, refuse) == timedelta(seconds=5)
    assert len(tried) == 3
    clock.advance(5)
    go_round(new.webhook.id, refuse)
    assert len(tried) == 4
    clock.advance(3600)
    with receiving() as receiver:
        with services.database.writing() as session:
            session.get_one(Webhook, new.webhook.id).url = receiver.url
        assert go_round(new.webhook.id) is None
        assert len(receiver.bodies) == 10


def test_a_server_that_is_gone_is_told_no_more(
    client: FlaskClient, services: Services, site: MadeSite, add: Add, go_round: GoRound
) -> None:
    with receiving(answers=["410 Gone"]) as receiver:
        new = add(receiver.url)
        post(client, site)
        assert go_round(new.webhook.id) is None
    post(client, site, body="Another one, which nobody is told of.")
    assert len(deliveries(services)) == 1
    assert not webhook_of(services).enabled


def test_disabled_it_waits_and_enabled_again_it_goes_on(
    client: FlaskClient, services: Services, site: MadeSite, add: Add, go_round: GoRound
) -> None:
    with receiving() as receiver:
        new = add(receiver.url)
        post(client, site)
        with services.database.writing() as session:
            change_webhook(session, session.get_one(Webhook, new.webhook.id), services.clock(), enabled=False)
        assert go_round(new.webhook.id) is None
        assert receiver.bodies == []
        post(client, site, SPAM)
        with services.database.writing() as session:
            change_webhook(session, session.get_one(Webhook, new.webhook.id), services.clock(), enabled=True)
        go_round(new.webhook.id)
        assert receiver.statuses == ["published"]


def test_a_new_secret_signs_from_now_on(
    client: FlaskClient, services: Services, site: MadeSite, add: Add, go_round: GoRound, clock: FakeClock
) -> None:
    clock.now = utc_now()
    with receiving() as receiver:
        new = add(receiver.url)
        with services.database.writing() as session:
            renewed = renew_secret(session, session.get_one(Webhook, new.webhook.id), services.secret_key)
        post(client, site)
        go_round(new.webhook.id)
    assert renewed.secret != new.secret
    Verifier(renewed.secret).verify(receiver.bodies[0], receiver.headers[0])
    assert new.secret not in webhook_of(services).secret


def test_a_secret_sealed_with_another_key_is_told_as_such(
    client: FlaskClient, services: Services, site: MadeSite, add: Add, clock: FakeClock
) -> None:
    new = add("https://hook.example/")
    post(client, site)
    other = postman.Postman(services.database, clock, "another key, 32 letters or more..", Transport())
    other.go_round(new.webhook.id, lambda _session: None, lambda: None)
    (delivery,) = deliveries(services)
    assert "sealed with another" in delivery.answer


def test_removed_with_all_that_waited(
    client: FlaskClient, services: Services, site: MadeSite, add: Add, go_round: GoRound
) -> None:
    new = add("https://hook.example/")
    post(client, site)
    with services.database.writing() as session:
        remove_webhook(session, session.get_one(Webhook, new.webhook.id))
        assert list_webhooks(session, site.id) == []
    assert deliveries(services) == []
    assert go_round(new.webhook.id) is None


def test_deliveries_are_listed_in_pages(client: FlaskClient, services: Services, site: MadeSite, add: Add) -> None:
    new = add("https://hook.example/")
    for number in range(5):
        post(client, site, body=f"The crust was great, loaf number {number}.")
    everything = [d.id for d in deliveries(services)][::-1]
    found, cursor = [], ""
    with services.database.reading() as session:
        while True:
            page, following = list_deliveries(session, new.webhook, limit=2, cursor=cursor)
            found += [d.id for d in page]
            if following is None:
                break
            cursor = following
        waiting, _ = list_deliveries(session, new.webhook, state=DeliveryState.FAILED)
    assert found == everything
    assert waiting == []


def test_two_changes_at_once_lose_no_news(
    client: FlaskClient, services: Services, site: MadeSite, admin: MadePerson, add: Add
) -> None:
    """Each finds the job that the other has just made, or makes one; a job is never taken past them."""
    add("https://hook.example/")
    ids = [post_id(client, site, body=f"The crust was great, loaf number {number}.") for number in range(8)]
    gate = threading.Barrier(8)

    def spam(comment_id: Any) -> None:
        gate.wait()
        with services.database.writing() as session:
            decide(session, admin.actor, comment_id, Action.SPAM, services.clock())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(spam, ids))
    assert len(deliveries(services)) == 16
    assert len(jobs(services)) >= 1


@only_sqlite
def test_the_signature_is_that_of_the_standard(
    client: FlaskClient, services: Services, site: MadeSite, add: Add, go_round: GoRound
) -> None:
    """Computed here by hand, as the specification has it: id, time and text joined by dots, HMAC-SHA256, base64."""
    with receiving() as receiver:
        new = add(receiver.url)
        post(client, site)
        go_round(new.webhook.id)
    (headers,) = receiver.headers
    signed = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), receiver.bodies[0]])
    key = base64.b64decode(new.secret.removeprefix("whsec_"))
    assert len(key) == 24
    expected = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
