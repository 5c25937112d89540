"""The demo page: an article, its comments, and the reply form in the words that everybody knows."""

from __future__ import annotations

import uuid

import pytest
from flask.testing import FlaskClient

from moderation.people.sites import create_site
from moderation.policy.rules import Rules, change_rules
from moderation.services import Services
from tests.conftest import FakeClock
from tests.pages.markup import Page

ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
REPLY = {"author_name": "Ada", "author_email": "ada@example.com", "body": "A **good** point.\nAnd <i>another</i>."}


@pytest.fixture
def demo(services: Services) -> uuid.UUID:
    """A demo site, as the first run makes it, that publishes whatever no rule holds."""
    with services.database.writing() as session:
        site = create_site(session, "Demo", ["http://localhost"], services.clock()).site
        change_rules(session, site, Rules(publish_below=1.0, spam_above=1.0), None, services.clock())
        return site.id


def send(client: FlaskClient, clock: FakeClock, page: Page, **fields: str) -> Page:
    """Fill the form in, take one's time, send it, and follow to where it leads."""
    form = page.form("/sites/")
    clock.advance(30)
    response = client.post(form.action, data=form.fields | fields, headers={"Origin": "http://localhost"})
    assert response.status_code == 303, response.text
    return Page(client.get(response.location.split("#")[0]))


def test_the_form_has_the_words_of_the_contract(client: FlaskClient, demo: uuid.UUID) -> None:
    page = Page(client.get("/demo"))
    assert "Leave a Reply Your email address will not be published. Required fields are marked *" in page.text
    form = page.text[page.text.index("Leave a Reply") :]
    places = [form.index(words) for words in ("Name *", "Email *", "Website", "Comment *", "Post Comment")]
    assert places == sorted(places)
    assert page.form("/sites/").action == f"/sites/{demo}/comments"
    (trap,) = page.having("input", name="subject")
    assert (trap["tabindex"], trap["autocomplete"]) == ("-1", "off")
    assert page.having("p", **{"class": "not-for-people", "aria-hidden": "true"})


def test_a_comment_stands_below_the_article_with_its_replies(
    client: FlaskClient, demo: uuid.UUID, clock: FakeClock
) -> None:
    page = send(client, clock, Page(client.get("/demo")), **REPLY, author_url="https://ada.example")
    assert "Thank you. Your comment is published." in page.text
    assert "1 comment" in page.text
    assert "<strong>good</strong>" in page.html
    assert "&lt;i&gt;another&lt;/i&gt;" in page.html
    assert page.having("a", href="https://ada.example", rel="ugc nofollow noopener noreferrer")
    (link,) = page.having("a", **{"class": "reply-link"})
    reply = Page(client.get(link["href"].split("#")[0]))
    assert "Leave a Reply to Ada" in reply.text
    page = send(client, clock, reply, **(REPLY | {"author_name": "Bert", "body": "I do not think so."}))
    assert [a["class"] for a in page.having("article")] == ["story", "reply-0", "reply-1"]


def test_what_waits_for_a_person_is_announced_and_not_shown(
    client: FlaskClient, demo: uuid.UUID, clock: FakeClock
) -> None:
    page = send(client, clock, Page(client.get("/demo")), **REPLY, subject="caught")
    assert "Thank you. Your comment is awaiting moderation." in page.text
    assert "No comments yet" in page.text


@ONE_DATABASE
def test_no_address_of_a_writer_is_on_the_page(client: FlaskClient, demo: uuid.UUID, clock: FakeClock) -> None:
    page = send(client, clock, Page(client.get("/demo")), **REPLY)
    assert "ada@example.com" not in page.html


@ONE_DATABASE
def test_under_another_name_of_the_machine_the_form_works_and_leads_to_the_sites_own(
    client: FlaskClient, demo: uuid.UUID, clock: FakeClock
) -> None:
    form = Page(client.get("/demo", base_url="http://myhost:8000")).form("/sites/")
    clock.advance(30)
    response = client.post(
        form.action, data=form.fields | REPLY, base_url="http://myhost:8000", headers={"Origin": "http://myhost:8000"}
    )
    assert response.location.startswith("http://localhost/demo?comment=published#")


@ONE_DATABASE
def test_without_a_demo_site_the_page_says_how_to_make_one(client: FlaskClient, services: Services) -> None:
    page = Page(client.get("/demo"))
    assert page.status == 404
    assert "moderation sites create Demo --origin http://localhost" in page.text
