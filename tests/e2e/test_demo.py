"""A visitor's way: reading, replying, being refused, trying again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import expect

from moderation.people.sites import create_site
from moderation.policy.rules import Rules, change_rules
from moderation.services import Services
from moderation.tables import Site
from tests.conftest import FakeClock
from tests.e2e.conftest import Open
from tests.e2e.looks import LOOKS, check_looks, each_look, take_picture
from tests.e2e.voices import TALK

pytestmark = pytest.mark.e2e


@pytest.fixture
def _demo(app: Flask, services: Services, clock: FakeClock, url: str) -> None:
    """A demo site on which people talk already."""
    with services.database.writing() as session:
        new = create_site(session, "Demo", [url], clock())
        rules = Rules(publish_below=1.0, spam_above=1.0)
        change_rules(session, session.get_one(Site, new.site.id), rules, None, clock())
    client, parent = app.test_client(), None
    for number, fields in enumerate(TALK):
        sent = {"thread": "demo", "created_at": (clock() - timedelta(minutes=90 - 21 * number)).isoformat()} | fields
        if number == 1:
            sent["parent_id"] = parent
        bearer = {"Authorization": f"Bearer {new.key}"}
        answer = client.post(f"/api/v1/sites/{new.site.id}/comments", json=sent, headers=bearer)
        parent = answer.get_json()["id"]


@pytest.mark.usefixtures("_demo")
@pytest.mark.parametrize("scripts", [True, False])
def test_a_refused_reply_comes_back_whole_and_goes_through_when_mended(
    sign_in: Open, clock: FakeClock, url: str, scripts: bool
) -> None:
    page = sign_in(None, "/demo?plain=1" if scripts else "/demo", java_script_enabled=scripts)
    page.get_by_role("link", name="Reply to Noor").click()
    expect(page.get_by_role("heading", name="Leave a Reply to Noor")).to_be_visible()
    page.get_by_role("textbox", name="Name").fill("Zoë")
    page.get_by_role("textbox", name="Email").fill("zoe at example")
    page.get_by_role("textbox", name="Comment").fill("First line.\n\nSecond <line>.")
    clock.advance(30)
    page.get_by_role("button", name="Post Comment").click()
    expect(page.get_by_role("alert")).to_contain_text("Email")
    expect(page.get_by_role("textbox", name="Comment")).to_have_value("First line.\n\nSecond <line>.")
    expect(page.get_by_role("textbox", name="Email")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("textbox", name="Email").fill("zoe@example.com")
    page.get_by_role("button", name="Post Comment").click()
    page.wait_for_url(f"{url}/demo?{'plain=1&' if scripts else ''}comment=published#comment-*")
    expect(page.get_by_role("status")).to_contain_text("Your comment is published.")
    expect(page.locator("article.reply-1", has_text="Zoë")).to_contain_text("Second <line>.")


@pytest.mark.usefixtures("_demo")
@each_look
def test_the_demo_is_for_everybody(sign_in: Open, look: str) -> None:
    page = sign_in(None, "/demo", **LOOKS[look])
    expect(page.get_by_role("button", name="Post Comment")).to_have_count(1)
    expect(page.get_by_role("article")).to_have_count(len(TALK) + 1)
    check_looks(page)


@pytest.mark.usefixtures("_demo")
def test_with_scripts_a_reply_stands_there_without_leaving_the_page(sign_in: Open, clock: FakeClock, url: str) -> None:
    page = sign_in(None, "/demo")
    page.get_by_role("button", name="Reply Noor").click()
    expect(page.get_by_role("heading", name="Leave a Reply to Noor")).to_be_visible()
    page.get_by_role("textbox", name="Name").fill("Zoë")
    page.get_by_role("textbox", name="Email").fill("zoe@example.com")
    page.get_by_role("textbox", name="Comment").fill("First line.\n\nSecond <line>.")
    clock.advance(30)
    page.get_by_role("button", name="Post Comment").click()
    expect(page.get_by_role("status")).to_contain_text("Your comment is published.")
    expect(page.get_by_role("article").filter(has_text="Zoë").last).to_contain_text("Second <line>.")
    assert page.url == f"{url}/demo"
    page.get_by_role("link", name="The plain form").click()
    expect(page.get_by_role("link", name="Reply to Zoë")).to_be_visible()


@pytest.mark.usefixtures("_demo")
def test_the_demo_has_its_picture_taken(sign_in: Open) -> None:
    page = sign_in(None, "/demo", viewport={"width": 1100, "height": 900})
    expect(page.get_by_role("button", name="Post Comment")).to_be_visible()
    page.evaluate("document.querySelector('comment-thread').scrollIntoView()")
    take_picture(page, "demo")
