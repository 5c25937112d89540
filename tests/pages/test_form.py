"""The plain reply form: what comes back, where it leads, and that the writer's text is never lost."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from moderation.api.form_token import make_form_token
from moderation.policy.rules import Rules
from moderation.services import Services
from moderation.tables import Comment, Status
from tests.conftest import FakeClock
from tests.factories import CLEAN, ORIGIN, MadeSite, make_site, post_id
from tests.pages.markup import Page

ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
FROM_SITE = {"Origin": ORIGIN, "Referer": f"{ORIGIN}/bread"}


@pytest.fixture
def open_site(services: Services) -> MadeSite:
    """A site that publishes whatever no rule holds."""
    return make_site(services, rules=Rules(publish_below=1.0, spam_above=1.0))


def address(site: MadeSite) -> str:
    """Where the site's form goes."""
    return f"/sites/{site.id}/comments"


def stored(services: Services) -> list[Comment]:
    """Return all comments."""
    with services.database.reading() as session:
        return list(session.scalars(select(Comment).order_by(Comment.id)))


@pytest.mark.parametrize(
    ("more", "headers", "location"),
    [
        ({"thread_url": f"{ORIGIN}/bread?p=1"}, FROM_SITE, f"{ORIGIN}/bread?p=1&comment=published#comment-"),
        (
            {"thread_url": f"{ORIGIN}/bread?comment=pending&a=%26"},
            FROM_SITE,
            f"{ORIGIN}/bread?a=%26&comment=published#",
        ),
        ({}, FROM_SITE, f"{ORIGIN}/bread?comment=published#comment-"),
        ({"thread_url": "https://evil.example/"}, FROM_SITE, f"{ORIGIN}/bread?comment=published#comment-"),
        ({"thread_url": f"{ORIGIN}.evil.example/"}, FROM_SITE, f"{ORIGIN}/bread?comment=published#comment-"),
        ({"thread_url": f"{ORIGIN}@evil.example/"}, FROM_SITE, f"{ORIGIN}/bread?comment=published#comment-"),
    ],
)
def test_a_published_comment_leads_back_to_the_sites_own_page(
    client: FlaskClient,
    services: Services,
    open_site: MadeSite,
    more: dict[str, str],
    headers: dict[str, str],
    location: str,
) -> None:
    response = client.post(address(open_site), data=CLEAN | more, headers=headers)
    assert response.status_code == 303, response.text
    assert response.location.startswith(location)
    (comment,) = stored(services)
    assert (comment.body, comment.status) == (CLEAN["body"], Status.PUBLISHED)
    assert response.location.endswith(f"#comment-{comment.id}") or "#comment" not in location


@ONE_DATABASE
def test_where_no_page_of_the_sites_is_known_a_page_of_ours_says_thanks(
    client: FlaskClient, open_site: MadeSite
) -> None:
    response = client.post(
        address(open_site), data=CLEAN | {"thread_url": "https://evil.example/"}, headers={"Origin": ORIGIN}
    )
    page = Page(response)
    assert page.status == 200
    assert "Your comment is published." in page.text
    assert [a["href"] for a in page.having("a") if "evil" in a["href"]] == []


@ONE_DATABASE
def test_the_thread_remembers_its_page_where_the_browser_tells_only_the_site(
    client: FlaskClient, open_site: MadeSite
) -> None:
    post_id(client, open_site, thread_url=f"{ORIGIN}/2026/bread.html")
    fields = CLEAN | {"body": "A second comment, sent from a form that names no page."}
    response = client.post(address(open_site), data=fields, headers={"Origin": ORIGIN, "Referer": f"{ORIGIN}/"})
    assert response.location.startswith(f"{ORIGIN}/2026/bread.html?comment=published#comment-")


def test_a_form_of_wordpress_is_understood(client: FlaskClient, services: Services, open_site: MadeSite) -> None:
    form = {
        "comment": "Moved over from WordPress with nothing changed but the form's action, and it works.",
        "author": "Wanda Press",
        "email": "wanda@example.com",
        "url": "wanda.example.com",
        "comment_post_ID": "42",
        "comment_parent": "0",
        "submit": "Post Comment",
    }
    response = client.post(address(open_site), data=form, headers=FROM_SITE)
    assert response.location.startswith(f"{ORIGIN}/bread?comment=published#comment-")
    (first,) = stored(services)
    assert (first.author_name, first.author_email) == ("Wanda Press", "wanda@example.com")
    assert (first.author_url, first.parent_id) == ("http://wanda.example.com", None)
    reply = form | {"comment": "And a reply to that, too.", "comment_parent": str(first.id)}
    assert client.post(address(open_site), data=reply, headers=FROM_SITE).status_code == 303
    assert {c.parent_id for c in stored(services)} == {None, first.id}


KEPT = {"author_name": 'Zoë "Z" <b>', "author_url": "https://zoe.example/?a=1&b=2", "body": "\n  Two\n\nlines & <more>"}


