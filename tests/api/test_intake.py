"""Sending a comment over HTTP, as a table of cases: what comes in, what is answered, and what is stored."""

from __future__ import annotations

import http.client
import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from moderation.policy.rules import Rules, change_rules
from moderation.samples import sample_of
from moderation.services import Services
from moderation.tables import Comment, Decision, Site, Status, Thread
from tests.conftest import FakeClock
from tests.factories import CLEAN, ORIGIN, SPAM, MadeSite, different, make_person, make_site, post, post_id

FORM = "application/x-www-form-urlencoded"
MULTIPART_TYPE = "multipart/form-data; boundary=x"
OPEN = Rules(publish_below=0.999, spam_above=1.0)
HELD = Rules(hold_everything=True, spam_above=1.0)
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="body"\r\n\r\nHello?\r\n--x--\r\n'


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site whose cuts hold nothing back: the tests look at the intake, not at the judge."""
    return make_site(services, rules=OPEN)


def stored(services: Services) -> list[Comment]:
    """Return all comments."""
    with services.database.reading() as session:
        return list(session.scalars(select(Comment).order_by(Comment.id)))


def test_a_server_is_told_everything(client: FlaskClient, services: Services, site: MadeSite) -> None:
    response = post(client, site, ip="192.0.2.7", user_agent="Firefox", referrer="https://blog.example.org/bread")
    answer = response.get_json()
    assert response.status_code == 201
    assert answer.keys() == {"id", "status", "created_at", "spam_probability", "reasons", "model"}
    assert answer["status"] == "published"
    assert 0 <= answer["spam_probability"] <= 1
    assert [reason["code"] for reason in answer["reasons"]] == ["model_clean"]
    [comment] = stored(services)
    assert (str(comment.id), comment.body, comment.ip) == (answer["id"], CLEAN["body"], "192.0.2.7")
    with services.database.reading() as session:
        decision = session.scalars(select(Decision)).one()
        assert (decision.to_status, decision.model_version) == (Status.PUBLISHED, answer["model"])


def test_a_visitor_is_told_only_whether_it_is_published(client: FlaskClient, services: Services) -> None:
    site = make_site(services, rules=Rules(publish_below=0.5, spam_above=0.5))
    for fields, shown, kept in ((CLEAN, "published", Status.PUBLISHED), (SPAM, "pending", Status.SPAM)):
        response = client.post(site.url, json=fields, headers={"Origin": ORIGIN})
        assert response.status_code == 201
        assert response.get_json().keys() == {"id", "status", "created_at"}
        assert response.get_json()["status"] == shown
        assert stored(services)[-1].status is kept
        assert response.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_a_form_is_taken_like_json(client: FlaskClient, services: Services, site: MadeSite) -> None:
    response = client.post(site.url, data={**CLEAN, "body": "Grüße – 你好\r\n"}, headers=site.bearer)
    assert response.status_code == 201
    assert stored(services)[0].body == "Grüße – 你好\r\n"


def test_what_is_taken_is_stored_whole(client: FlaskClient, services: Services, site: MadeSite) -> None:
    body = "  \u202eabc\u202c\t<b>x</b> & \U0001f600 \u200b\r\n\r\n" + "ä" * 60_000 + "  "
    post_id(client, site, body=body)
    assert stored(services)[0].body == body


@pytest.mark.parametrize(
    ("raw", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "not_json"),
        (b"", "application/json", 400, "not_json"),
        (b"[]", "application/json", 400, "not_an_object"),
        (b'"text"', "application/json", 400, "not_an_object"),
        (b'{"thread": NaN}', "application/json", 400, "not_json"),
        (b'{"thread": "\xff"}', "application/json", 400, "not_utf8"),
        (b"thread=%ff", FORM, 400, "not_utf8"),
        (b"thread=\xff", FORM, 400, "not_utf8"),
        (b"a=1&" * 300, FORM, 400, "malformed"),
        (b'{"a":' * 20 + b"1" + b"}" * 20, "application/json", 400, "too_deep"),
        (b"[" * 100_000, "application/json", 400, "too_deep"),
        (b'{"thread": "a", "thread": "b"}', "application/json", 422, "invalid_fields"),
        (b"thread=a&thread=b", FORM, 422, "invalid_fields"),
        (b"{}", "application/json", 422, "invalid_fields"),
        (b"hello", "image/png", 400, "unsupported_media_type"),
        (MULTIPART.replace(b"?", b"\xff"), f"{MULTIPART_TYPE}", 400, "not_utf8"),
        (MULTIPART + MULTIPART.replace(b"--x--", b""), f"{MULTIPART_TYPE}", 422, "invalid_fields"),
        (b'{"body": "' + b"x" * 10_000_000 + b'"}', "application/json", 413, "too_large"),
    ],
)
def test_what_cannot_be_read_is_refused(
    client: FlaskClient, services: Services, site: MadeSite, raw: bytes, content_type: str, status: int, code: str
) -> None:
    response = client.post(site.url, data=raw, content_type=content_type, headers=site.bearer)
    problem = response.get_json()
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert response.content_type == "application/problem+json"
    assert problem["title"]
    assert problem["detail"]
    assert stored(services) == []


def test_a_field_sent_twice_is_named(client: FlaskClient, site: MadeSite) -> None:
    response = client.post(site.url, data=b"body=a&thread=t&body=b", content_type=FORM, headers=site.bearer)
    assert [(e["field"], e["code"]) for e in response.get_json()["errors"]] == [("body", "duplicate_field")]


def test_every_bad_field_is_named_at_once(client: FlaskClient, site: MadeSite) -> None:
    fields = {"author_email": "x", "author_url": "javascript:1", "parent_id": "y"}
    response = client.post(site.url, json=fields, headers=site.bearer)
    errors = response.get_json()["errors"]
    assert response.status_code == 422
    assert {e["field"] for e in errors} == {"thread", "author_name", "body", *fields}
    assert all(e["code"] and e["message"] for e in errors)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": f"{ORIGIN}.evil.example"}, 403),
        ({"Origin": "http://blog.example.org"}, 403),
        ({"Origin": ORIGIN}, 201),
        ({"Referer": f"{ORIGIN}/bread?x=1"}, 201),
        ({"Authorization": "Bearer site_wrong"}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": "Basic YTpi"}, 401),
        ({"Authorization": "Bearer site_wrong", "Origin": ORIGIN}, 401),
    ],
)
def test_only_the_sites_server_and_its_pages_may_send(
    client: FlaskClient, site: MadeSite, headers: dict[str, str], status: int
) -> None:
    assert client.post(site.url, json=CLEAN, headers=headers).status_code == status


def test_akismets_key_and_anothers_key_open_nothing(client: FlaskClient, services: Services, site: MadeSite) -> None:
    other = make_site(services, origin="https://other.example.org")
    for key in (site.akismet_key, other.key):
        response = client.post(site.url, json=CLEAN, headers={"Authorization": f"Bearer {key}"})
        assert response.status_code == 401


@pytest.mark.parametrize("name", ["00000000-0000-7000-8000-000000000000", "no-id", "%00"])
def test_an_unknown_site_is_not_found(client: FlaskClient, name: str) -> None:
    response = client.post(f"/api/v1/sites/{name}/comments", json=CLEAN, headers={"Origin": ORIGIN})
    assert response.status_code == 404


def test_a_reply_needs_a_published_parent_of_its_thread(client: FlaskClient, services: Services) -> None:
    site = make_site(services, rules=Rules(publish_below=0.999, spam_above=1.0, hold_words=("waitword",)))
    published = post_id(client, site, different(1))
    held = post_id(client, site, different(2), body="waitword and a few more words")
    for parent, thread, status in (
        (published, "/bread", 201),
        (held, "/bread", 404),
        (published, "/other", 404),
        (uuid.uuid4(), "/bread", 404),
    ):
        response = post(client, site, different(3), parent_id=str(parent), thread=thread)
        assert response.status_code == status
    replies = [comment for comment in stored(services) if comment.parent_id]
    assert [reply.parent_id for reply in replies] == [published]


def test_the_same_comment_twice_is_refused(client: FlaskClient, services: Services, site: MadeSite) -> None:
    assert post(client, site).status_code == 201
    again = post(client, site, body=f" {CLEAN['body']}\n")
    assert (again.status_code, again.get_json()["code"]) == (409, "duplicate_comment")
    assert post(client, site, thread="/elsewhere").status_code == 201
    assert post(client, site, author_email="another@example.com").status_code == 201
    assert len(stored(services)) == 3


def test_the_same_comment_from_many_at_once_is_stored_once(app: Flask, services: Services, site: MadeSite) -> None:
    statuses = at_once(12, lambda _: post(app.test_client(), site).status_code)
    assert sorted(statuses) == [201] + [409] * 11
    assert len(stored(services)) == 1


def test_an_idempotency_key_gives_the_first_answer_again(
    client: FlaskClient, services: Services, site: MadeSite
) -> None:
    headers = {**site.bearer, "Idempotency-Key": "k1"}
    first = client.post(site.url, json=CLEAN, headers=headers)
    again = client.post(site.url, json=CLEAN, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json() == again.get_json()
    other = client.post(site.url, json={**CLEAN, "body": "Something else."}, headers=headers)
    assert (other.status_code, other.get_json()["errors"][0]["code"]) == (422, "idempotency_mismatch")
    assert len(stored(services)) == 1


def test_an_idempotency_key_at_once_gives_one_comment_and_one_answer(
    app: Flask, services: Services, site: MadeSite
) -> None:
    headers = {**site.bearer, "Idempotency-Key": "k2"}
    answers = at_once(
        12, lambda _: json.dumps(app.test_client().post(site.url, json=CLEAN, headers=headers).get_json())
    )
    assert len(set(answers)) == 1
    assert json.loads(answers[0])["id"] == str(stored(services)[0].id)
    assert len(stored(services)) == 1


def test_a_visitor_never_meets_the_answer_to_a_servers_key(client: FlaskClient, site: MadeSite) -> None:
    key = {"Idempotency-Key": "k3"}
    assert client.post(site.url, json=CLEAN, headers={**site.bearer, **key}).status_code == 201
    answer = client.post(site.url, json=CLEAN, headers={"Origin": ORIGIN, **key})
    assert answer.status_code == 409


def test_a_closed_thread_takes_nothing(client: FlaskClient, services: Services, site: MadeSite) -> None:
    post_id(client, site)
    with services.database.writing() as session:
        session.scalars(select(Thread)).one().closed_at = services.clock()
    response = post(client, site, different(1))
    assert (response.status_code, response.get_json()["code"]) == (409, "thread_closed")


def test_a_thread_closes_by_age(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    site = make_site(services, rules=Rules(close_after_days=14))
    assert post(client, site, different(1)).status_code == 201
    clock.advance(13.9 * 86_400)
    assert post(client, site, different(2)).status_code == 201
    clock.advance(0.2 * 86_400)
    assert post(client, site, different(3)).status_code == 409


def test_an_address_may_send_thirty_comments_a_minute(
    client: FlaskClient, services: Services, site: MadeSite, clock: FakeClock
) -> None:
    def send(number: int, **more: Any) -> Any:
        return client.post(site.url, json={**different(number), **more}, headers={"Origin": ORIGIN})

    for number in range(30):
        assert send(number).status_code == 201
        clock.advance(1)
    refused = send(31)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")
    assert post(client, site, different(32), ip="127.0.0.1").status_code == 429
    assert post(client, site, different(33), ip="192.0.2.1").status_code == 201
    assert post(client, site, different(34)).status_code == 201, "a site's server has no limit of its own"
    clock.advance(30)
    assert send(35).status_code == 201
    assert len(stored(services)) == 33


def test_one_ipv6_household_is_one_address(client: FlaskClient, services: Services) -> None:
    site = make_site(services, rules=Rules(comments_per_minute=1))
    assert post(client, site, different(1), ip="2001:db8:1:2::1").status_code == 201
    assert post(client, site, different(2), ip="2001:db8:1:2:ffff::2").status_code == 429
    assert post(client, site, different(3), ip="2001:db8:1:3::1").status_code == 201


def test_a_flood_at_once_does_not_pass_the_limit(app: Flask, services: Services) -> None:
    site = make_site(services, rules=Rules(comments_per_minute=5))
    statuses = at_once(16, lambda n: post(app.test_client(), site, different(n), ip="192.0.2.9").status_code)
    assert sorted(statuses) == [201] * 5 + [429] * 11
    assert len(stored(services)) == 5


def test_rules_hold_and_every_reason_is_kept(client: FlaskClient, services: Services) -> None:
    rules = Rules(publish_below=0.999, spam_above=1.0, max_links=1, hold_words=("overnight",), hold_first_comment=True)
    site = make_site(services, rules=rules)
    body = f"{CLEAN['body']} http://a.example.org http://b.example.org"
    answer = post(client, site, body=body).get_json()
    assert answer["status"] == "pending"
    assert [r["code"] for r in answer["reasons"]][1:] == ["hold_words", "many_links", "first_comment"]


def test_a_role_that_the_server_vouches_for_is_published(client: FlaskClient, services: Services) -> None:
    site = make_site(services, rules=Rules(hold_everything=True))
    assert post(client, site, different(1)).get_json()["status"] == "pending"
    assert post(client, site, different(2), author_role="administrator").get_json()["status"] == "published"
    visitor = client.post(site.url, json={**different(3), "author_role": "administrator"}, headers={"Origin": ORIGIN})
    assert visitor.get_json()["status"] == "pending"


def test_without_a_model_comments_wait_and_are_judged_later(
    app: Flask, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    from moderation.comments.rejudge import rejudge  # noqa: PLC0415
    from moderation.tables import Job  # noqa: PLC0415

    site = make_site(services, rules=Rules(publish_below=0.999, spam_above=1.0))
    scorer = services.live_model.scorer()
    assert scorer is not None
    monkeypatch.setattr(type(services.live_model), "scorer", lambda _: None)
    answer = post(app.test_client(), site).get_json()
    assert (answer["status"], answer["spam_probability"], answer["model"]) == ("pending", None, None)
    assert answer["reasons"][0]["code"] == "not_judged"
    with services.database.writing() as session:
        job = session.scalars(select(Job)).one()
        assert job.payload == {"comment_id": answer["id"]}
        for _ in range(2):
            assert rejudge(session, uuid.UUID(answer["id"]), scorer, services.clock())
    [comment] = stored(services)
    assert (comment.status, comment.version, comment.model_version) == (Status.PUBLISHED, 2, scorer.version)


def test_a_forwarded_address_is_believed_only_from_trusted_proxies(services: Services) -> None:
    from dataclasses import replace  # noqa: PLC0415

    from moderation.app import create_app  # noqa: PLC0415

    site = make_site(services)
    header = {"Origin": ORIGIN, "X-Forwarded-For": "198.51.100.1, 203.0.113.5"}
    for number, (proxies, believed) in enumerate(((0, "127.0.0.1"), (1, "203.0.113.5"), (2, "198.51.100.1"))):
        settings = services.settings.model_copy(update={"trusted_proxies": proxies})
        client = create_app(replace(services, settings=settings)).test_client()
        assert client.post(site.url, json=different(number), headers=header).status_code == 201
        assert stored(services)[-1].ip == believed


def test_the_public_reads_published_comments_and_no_personal_data(client: FlaskClient, services: Services) -> None:
    site = make_site(services, rules=Rules(publish_below=0.999, spam_above=1.0, hold_words=("waitword",)))
    for number in range(5):
        post_id(client, site, different(number), ip=f"192.0.2.{number}", user_agent="SecretAgent")
    post_id(client, site, different(9), body="waitword and more")
    pages, cursor = [], ""
    while cursor is not None:
        page = client.get(f"{site.url}?thread=/bread&limit=2&cursor={cursor}")
        assert not any(secret in page.get_data(as_text=True) for secret in ("example.com", "192.0.2", "SecretAgent"))
        pages.append(page.get_json())
        cursor = page.get_json()["next"]
    comments = [comment for page in pages for comment in page["comments"]]
    assert [len(page["comments"]) for page in pages] == [2, 2, 1]
    assert [c["body"] for c in comments] == [different(n)["body"] for n in range(5)]
    assert comments[0].keys() == {
        "id", "parent_id", "author_name", "author_url", "body", "body_html", "created_at",
    }  # fmt: skip
    assert {page["total"] for page in pages} == {5}
    newest = client.get(f"{site.url}?thread=/bread&order=newest").get_json()["comments"]
    assert newest == comments[::-1]
    counts = client.get(f"/api/v1/sites/{site.id}/counts?thread=/bread&thread=/none").get_json()
    assert counts == {"counts": {"/bread": 5, "/none": 0}}


@pytest.mark.parametrize("query", ["", "thread=", "thread=a&limit=0", "thread=a&limit=x", "thread=a&cursor=zzz"])
def test_a_bad_question_is_refused(client: FlaskClient, site: MadeSite, query: str) -> None:
    assert client.get(f"{site.url}?{query}").status_code == 422


def test_the_kept_counts_are_those_of_the_table(client: FlaskClient, services: Services, site: MadeSite) -> None:
    for number in range(3):
        post_id(client, site, different(number))
    with services.database.reading() as session:
        assert session.scalar(select(func.sum(Thread.published))) == 3


def at_once(number: int, act: Any) -> list[Any]:
    """Do something in many threads that start together, and return what each got."""
    results: list[Any] = [None] * number
    barrier = threading.Barrier(number)

    def run(place: int) -> None:
        barrier.wait()
        results[place] = act(place)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@pytest.mark.parametrize("query", ["comments?thread=%00", "counts?thread=%00", "comments?thread=x%0Ay"])
def test_a_nul_in_a_question_is_named_on_both_databases(client: FlaskClient, site: MadeSite, query: str) -> None:
    response = client.get(f"/api/v1/sites/{site.id}/{query}")
    assert response.status_code == 422
    assert response.get_json()["errors"][0]["field"].startswith("thread")


def test_a_cursor_beyond_the_calendar_stands_behind_all(client: FlaskClient, site: MadeSite) -> None:
    post_id(client, site)
    for cursor, found in (("0" * 48, 1), ("f" * 48, 0)):
        answer = client.get(f"{site.url}?thread=/bread&cursor={cursor}")
        assert (answer.status_code, len(answer.get_json()["comments"])) == (200, found)


def test_a_body_of_unstated_length_is_refused_and_never_cut(app: Flask, services: Services, site: MadeSite) -> None:
    with served(app) as port:
        for content_type, start, code in ((FORM, b"thread=/b&body=", 413), ("application/json", b'{"body": "', 413)):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            headers = {**site.bearer, "Content-Type": content_type}
            chunks = iter([start, *[b"x" * 65_536] * 20])
            connection.request("POST", site.url, chunks, headers, encode_chunked=True)
            assert connection.getresponse().status == code
    assert stored(services) == []


@contextmanager
def served(app: Flask) -> Iterator[int]:
    """Serve as in production, where the server tells when a body ends; yield the port."""
    from werkzeug.serving import make_server  # noqa: PLC0415

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_spam_that_copies_a_published_comment_is_judged_by_what_it_added(
    services: Services, client: FlaskClient
) -> None:
    site = make_site(services)
    original = client.post(site.url, json={**CLEAN, "ip": "192.0.2.1"}, headers=site.bearer).get_json()
    assert original["status"] == "published"
    added = " http://cheap-viagra-pills-online.example.com/buy/"
    stolen = {
        **CLEAN,
        "author_name": "Viagra Pills",
        "author_email": "x99@example.net",
        "body": CLEAN["body"] + added,
        "ip": "198.51.100.9",
    }
    thief = client.post(site.url, json=stolen, headers=site.bearer).get_json()
    with services.database.reading() as session:
        kept = session.get_one(Comment, uuid.UUID(thief["id"]))
        scorer = services.live_model.scorer()
        assert scorer is not None
        sample = sample_of(kept, CLEAN["thread"])
        assert sample.copied == ((0, len(CLEAN["body"].rstrip("!."))),)
        # Judged again as it was judged then, to the last digit.
        assert scorer.score(sample, explain=False).probability == thief["spam_probability"]
        assert thief["spam_probability"] > scorer.score(replace(sample, copied=()), explain=False).probability
    assert thief["status"] != "published"
    # Its writer may say it again.
    again = {**CLEAN, "body": CLEAN["body"] + " And a word more.", "ip": "192.0.2.1"}
    mine = client.post(site.url, json=again, headers=site.bearer).get_json()
    with services.database.reading() as session:
        assert "copied" not in session.get_one(Comment, uuid.UUID(mine["id"])).facts


def test_spam_as_long_as_the_old_comment_that_it_hides_in_is_judged_by_what_it_added(
    services: Services, client: FlaskClient, clock: FakeClock
) -> None:
    """Half of it is new, and the original is a year old: no near-duplicate by any window, and a copy all the same."""
    site = make_site(services)
    story = (
        "We walked from the old mill to the lighthouse last spring and the path was dry nearly all the way, "
        "only the last mile along the cliffs needs good shoes, and the kiosk at the top sells excellent soup."
    )
    original = client.post(site.url, json={**CLEAN, "body": story, "ip": "192.0.2.1"}, headers=site.bearer).get_json()
    assert original["status"] == "published"
    clock.advance(365 * 86_400)
    pitch = (
        " Buy cheap replica watches and designer handbags online, best quality, free shipping, pay by card "
        "and visit our outlet shop today http://replica-outlet.example.com/buy/"
    )
    stolen = {
        **CLEAN,
        "author_name": "Replica Outlet",
        "author_email": "x98@example.net",
        "body": story + pitch,
        "ip": "198.51.100.9",
    }
    thief = client.post(site.url, json=stolen, headers=site.bearer).get_json()
    with services.database.reading() as session:
        copied = session.get_one(Comment, uuid.UUID(thief["id"])).facts.get("copied")
    assert copied == [[0, len(story) - 1]]
    assert thief["status"] != "published"


def test_a_sites_server_can_correct_what_a_page_is_called(
    client: FlaskClient, services: Services, site: MadeSite
) -> None:
    def page() -> tuple[str | None, str | None]:
        with services.database.reading() as session:
            thread = session.scalars(select(Thread)).one()
            return thread.url, thread.title

    def visit(number: int, **fields: str) -> str:
        sent = different(number) | fields
        return str(client.post(site.url, json=sent, headers={"Origin": ORIGIN}).get_json()["status"])

    # What is not published, if only because it is held, says nothing of the page.
    with services.database.writing() as session:
        change_rules(session, session.get_one(Site, site.id), HELD, None, services.clock())
    assert visit(1, thread_url=f"{ORIGIN}/logout", thread_title="Mine") == "pending"
    assert page() == (None, None)
    with services.database.writing() as session:
        change_rules(session, session.get_one(Site, site.id), OPEN, None, services.clock())
    assert visit(2, thread_url=f"{ORIGIN}/guessed", thread_title="Mine") == "published"
    assert page() == (f"{ORIGIN}/guessed", None)
    visit(3, thread_url=f"{ORIGIN}/other")
    assert page() == (f"{ORIGIN}/guessed", None)
    post(client, site, different(4), thread_url=f"{ORIGIN}/bread", thread_title="Bread")
    assert page() == (f"{ORIGIN}/bread", "Bread")
    # Neither strangers nor silence change it any more, and the server not to a page elsewhere.
    visit(5, thread_url=f"{ORIGIN}/logout")
    post(client, site, different(6))
    post(client, site, different(7), thread_url="https://evil.example/")
    assert page() == (f"{ORIGIN}/bread", "Bread")
    post(client, site, different(8), thread_title="Better bread")
    assert page() == (f"{ORIGIN}/bread", "Better bread")


def test_a_page_that_is_called_as_before_costs_nothing(client: FlaskClient, services: Services, site: MadeSite) -> None:
    named = {"thread_url": f"{ORIGIN}/bread", "thread_title": "Bread"}
    post(client, site, different(1), **named)
    told: list[str] = []
    with services.database.reading() as session:
        engine = session.get_bind().engine
    event.listen(engine, "before_cursor_execute", lambda *given: told.append(given[2]))
    post(client, site, different(2), **named)
    # The count of what is published, and nothing else.
    assert len([statement for statement in told if statement.startswith("UPDATE thread")]) == 1


def test_a_held_visitors_page_is_believed_when_the_comment_is_published(
    client: FlaskClient, services: Services
) -> None:
    site, admin = make_site(services, rules=HELD), make_person(services)
    sent = CLEAN | {"thread_url": f"{ORIGIN}/bread"}
    comment = client.post(site.url, json=sent, headers={"Origin": ORIGIN}).get_json()["id"]
    for action, url in (("spam", None), ("publish", f"{ORIGIN}/bread")):
        path = f"/api/v1/comments/{comment}/decision"
        assert client.post(path, json={"action": action}, headers=admin.bearer).status_code == 200
        with services.database.reading() as session:
            assert session.scalars(select(Thread)).one().url == url
