"""Threads for pages without scripts: pieces of HTML, and Atom feeds that keep to RFC 4287."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from flask.testing import FlaskClient

from moderation.policy.rules import Rules
from moderation.services import Services
from tests.conftest import FakeClock
from tests.factories import CLEAN, MadeSite, make_person, make_site, post_id
from tests.pages.markup import Page

ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
A = "{http://www.w3.org/2005/Atom}"
IN_REPLY_TO = "{http://purl.org/syndication/thread/1.0}in-reply-to"
#: What one may write and XML cannot hold, and what would end a text that is not escaped.
ODD = "Form\x0cfeed & ]]> <script>alert(1)</script> \ufffe é 好 \U0001f600"


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site that publishes whatever comes."""
    return make_site(services, rules=Rules(publish_below=1.0, spam_above=1.0, max_links=None))


def read_feed(client: FlaskClient, site: MadeSite, **query: str) -> Element:
    """Fetch a feed and hold it to what RFC 4287 demands."""
    response = client.get(f"/sites/{site.id}/feed.atom", query_string=query)
    assert response.status_code == 200
    assert response.content_type == "application/atom+xml; charset=utf-8"
    feed = fromstring(response.data)  # noqa: S314 -- our own words, and to be read as a feed reader would
    assert feed.tag == f"{A}feed"
    links = {link.get("rel"): link.get("href", "") for link in feed.findall(f"{A}link")}
    assert links.keys() == {"self", "alternate"}
    for element in (feed, *feed.findall(f"{A}entry")):
        for name in ("id", "title", "updated"):
            (child,) = element.findall(f"{A}{name}")
            assert child.text
        assert uuid.UUID(_text(element, "id")).urn == _text(element, "id")
        assert datetime.fromisoformat(_text(element, "updated")).tzinfo
    for entry in feed.findall(f"{A}entry"):
        (author,) = entry.findall(f"{A}author")
        assert _text(author, "name")
        (link,) = entry.findall(f"{A}link")
        assert link.get("rel") == "alternate"
        (content,) = entry.findall(f"{A}content")
        assert content.get("type") == "html"
    ids = [_text(entry, "id") for entry in feed.findall(f"{A}entry")]
    assert len(set(ids)) == len(ids)
    return feed


def _text(element: Element, name: str) -> str:
    return element.findtext(f"{A}{name}") or ""


def entries(feed: Element) -> list[Element]:
    """Return a feed's entries."""
    return feed.findall(f"{A}entry")


def test_a_feed_tells_the_newest_comments_and_nothing_private(
    client: FlaskClient, services: Services, site: MadeSite, clock: FakeClock
) -> None:
    page: dict[str, Any] = {"thread_url": "https://blog.example.org/bread", "thread_title": "Bread & butter"}
    first = post_id(client, site, **page, ip="192.0.2.77", author_url="https://mary.example/")
    clock.advance(60)
    reply = post_id(client, site, parent_id=str(first), author_name="Joe", author_email="joe@example.com", body=ODD)
    feed = read_feed(client, site)
    assert [_text(entry, "id") for entry in entries(feed)] == [reply.urn, first.urn]
    newest, oldest = entries(feed)
    assert _text(newest, "title") == "Joe on Bread & butter"
    assert newest.find(IN_REPLY_TO) is not None
    assert _text(newest, "content").startswith("<p>Form\ufffdfeed &amp; ]]&gt; &lt;script&gt;")
    link = oldest.find(f"{A}link")
    assert link is not None
    assert link.get("href") == f"https://blog.example.org/bread#comment-{first}"
    assert oldest.findtext(f"{A}author/{A}uri") == "https://mary.example/"
    assert _text(feed, "updated") == _text(newest, "updated")
    told = client.get(f"/sites/{site.id}/feed.atom").text
    for secret in ("mary@example.com", "joe@example.com", "192.0.2.77", "example.com"):
        assert secret not in told


def test_a_feed_holds_published_comments_of_its_thread_only(
    client: FlaskClient, services: Services, site: MadeSite
) -> None:
    admin, hidden = make_person(services), post_id(client, site, body="To be taken down again.")
    shown, elsewhere = post_id(client, site), post_id(client, site, thread="/soup")
    client.post(f"/api/v1/comments/{hidden}/decision", json={"action": "spam"}, headers=admin.bearer)
    assert {_text(entry, "id") for entry in entries(read_feed(client, site))} == {shown.urn, elsewhere.urn}
    thread = read_feed(client, site, thread="/bread")
    assert [_text(entry, "id") for entry in entries(thread)] == [shown.urn]
    assert _text(thread, "id") != _text(read_feed(client, site), "id")
    assert _text(thread, "id") == _text(read_feed(client, site, thread="/bread"), "id")
    assert entries(read_feed(client, site, thread="/nowhere")) == []


@ONE_DATABASE
def test_a_site_that_is_not_there_has_no_feed(client: FlaskClient) -> None:
    assert client.get(f"/sites/{uuid.uuid4()}/feed.atom").status_code == 404
    assert client.get("/sites/nonsense/feed.atom").status_code == 404


@ONE_DATABASE
def test_a_thread_is_a_piece_of_html_that_any_page_can_take_in(client: FlaskClient, site: MadeSite) -> None:
    first = post_id(client, site, author_url="https://mary.example/", body="See https://a.example and **this**.")
    reply = post_id(client, site, parent_id=str(first), author_name="<b>Joe</b>", author_email="joe@example.com")
    page = Page(client.get(f"/sites/{site.id}/thread?thread=/bread"))
    assert not page.having("html")
    assert page.what_could_run() == []
    assert [a["id"] for a in page.having("article")] == [f"comment-{first}", f"comment-{reply}"]
    assert page.having("article", **{"data-depth": "1", "data-parent": str(first)})
    assert page.having("a", href="https://mary.example/", rel="ugc nofollow noopener noreferrer")
    assert "<strong>this</strong>" in page.html
    assert "<b>Joe" not in page.html
    assert "example.com" not in page.html


@ONE_DATABASE
def test_a_long_thread_goes_on_where_the_piece_ends(client: FlaskClient, site: MadeSite) -> None:
    ids = [post_id(client, site, body=f"The {n}th comment.") for n in range(5)]
    path, seen = f"/sites/{site.id}/thread?thread=/bread&limit=2", []
    while path:
        page = Page(client.get(path))
        seen += [a["id"] for a in page.having("article")]
        (*more,) = [a["href"] for _, a in page.tags if "cursor=" in a.get("href", "")]
        path = more[0] if more else ""
    assert seen == [f"comment-{i}" for i in ids]


@ONE_DATABASE
def test_a_piece_needs_the_name_of_its_thread(client: FlaskClient, site: MadeSite) -> None:
    assert client.get(f"/sites/{site.id}/thread").status_code == 422
    page = Page(client.get(f"/sites/{site.id}/thread", query_string={"thread": CLEAN["thread"]}))
    assert "No comments yet" in page.text