@ONE_DATABASE
@pytest.mark.parametrize(
    ("change", "status", "field", "words"),
    [
        ({"author_email": "nonsense"}, 422, "author_email", "@-sign"),
        ({"author_email": ""}, 422, "author_email", "required"),
        ({"author_name": "  "}, 422, "author_name", "required"),
        ({"author_name": "x" * 246}, 422, "author_name", "at most 245"),
        ({"author_url": "javascript:alert(1)"}, 422, "author_url", "no web address"),
        ({"body": ""}, 422, "body", "required"),
        ({"body": "x" * 65_537}, 422, "body", "at most 65536"),
        ({"body": "a\0b"}, 422, "body", "NUL"),
        ({"thread": ""}, 422, None, "thread"),
        ({"thread_url": "javascript:alert(1)"}, 422, None, "thread_url"),
        ({"parent_id": "17"}, 422, None, "parent_id"),
        ({"parent_id": str(uuid.UUID(int=1))}, 404, None, "not there any more"),
    ],
)
def test_a_refused_form_comes_back_with_its_errors_and_every_word(
    client: FlaskClient,
    services: Services,
    open_site: MadeSite,
    change: dict[str, str],
    status: int,
    field: str | None,
    words: str,
) -> None:
    token = make_form_token(services, open_site.id)
    sent = CLEAN | KEPT | {"form_token": token} | change
    page = Page(client.post(address(open_site), data=sent, headers=FROM_SITE))
    assert page.status == status
    assert words in page.text
    form = page.form(address(open_site))
    for name in ("author_name", "author_email", "author_url", "body"):
        # A browser ends lines as the form's standard says, and no page can hold a NUL.
        assert form.fields[name] == sent[name].replace("\0", "\ufffd") or "\0" in sent[name]
    assert form.fields["form_token"] == token
    assert form.fields["subject"] == ""
    if field:
        (wrong,) = [a for tag, a in page.tags if a.get("name") == field]
        assert (wrong["aria-invalid"], wrong["aria-describedby"]) == ("true", f"{field}-error")
        assert page.having("span", id=f"{field}-error")
        assert page.having("a", href=f"#{field}")
    assert stored(services) == []


@ONE_DATABASE
def test_all_bad_fields_are_named_at_once(client: FlaskClient, open_site: MadeSite) -> None:
    page = Page(client.post(address(open_site), data={"author_email": "x"}, headers=FROM_SITE))
    assert {a["name"] for _, a in page.tags if "aria-invalid" in a} == {"author_name", "author_email", "body"}
    assert "thread" in page.text


@ONE_DATABASE
@pytest.mark.parametrize(
    ("raw", "status", "kept"),
    [
        (urlencode(CLEAN) + "&body=again", 422, CLEAN["body"]),
        (urlencode(CLEAN | {"body": ""}) + "Caf%E9", 400, "Caf\ufffd"),
        (urlencode(CLEAN).encode() + b"\xff", 400, f"{CLEAN['body']}\ufffd"),
        (urlencode(CLEAN) + "".join(f"&x{n}=" for n in range(300)), 400, CLEAN["body"]),
    ],
)
def test_a_form_that_cannot_be_read_strictly_still_keeps_the_text(
    client: FlaskClient, services: Services, open_site: MadeSite, raw: str | bytes, status: int, kept: str
) -> None:
    response = client.post(
        address(open_site), data=raw, content_type="application/x-www-form-urlencoded", headers=FROM_SITE
    )
    page = Page(response)
    assert page.status == status
    assert kept in page.form("/sites/").fields["body"]
    assert stored(services) == []


@ONE_DATABASE
@pytest.mark.parametrize(
    ("size", "content_type"), [(2_000_000, "application/x-www-form-urlencoded"), (10, "text/plain")]
)
def test_what_is_no_form_or_too_large_is_a_page_that_says_so(
    client: FlaskClient, open_site: MadeSite, size: int, content_type: str
) -> None:
    response = client.post(address(open_site), data="x" * size, content_type=content_type, headers=FROM_SITE)
    assert Page(response).status == (413 if size > 10 else 400)


@ONE_DATABASE
def test_a_form_for_no_site_is_a_404_that_keeps_the_text(client: FlaskClient) -> None:
    for name in (str(uuid.UUID(int=5)), "nonsense"):
        page = Page(client.post(f"/sites/{name}/comments", data=CLEAN, headers=FROM_SITE))
        assert page.status == 404
        assert page.form("/sites/").fields["body"] == CLEAN["body"]


