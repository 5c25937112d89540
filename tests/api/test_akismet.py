"""Akismet's protocol over HTTP: every way a client may ask, and the exact words that it compares with."""

from __future__ import annotations

import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from moderation.exchange.akismet.answers import THANKS
from moderation.people.sites import add_key, revoke_key
from moderation.policy.rules import Rules
from moderation.review.campaigns import decide_campaign
from moderation.review.decisions import undo
from moderation.review.history import fold
from moderation.services import Services
from moderation.tables import Action, AkismetUsage, Comment, Decision, KeyPurpose, Role, Status, Webhook
from tests.conftest import FakeClock
from tests.factories import CLEAN, ORIGIN, SPAM, MadeSite, make_person, make_site

HAM = {
    "blog": ORIGIN,
    "user_ip": "203.0.113.7",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
    "referrer": f"{ORIGIN}/bread",
    "permalink": f"{ORIGIN}/bread",
    "comment_type": "comment",
    "comment_author": CLEAN["author_name"],
    "comment_author_email": CLEAN["author_email"],
    "comment_content": CLEAN["body"],
}
JUNK = {
    **HAM,
    "user_ip": "203.0.113.66",
    "comment_author": SPAM["author_name"],
    "comment_author_email": SPAM["author_email"],
    "comment_author_url": SPAM["author_url"],
    "comment_content": SPAM["body"],
}
HOLD = Rules(hold_everything=True, spam_above=1.0)
UNSURE = Rules(publish_below=0.0, spam_above=1.0)
CALLBACK = f"{ORIGIN}/wp-json/akismet/v1/webhook"


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site with the rules of a new one."""
    return make_site(services)


def ask(client: FlaskClient, site: MadeSite, call: str = "comment-check", **fields: Any) -> TestResponse:
    """Ask as most clients do today: a form, with the key in it."""
    return client.post(f"/1.1/{call}", data={"api_key": site.akismet_key, **fields})


def parts(number: int, **fields: str) -> bytes:
    """Return a multipart body with this many fields before those given."""
    pairs = [*((f"HTTP_X_{n}", "x") for n in range(number)), *fields.items()]
    body = "".join(f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in pairs)
    return f"{body}--x--\r\n".encode()


def comments(services: Services) -> list[Comment]:
    """All comments, the oldest first."""
    with services.database.reading() as session:
        return list(session.scalars(select(Comment).order_by(Comment.id)))


def history(services: Services, comment: Comment) -> list[Decision]:
    """The decisions on a comment, in order."""
    with services.database.reading() as session:
        query = select(Decision).where(Decision.comment_id == comment.id).order_by(Decision.number)
        return list(session.scalars(query))


def only(services: Services) -> Comment:
    """The one comment there is."""
    (comment,) = comments(services)
    return comment


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_key_is_good_or_not(client: FlaskClient, site: MadeSite, version: str) -> None:
    good = client.post(f"/{version}/verify-key", data={"key": site.akismet_key, "blog": ORIGIN})
    assert (good.status_code, good.data, good.mimetype) == (200, b"valid", "text/plain")
    assert "X-akismet-debug-help" not in good.headers
    bad = client.post(f"/{version}/verify-key", data={"key": "123456789abc", "blog": ORIGIN})
    assert (bad.status_code, bad.data) == (200, b"invalid")
    assert bad.headers["X-akismet-debug-help"]


def test_a_new_key_is_asked_about_with_the_old_one_sent_along(client: FlaskClient, site: MadeSite) -> None:
    sent = {"key": "123456789abc", "api_key": site.akismet_key, "blog": ORIGIN}
    assert client.post("/1.1/verify-key", data=sent).data == b"invalid"
    sent = {"key": site.akismet_key, "api_key": "123456789abc", "blog": ORIGIN}
    assert client.post("/1.1/verify-key", data=sent).data == b"valid"


def test_a_key_that_has_ended_or_opens_something_else_is_none(
    client: FlaskClient, services: Services, site: MadeSite
) -> None:
    with services.database.writing() as session:
        other = add_key(session, site.id, KeyPurpose.AKISMET, services.clock())
        revoke_key(session, site.akismet_key, services.clock())
    assert ask(client, site, **HAM).data == b"invalid"
    assert client.post("/1.1/comment-check", data={"api_key": site.key, **HAM}).data == b"invalid"
    assert client.post("/1.1/comment-check", data={"api_key": other, **HAM}).data == b"false"


def test_a_clean_comment_is_published_and_spam_is_kept_as_spam(
    client: FlaskClient, services: Services, site: MadeSite
) -> None:
    ham, spam = ask(client, site, **HAM), ask(client, site, **JUNK)
    assert (ham.data, spam.data) == (b"false", b"true")
    published, kept = comments(services)
    assert (published.status, kept.status) == (Status.PUBLISHED, Status.SPAM)
    assert uuid.UUID(ham.headers["X-akismet-guid"]) == published.id
    assert (published.author_name, published.author_email, published.body, published.ip, published.referrer) == (
        HAM["comment_author"],
        HAM["comment_author_email"],
        HAM["comment_content"],
        HAM["user_ip"],
        HAM["referrer"],
    )
    assert [decision.origin for decision in history(services, published)] == ["akismet"]
    for answer in (ham, spam):
        told = {name.lower() for name in dict(answer.headers)}
        assert not told & {"x-akismet-debug-help", "x-akismet-error", "x-akismet-alert-code", "x-akismet-alert-msg"}


def test_it_stands_on_the_page_where_the_sites_own_comments_stand(
    client: FlaskClient, services: Services, site: MadeSite
) -> None:
    ask(client, site, **HAM)
    shown = client.get(site.url, query_string={"thread": "/bread"}).get_json()
    assert [comment["author_name"] for comment in shown["comments"]] == [HAM["comment_author"]]


def test_what_is_held_is_in_the_queue(client: FlaskClient, services: Services) -> None:
    site = make_site(services, rules=HOLD)
    ask(client, site, **HAM)
    moderator = make_person(services, Role.MODERATOR, site)
    queue = client.get("/api/v1/queue", query_string={"status": "pending"}, headers=moderator.bearer).get_json()
    assert [comment["author_name"] for comment in queue["comments"]] == [HAM["comment_author"]]


@pytest.mark.parametrize("how", ["host", "path", "path of 1.2", "query"])
def test_the_key_may_stand_elsewhere(client: FlaskClient, site: MadeSite, how: str) -> None:
    key = site.akismet_key
    answer = {
        "host": lambda: client.post("/1.1/comment-check", data=HAM, headers={"Host": f"{key}.rest.example.org:8000"}),
        "path": lambda: client.post(f"/k/{key}/1.1/comment-check", data=HAM),
        "path of 1.2": lambda: client.post(f"/k/{key}/1.2/comment-check", data=HAM),
        "query": lambda: client.post(f"/1.1/comment-check?api_key={key}", data=HAM),
    }[how]()
    assert answer.data == b"false"


@pytest.mark.parametrize("how", ["form", "multipart", "json", "no content type", "odd content type"])
def test_a_body_may_have_any_form(client: FlaskClient, services: Services, site: MadeSite, how: str) -> None:
    fields = {
        "api_key": site.akismet_key,
        **HAM,
        "comment_content": "Grüße aus 東京, the bread was great. Thanks a lot!",
    }
    encoded = urlencode(fields)
    if how == "form":
        answer = client.post("/1.1/comment-check", data=fields)
    elif how == "multipart":
        answer = client.post("/1.1/comment-check", data=fields, content_type="multipart/form-data")
    elif how == "json":
        answer = client.post("/1.1/comment-check", json=fields)
    elif how == "no content type":
        answer = client.post("/1.1/comment-check", data=encoded, headers={"Content-Type": ""})
    else:
        answer = client.post("/1.1/comment-check", data=encoded, headers={"Content-Type": "charset=utf-8"})
    assert answer.data in {b"true", b"false"}
    assert only(services).body.startswith("Grüße aus 東京")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"comment_author": "akismet-guaranteed-spam"}, b"true"),
        ({"comment_author": "viagra-test-123"}, b"true"),
        ({"comment_author_email": "akismet-guaranteed-spam@example.com"}, b"true"),
        ({"comment_content": JUNK["comment_content"], "user_role": "administrator"}, b"false"),
        ({"comment_content": JUNK["comment_content"], "user_role": "editor,Administrator"}, b"false"),
    ],
)
def test_test_values_answer_as_told(
    client: FlaskClient, site: MadeSite, fields: dict[str, str], expected: bytes
) -> None:
    answer = ask(client, site, **{**HAM, **fields})
    assert answer.data == expected
    assert "X-akismet-pro-tip" not in answer.headers


def test_test_values_hold_for_a_text_that_is_known(client: FlaskClient, services: Services, site: MadeSite) -> None:
    def guids(first: TestResponse, second: TestResponse) -> int:
        return len({first.headers["X-akismet-guid"], second.headers["X-akismet-guid"]})

    ham = ask(client, site, **HAM)
    sure = ask(client, site, **{**HAM, "comment_author": "akismet-guaranteed-spam"})
    assert sure.data == b"true"
    junk = ask(client, site, **JUNK)
    vouched = ask(client, site, **JUNK, user_role="administrator")
    assert vouched.data == b"false"
    # The comments stand as they did, and are not what these answers speak of.
    assert (guids(ham, sure), guids(junk, vouched)) == (2, 2)
    assert [comment.status for comment in comments(services)] == [Status.PUBLISHED, Status.SPAM]
    agreed = ask(client, site, **HAM, user_role="administrator")
    assert guids(ham, agreed) == 1
    assert len(comments(services)) == 2


@pytest.mark.parametrize("yes", ["1", "true", "True"])
def test_a_test_is_answered_and_leaves_nothing(
    client: FlaskClient, services: Services, site: MadeSite, yes: str
) -> None:
    assert ask(client, site, **HAM, is_test=yes).data == b"false"
    sure = {"comment_author_email": "akismet-guaranteed-spam@example.com", "is_test": yes}
    assert "X-akismet-pro-tip" not in ask(client, site, **{**HAM, **sure}).headers
    assert ask(client, site, **{**HAM, **sure, "test_discard": "1"}).headers["X-akismet-pro-tip"] == "discard"
    assert ask(client, site, "submit-spam", **HAM, is_test=yes).data.decode() == THANKS
    assert comments(services) == []


@pytest.mark.parametrize("no", ["False", "0", "false", ""])
def test_no_test_is_none(client: FlaskClient, services: Services, site: MadeSite, no: str) -> None:
    ask(client, site, **HAM, is_test=no)
    assert only(services).status is Status.PUBLISHED


def test_only_blatant_spam_may_be_discarded(client: FlaskClient, services: Services) -> None:
    strict = make_site(services, rules=Rules(publish_below=0.0, spam_above=0.0))
    sure, unsure = ask(client, strict, **JUNK), ask(client, strict, **HAM)
    assert (sure.data, unsure.data) == (b"true", b"true")
    blatant, clean = comments(services)
    assert blatant.spam_probability is not None
    assert clean.spam_probability is not None
    assert blatant.spam_probability >= 0.999 > clean.spam_probability
    assert sure.headers["X-akismet-pro-tip"] == "discard"
    assert "X-akismet-pro-tip" not in unsure.headers


@pytest.mark.parametrize("name", ["website2", "hidden_honeypot_field"])
def test_a_filled_honeypot_is_spam(client: FlaskClient, services: Services, site: MadeSite, name: str) -> None:
    trap = {"honeypot_field_name": name, name: "http://spam.example.com"}
    assert ask(client, site, **HAM, **trap).data == b"true"
    assert "honeypot" in [reason["code"] for reason in only(services).reasons]


def test_a_client_that_will_be_told_holds_what_is_held_here(client: FlaskClient, services: Services) -> None:
    site = make_site(services, rules=HOLD)
    answer = ask(client, site, **HAM, callback=CALLBACK)
    assert answer.data == b"false"
    assert int(answer.headers["X-akismet-recheck-after"]) > 0
    with services.database.reading() as session:
        assert session.scalars(select(Webhook.url)).all() == [CALLBACK]


def test_a_callback_elsewhere_is_none(client: FlaskClient, services: Services) -> None:
    site = make_site(services, rules=HOLD)
    answer = ask(client, site, **HAM, callback="https://elsewhere.example.com/wp-json/akismet/v1/webhook")
    assert answer.data == b"true"
    with services.database.reading() as session:
        assert session.scalars(select(Webhook)).all() == []


def test_what_a_rule_holds_is_never_waved_through(client: FlaskClient, services: Services) -> None:
    site = make_site(services, rules=HOLD)
    answer = ask(client, site, **HAM)
    assert (answer.data, "X-akismet-recheck-after" in answer.headers) == (b"true", False)


def test_where_the_judge_is_unsure_a_client_may_ask_again_once(client: FlaskClient, services: Services) -> None:
    site = make_site(services, rules=UNSURE)
    first = ask(client, site, **HAM)
    assert (first.data, first.headers["X-akismet-recheck-after"]) == (b"false", "120")
    again = ask(client, site, **HAM, recheck_reason="recheck")
    assert (again.data, "X-akismet-recheck-after" in again.headers) == (b"false", False)
    assert again.headers["X-akismet-guid"] == first.headers["X-akismet-guid"]
    assert ask(client, site, **JUNK).data == b"true"
    assert len(comments(services)) == 2


def test_who_asks_again_is_told_what_a_moderator_has_decided(client: FlaskClient, services: Services) -> None:
    site = make_site(services, rules=UNSURE)
    moderator = make_person(services, Role.MODERATOR, site)
    ask(client, site, **HAM)
    address = f"/api/v1/comments/{only(services).id}/decision"
    for action, expected in (("spam", b"true"), ("publish", b"false"), ("reject", b"true")):
        client.post(address, json={"action": action}, headers=moderator.bearer)
        assert ask(client, site, **HAM, recheck_reason="recheck").data == expected


@pytest.mark.parametrize(
    ("call", "before", "after", "label"),
    [("submit-spam", HAM, Status.SPAM, "spam"), ("submit-ham", JUNK, Status.PUBLISHED, "ham")],
)
def test_a_report_is_a_label_on_the_comment_that_it_means(
    client: FlaskClient,
    services: Services,
    site: MadeSite,
    call: str,
    before: dict[str, str],
    after: Status,
    label: str,
) -> None:
    ask(client, site, **before)
    answer = ask(client, site, call, **before)
    assert (answer.status_code, answer.data.decode()) == (200, "Thanks for making the web a better place.")
    comment = only(services)
    assert (comment.status, comment.label) == (after, label)
    decisions = history(services, comment)
    assert [(d.origin, d.action) for d in decisions] == [
        ("akismet", Action.JUDGE),
        ("akismet", Action.SPAM if label == "spam" else Action.PUBLISH),
    ]
    assert fold(decisions).label == label
    ask(client, site, call, **before)
    assert len(history(services, comment)) == 2


def test_a_report_can_be_taken_back_with_its_lesson(client: FlaskClient, services: Services, site: MadeSite) -> None:
    ask(client, site, **HAM)
    ask(client, site, "submit-spam", **HAM, reporter="anna")
    moderator = make_person(services, Role.MODERATOR, site)
    _, report = history(services, only(services))
    assert report.reason == "Reported by anna."
    told = client.get(f"/api/v1/comments/{report.comment_id}", headers=moderator.bearer).get_json()["history"]
    assert [(d["origin"], d["action"], d["person"]) for d in told][-1] == ("akismet", "spam", None)
    with services.database.writing() as session:
        undo(session, moderator.actor, report.id, services.clock())
    comment = only(services)
    assert (comment.status, comment.label) == (Status.PUBLISHED, None)


@pytest.mark.parametrize(
    "changed",
    [
        {"permalink": ""},
        {"permalink": f"{ORIGIN}/another-address-of-it"},
        {"user_ip": "", "user_agent": "", "referrer": "", "comment_type": ""},
        {"comment_content": HAM["comment_content"].replace(" ", "  ")},
    ],
)
def test_a_report_finds_the_comment_by_its_content(
    client: FlaskClient, services: Services, site: MadeSite, changed: dict[str, str]
) -> None:
    ask(client, site, **HAM)
    ask(client, site, "submit-spam", **{**HAM, **changed})
    assert only(services).status is Status.SPAM


def test_wordpress_escapes_what_it_asks_about_and_not_what_it_reports(
    client: FlaskClient, services: Services, site: MadeSite
) -> None:
    headers = {"User-Agent": "WordPress/6.9 | Akismet/5.7.2"}
    written = {**HAM, "comment_author": "Liam O'Neil", "comment_content": "It's the \"best\" bread I've baked."}
    escaped = {"comment_author": r"Liam O\'Neil", "comment_content": r"It\'s the \"best\" bread I\'ve baked."}
    key = {"api_key": site.akismet_key}
    client.post("/1.1/comment-check", data=key | written | escaped, headers=headers)
    assert only(services).body == "It's the \"best\" bread I've baked."
    client.post("/1.1/submit-spam", data=key | written, headers=headers)
    assert (only(services).author_name, only(services).status) == ("Liam O'Neil", Status.SPAM)


def test_a_report_finds_the_comment_by_its_guid(client: FlaskClient, services: Services, site: MadeSite) -> None:
    guid = ask(client, site, **HAM).headers["X-akismet-guid"]
    ask(client, site, "submit-spam", blog=ORIGIN, guid=guid, comment_content="something else")
    assert only(services).status is Status.SPAM


def test_another_sites_comment_is_not_reached(client: FlaskClient, services: Services, site: MadeSite) -> None:
    guid = ask(client, site, **HAM).headers["X-akismet-guid"]
    other = make_site(services)
    ask(client, other, "submit-spam", **HAM, guid=guid)
    first, second = comments(services)
    assert (first.status, second.status) == (Status.PUBLISHED, Status.SPAM)
    assert (first.site_id, second.site_id) == (site.id, other.id)


def test_a_report_of_a_comment_never_seen_is_not_lost(client: FlaskClient, services: Services, site: MadeSite) -> None:
    fields = {name: value for name, value in HAM.items() if name != "blog"}
    answer = client.post("/1.1/submit-spam", json={"api_key": site.akismet_key, **fields})
    assert answer.data.decode() == THANKS
    comment = only(services)
    assert (comment.status, comment.label, len(history(services, comment))) == (Status.SPAM, "spam", 2)
    with services.database.reading() as session:
        used = session.scalars(select(AkismetUsage)).one()
    assert (used.calls, used.ham, used.missed_spam) == (1, 0, 1)


def test_calls_and_mistakes_are_counted(
    client: FlaskClient, services: Services, site: MadeSite, clock: FakeClock
) -> None:
    ask(client, site, **HAM)
    ask(client, site, **HAM)
    ask(client, site, **JUNK)
    ask(client, site, "submit-spam", **HAM)
    ask(client, site, "submit-ham", **JUNK)
    limit = client.post("/1.2/usage-limit", data={"api_key": site.akismet_key}).get_json()
    assert limit == {"limit": "none", "usage": 5, "percentage": "0.00", "throttled": False}
    sites = client.get("/1.2/key-sites", query_string={"api_key": site.akismet_key}).get_json()
    assert sites == {
        "2026-01": [
            {
                "site": "blog.example.org",
                "api_calls": "5",
                "spam": "1",
                "ham": "2",
                "missed_spam": "1",
                "false_positives": "1",
                "is_revoked": False,
            }
        ],
        "limit": 500,
        "offset": 0,
        "total": 1,
    }
    empty = client.post("/1.2/key-sites", data={"api_key": site.akismet_key, "month": "2022-09"}).get_json()
    assert (empty["2022-09"], empty["total"]) == ([], 0)
    sheet = client.get("/1.2/key-sites", query_string={"api_key": site.akismet_key, "format": "csv"})
    assert sheet.mimetype == "text/csv"
    assert "blog.example.org,5,1,2,1,1,False" in sheet.text
    stats = client.post("/1.1/get-stats", data={"key": site.akismet_key, "from": "6-months"}).get_json()
    assert (stats["spam"], stats["ham"], stats["accuracy"]) == (1, 2, 33.33)
    assert stats["breakdown"]["2026-01"]["missed_spam"] == 1


def test_the_account_is_in_order(client: FlaskClient, site: MadeSite) -> None:
    told = client.post("/1.1/get-subscription", data={"key": site.akismet_key, "blog": ORIGIN}).get_json()
    assert (told["status"], told["limit_reached"], told["next_billing_date"]) == ("active", False, False)
    assert isinstance(told["account_id"], int)
    assert client.get("/1.1/test").data == b"connected"
    assert client.post("/1.1/deactivate", data={"key": site.akismet_key, "blog": ORIGIN}).data == b"deactivated"


def test_a_token_is_opaque(client: FlaskClient, site: MadeSite) -> None:
    answer = ask(client, site, "token")
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    token = answer.data.decode()
    assert token.isalnum()
    assert site.akismet_key not in token
    # It goes into the address of a page elsewhere, so it must open nothing.
    assert client.post("/1.1/verify-key", data={"key": token, "blog": ORIGIN}).data == b"invalid"


@pytest.mark.parametrize(
    "call",
    [
        "comment-check",
        "submit-spam",
        "submit-ham",
        "usage-limit",
        "key-sites",
        "get-stats",
        "get-subscription",
        "token",
    ],
)
@pytest.mark.parametrize("key", ["", "123456789abc", "no key at all"])
def test_without_a_good_key_every_call_says_invalid(
    client: FlaskClient, services: Services, site: MadeSite, call: str, key: str
) -> None:
    answer = client.post(f"/1.1/{call}", data={"api_key": key, "key": key, **HAM})
    assert (answer.status_code, answer.data) == (200, b"invalid")
    assert answer.headers["X-akismet-debug-help"]
    assert comments(services) == []


def test_a_check_without_a_blog_says_what_is_missing(client: FlaskClient, site: MadeSite) -> None:
    answer = ask(client, site, **{**HAM, "blog": ""})
    assert (answer.status_code, answer.data) == (200, b"Missing required field: blog.")
    assert answer.headers["X-akismet-debug-help"] == 'Empty "blog" value'
    answer = ask(client, site, **{**HAM, "blog": "http://[::"})
    assert (answer.data, bool(answer.headers["X-akismet-debug-help"])) == (b"invalid", True)


def test_a_check_without_an_address_is_answered(client: FlaskClient, services: Services, site: MadeSite) -> None:
    for changed in ({"user_ip": ""}, {"user_ip": "unknown", "comment_author": "Someone else"}):
        assert ask(client, site, **{**HAM, "comment_author_email": "", **changed}).data in {b"true", b"false"}
    first, second = comments(services)
    assert (first.ip, second.ip) == ("", "")
    assert second.facts["akismet"]["ip"] == "unknown"


@pytest.mark.parametrize(
    "fields",
    [
        {"comment_content": ""},
        {"comment_content": "\0\x01\x02 null"},
        {"comment_content": "x" * 500_000},
        {"comment_author": "a\nb\u202ec" * 500, "comment_author_email": "no address", "comment_author_url": "::::"},
        {"comment_author_url": "javascript:alert(1)", "user_ip": "999.1.1.1"},
        {"permalink": "http://[", "comment_date_gmt": "yesterday", "user_role": "," * 300},
        {"permalink": f"{ORIGIN}/" + "a" * 3000, "comment_date_gmt": "99999-01-01", "blog_charset": "zip"},
        {"comment_date_gmt": "2999-01-01T00:00:00Z", "blog_lang": "\ud7ff"},
        {"comment_content[]": "an array", "comment_author[first]": "x"},
        {"comment_context[]": ["cooking", "baking"], "comment_context": "bread"},
        {"guid": "nothing", "callback": "javascript:1", "honeypot_field_name": "\0"},
        {"comment_parent": "9" * 5000, "comment_post_ID": "-1"},
    ],
)
@pytest.mark.parametrize("call", ["comment-check", "submit-spam"])
def test_hostile_fields_get_an_answer(client: FlaskClient, site: MadeSite, call: str, fields: dict[str, Any]) -> None:
    answer = ask(client, site, call, **{**HAM, **fields})
    assert answer.status_code == 200
    assert answer.data in {b"true", b"false", THANKS.encode()}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\xff\xfe%ff=%00&&&===", "application/x-www-form-urlencoded"),
        (b"{", "application/json"),
        (b"[1]", "application/json"),
        (b'{"api_key": ["a"], "blog": {"a": 1}, "comment_content": null}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"nothing", "multipart/form-data"),
        (b"&a=1" * 5000, "application/x-www-form-urlencoded"),
        (b"a=1", "text/html; charset=idna"),
        (b'{"api_key": "\\ud800"}', "application/json"),
        (b'{"api_key": "12345678\\u0000abc"}', "application/json"),
        (parts(3000), "multipart/form-data; boundary=x"),
    ],
)
def test_hostile_bodies_get_an_answer(client: FlaskClient, site: MadeSite, body: bytes, content_type: str) -> None:
    answer = client.post(f"/k/{site.akismet_key}/1.1/comment-check", data=body, content_type=content_type)
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    assert answer.headers["X-akismet-debug-help"]


def test_another_character_set_is_read(client: FlaskClient, services: Services, site: MadeSite) -> None:
    body = f"api_key={site.akismet_key}&blog=https%3A%2F%2Fblog.example.org&comment_content=".encode()
    client.post(
        "/1.1/comment-check",
        data=body + b"%C7%F1%C0%B8%C4%C1%20thanks",
        content_type="application/x-www-form-urlencoded; charset=windows-1251",
    )
    assert only(services).body == b"\xc7\xf1\xc0\xb8\xc4\xc1 thanks".decode("cp1251")


def test_too_much_is_refused(client: FlaskClient, site: MadeSite) -> None:
    answer = ask(client, site, **{**HAM, "comment_content": "x" * 1_100_000})
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    assert answer.data.decode() == answer.headers["X-akismet-debug-help"]
    assert answer.data not in {b"true", b"false"}


def test_multipart_may_have_as_many_fields_as_a_form(client: FlaskClient, site: MadeSite) -> None:
    body = parts(1900, api_key=site.akismet_key, **HAM)
    answer = client.post("/1.1/comment-check", data=body, content_type="multipart/form-data; boundary=x")
    assert (answer.status_code, answer.data) == (200, b"false")


@pytest.mark.parametrize("field", ["comment_content", "comment_author", "permalink", "guid", "user_role", "callback"])
def test_half_a_character_in_json_is_no_outage(client: FlaskClient, site: MadeSite, field: str) -> None:
    answer = client.post("/1.1/comment-check", json={"api_key": site.akismet_key, **HAM, field: "\ud800"})
    assert (answer.status_code, answer.data) in {(200, b"true"), (200, b"false")}


def test_a_flood_is_slowed_down(client: FlaskClient, services: Services) -> None:
    site = make_site(services, rules=Rules(comments_per_minute=2))
    for number in range(2):
        assert ask(client, site, **{**HAM, "comment_content": f"Comment number {number}"}).status_code == 200
    answer = ask(client, site, **{**HAM, "comment_content": "One too many"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert ask(client, site, "submit-ham", **{**HAM, "comment_content": "But a report is"}).status_code == 200


def test_calls_that_are_none_are_not_found(client: FlaskClient, services: Services, site: MadeSite) -> None:
    check = f"/1.1/comment-check?{urlencode({'api_key': site.akismet_key, **HAM})}"
    for answer in (client.post("/1.1/nothing"), client.get(check), client.head(check), client.post("/1.3/verify-key")):
        assert answer.status_code == 404
    assert comments(services) == []
    assert client.post("/1.1/nothing").mimetype == "text/plain"


def test_json_of_a_client_that_sends_no_blog(client: FlaskClient, services: Services, site: MadeSite) -> None:
    guid = ask(client, site, **JUNK).headers["X-akismet-guid"]
    body = json.dumps({name: JUNK[name] for name in JUNK if name != "blog"})
    headers = {"Host": f"{site.akismet_key}.rest.example.org", "Content-Type": "application/json"}
    assert client.post("/1.1/submit-ham", data=body, headers=headers).data.decode() == THANKS
    assert (only(services).id.hex, only(services).status) == (guid, Status.PUBLISHED)


def test_usage_is_kept_by_the_month(client: FlaskClient, services: Services, site: MadeSite, clock: FakeClock) -> None:
    ask(client, site, **HAM)
    clock.advance(31 * 86400)
    ask(client, site, **HAM)
    with services.database.reading() as session:
        rows = session.scalars(select(AkismetUsage).order_by(AkismetUsage.month)).all()
    assert [(row.month, row.calls, row.ham) for row in rows] == [("2026-01", 1, 1), ("2026-02", 1, 1)]


def test_the_same_comment_asked_about_many_times_at_once_is_stored_once(
    app: Flask, services: Services, site: MadeSite
) -> None:
    gate = threading.Barrier(6)

    def check(_number: int) -> tuple[bytes, str]:
        gate.wait()
        answer = ask(app.test_client(), site, **HAM)
        return answer.data, answer.headers["X-akismet-guid"]

    with ThreadPoolExecutor(6) as pool:
        answers = set(pool.map(check, range(6)))
    assert answers == {(b"false", only(services).id.hex)}


def test_a_verdict_on_a_campaign_holds_for_what_comes_this_way(
    client: FlaskClient, services: Services, site: MadeSite
) -> None:
    moderator = make_person(services, Role.MODERATOR, site)
    text = "I found the best tips about sourdough on this lovely page of a friend of mine, have a look when you can."
    first = ask(client, site, **{**HAM, "comment_author_email": "a@example.com", "comment_content": text})
    comment_id = uuid.UUID(first.headers["X-akismet-guid"])
    with services.database.writing() as session:
        decide_campaign(
            session, moderator.actor, comment_id, Action.REJECT, services.clock(), seen_versions={comment_id: 1}
        )
    second = ask(client, site, **{**HAM, "comment_author_email": "b@example.com", "comment_content": text})
    assert second.data == b"true"
    assert comments(services)[1].status is Status.REJECTED