@pytest.mark.parametrize(
    ("more", "seconds"), [({"subject": "buy now"}, 60), ({}, 1), ({"comment_parent": "", "url": ""}, 2)]
)
def test_a_trap_that_fires_reads_as_pending(
    client: FlaskClient, services: Services, open_site: MadeSite, clock: FakeClock, more: dict[str, str], seconds: int
) -> None:
    token = make_form_token(services, open_site.id)
    clock.advance(seconds)
    response = client.post(address(open_site), data=CLEAN | {"form_token": token} | more, headers=FROM_SITE)
    assert response.location == f"{ORIGIN}/bread?comment=pending#respond"
    (comment,) = stored(services)
    assert comment.status is (Status.SPAM if "subject" in more else Status.PENDING)
    assert ("honeypot" if "subject" in more else "too_fast") in {reason["code"] for reason in comment.reasons}


@ONE_DATABASE
def test_a_form_filled_in_at_leisure_is_published(
    client: FlaskClient, services: Services, open_site: MadeSite, clock: FakeClock
) -> None:
    token = make_form_token(services, open_site.id)
    clock.advance(20)
    response = client.post(address(open_site), data=CLEAN | {"form_token": token}, headers=FROM_SITE)
    assert "comment=published" in response.location
    assert stored(services)[0].facts["form_seconds"] == 20


@ONE_DATABASE
@pytest.mark.parametrize(
    ("origin", "token_of", "status"),
    [
        ("http://localhost", "this", 303),
        ("http://localhost", "other", 403),
        ("http://localhost", "", 403),
        ("https://evil.example", "this", 403),
        ("null", "this", 403),
    ],
)
def test_from_our_own_error_page_only_a_valid_token_of_the_site_lets_a_comment_in(
    client: FlaskClient,
    services: Services,
    open_site: MadeSite,
    clock: FakeClock,
    origin: str,
    token_of: str,
    status: int,
) -> None:
    other = make_site(services, origin="https://other.example")
    tokens = {"this": make_form_token(services, open_site.id), "other": make_form_token(services, other.id), "": ""}
    clock.advance(60)
    sent = CLEAN | {"thread_url": f"{ORIGIN}/bread", "form_token": tokens[token_of]}
    response = client.post(address(open_site), data=sent, headers={"Origin": origin})
    assert response.status_code == status
    if status != 303:
        again = Page(response).form(address(open_site)).fields
        assert again["body"] == CLEAN["body"]
        # The page that says no holds a good token: sending it once more helps.
        response = client.post(address(open_site), data=again, headers={"Origin": "http://localhost"})
        assert response.status_code == 303


@ONE_DATABASE
def test_a_duplicate_and_a_flood_keep_the_text_and_say_what_helps(client: FlaskClient, services: Services) -> None:
    site = make_site(services, rules=Rules(comments_per_minute=1))
    assert client.post(address(site), data=CLEAN, headers=FROM_SITE).status_code == 303
    page = Page(client.post(address(site), data=CLEAN, headers=FROM_SITE))
    assert page.status == 409
    assert "sent this comment already" in page.text
    fields = CLEAN | {"body": "Another one, right behind the first."}
    response = client.post(address(site), data=fields, headers=FROM_SITE)
    page = Page(response)
    assert page.status == 429
    assert int(response.headers["Retry-After"]) > 0
    assert page.form("/sites/").fields["body"] == fields["body"]


@ONE_DATABASE
def test_the_refused_form_may_lead_on_to_the_sites_own_page_and_nowhere_else(
    client: FlaskClient, open_site: MadeSite
) -> None:
    response = client.post(address(open_site), data={}, headers=FROM_SITE)
    assert f"form-action 'self' {ORIGIN};" in response.headers["Content-Security-Policy"]


@ONE_DATABASE
def test_a_site_that_asks_for_no_name_marks_none_as_required(client: FlaskClient, services: Services) -> None:
    site = make_site(services, name_required=False, email_required=False)
    page = Page(client.post(address(site), data={"thread": "a"}, headers=FROM_SITE))
    assert {a["name"] for _, a in page.tags if "required" in a} == {"body"}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_wordpress_page_with_numbers_of_its_own_is_taken_and_led_back(
    client: FlaskClient, services: Services
) -> None:
    site = make_site(services)
    fields = {
        "author": "Wanda",
        "email": "w@example.com",
        "comment": "A reply to an older comment.",
        "comment_post_ID": "12",
    }
    answer = client.post(
        f"/sites/{site.id}/comments",
        data={**fields, "comment_parent": "345"},
        headers={"Origin": ORIGIN, "Referer": f"{ORIGIN}/"},
    )
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{ORIGIN}/?p=12&comment=")
    assert [c.parent_id for c in stored(services)] == [None]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_origin_is_no_page_to_go_back_to(client: FlaskClient, services: Services) -> None:
    site = make_site(services)
    fields = {
        "author_name": "W",
        "author_email": "w@example.com",
        "body": "Hello there, fine page.",
        "thread": "/deep/page",
    }
    answer = client.post(f"/sites/{site.id}/comments", data=fields, headers={"Origin": ORIGIN, "Referer": f"{ORIGIN}/"})
    assert answer.status_code == 200
    assert "Thank you" in answer.get_data(as_text=True)
