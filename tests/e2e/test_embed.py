"""The script on somebody else's page: another origin, a strict policy, every way of a reader and a writer."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from moderation.policy.rules import Rules, change_rules
from moderation.services import Services
from moderation.tables import Comment, Site, Status
from tests.conftest import FakeClock
from tests.e2e.hosts import Host, serving
from tests.e2e.looks import LOOKS, check_looks
from tests.factories import MadeSite, make_person, make_site

pytestmark = pytest.mark.e2e
SCRIPTED = [name for name in LOOKS if "without" not in name]
TEXT = "I let the dough rest overnight.\n\nThe crust came out **great**, thanks!"


@pytest.fixture
def host() -> Iterator[Host]:
    """The website."""
    with serving() as host:
        yield host


@pytest.fixture
def site(services: Services, host: Host) -> MadeSite:
    """The website here; it publishes whatever comes."""
    return make_site(services, origin=host.url, rules=Rules(publish_below=1.0, spam_above=1.0))


@pytest.fixture
def address(host: Host, site: MadeSite, url: str) -> str:
    """The page with the script, under the strictest policy that lets it work at all."""
    host.policy = f"default-src 'none'; script-src {url}; connect-src {url}; base-uri 'none'; form-action 'none'"
    return host.put(
        "/bread", f'<script src="{url}/embed.js" data-site="{site.id}" data-thread="/bread" async></script>'
    )


@pytest.fixture
def context(browser: Browser, clock: FakeClock) -> Iterator[BrowserContext]:
    """A browser of somebody's own, whose clock agrees with the service's."""
    context = browser.new_context(viewport=LOOKS["desktop-light"]["viewport"])
    context.clock.set_fixed_time(clock.now)
    yield context
    assert context.cookies() == []
    context.close()


@pytest.fixture
def noise() -> Iterator[list[str]]:
    """What the browser complains of: in the end, nothing (least of all a broken policy)."""
    noise: list[str] = []
    yield noise
    assert noise == []


def visit(context: BrowserContext, address: str, noise: list[str]) -> Page:
    """Open the page."""
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("console", lambda told: noise.append(told.text) if "Content Security Policy" in told.text else None)
    page.goto(address)
    expect(page.get_by_role("button", name="Post Comment")).to_be_visible()
    return page


def write(page: Page, clock: FakeClock, **fields: str) -> None:
    """Fill the form in as a person would."""
    for label, value in ({"Name": "Zoë", "Email": "zoe@example.com", "Comment": TEXT} | fields).items():
        page.get_by_role("textbox", name=label, exact=False).last.fill(value)
    clock.advance(30)


def send(page: Page) -> None:
    """Press the button."""
    page.get_by_role("button", name="Post Comment").click()


def rules(services: Services, site: MadeSite, **changes: Any) -> None:
    """Put other rules in force."""
    with services.database.writing() as session:
        change_rules(session, session.get_one(Site, site.id), Rules(**changes), None, services.clock())


def talk(app: Flask, site: MadeSite, clock: FakeClock, count: int) -> list[uuid.UUID]:
    """Have readers comment, each in reply to the one before; return the comments' ids."""
    client = app.test_client()
    ids: list[uuid.UUID] = []
    for number in range(count):
        fields = {
            "thread": "/bread",
            "author_name": f"Reader {number}",
            "author_email": f"reader{number}@example.com",
            "author_url": "https://reader.example" if number == 0 else "",
            "body": f"The {number}th thought on *bread*.",
            "parent_id": str(ids[-1]) if number in {1, 2} else None,
            "created_at": (clock() - timedelta(minutes=count - number)).isoformat(),
        }
        answer = client.post(site.url, json=fields, headers=site.bearer)
        ids.append(uuid.UUID(answer.get_json()["id"]))
    return ids


def the_only(services: Services) -> Comment:
    """Return the stored comment."""
    with services.database.reading() as session:
        return session.scalars(select(Comment)).one()


def test_one_script_tag_shows_the_thread_and_takes_a_comment(
    app: Flask,
    services: Services,
    site: MadeSite,
    clock: FakeClock,
    context: BrowserContext,
    address: str,
    noise: list[str],
) -> None:
    talk(app, site, clock, 3)
    page = visit(context, address, noise)
    expect(page.get_by_role("heading", name="3 comments")).to_be_visible()
    expect(page.locator("[data-comment-count]")).to_have_text("3")
    first = page.get_by_role("article").first
    expect(first.get_by_role("link", name="Reader 0")).to_have_attribute("rel", "ugc nofollow noopener noreferrer")
    expect(first.locator("em")).to_have_text("bread")
    expect(page.get_by_text("Your email address will not be published. Required fields are marked *")).to_be_visible()
    write(page, clock)
    send(page)
    expect(page.get_by_role("status")).to_have_text("Thank you. Your comment is published.")
    mine = page.get_by_role("article").last
    expect(mine).to_be_focused()
    expect(mine.locator("strong")).to_have_text("great")
    expect(page.get_by_role("heading", name="4 comments")).to_be_visible()
    expect(page.locator("[data-comment-count]")).to_have_text("4")
    expect(page.get_by_role("textbox", name="Comment")).to_have_value("")
    page.reload()
    expect(page.get_by_role("article")).to_have_count(4)


def test_a_script_in_the_head_shows_the_thread_at_the_end_of_the_page(
    site: MadeSite, context: BrowserContext, host: Host, url: str, noise: list[str]
) -> None:
    script = f'<script src="{url}/embed.js" data-site="{site.id}" data-thread="" async></script>'
    page = visit(context, host.put("/bread", "", script), noise)
    expect(page.locator("main + comment-thread")).to_be_visible()


def test_a_reply_stands_below_what_it_replies_to(
    app: Flask,
    services: Services,
    site: MadeSite,
    clock: FakeClock,
    context: BrowserContext,
    address: str,
    noise: list[str],
) -> None:
    ids = talk(app, site, clock, 2)
    page = visit(context, address, noise)
    page.get_by_role("button", name="Reply Reader 0").click()
    expect(page.get_by_role("heading", name="Leave a Reply to Reader 0")).to_be_visible()
    expect(page.get_by_role("textbox", name="Comment")).to_be_focused()
    page.get_by_role("button", name="Cancel reply").click()
    expect(page.get_by_role("heading", name="Leave a Reply", exact=True)).to_be_visible()
    page.get_by_role("button", name="Reply Reader 0").click()
    write(page, clock)
    send(page)
    expect(page.get_by_role("status")).to_contain_text("published")
    with services.database.reading() as session:
        assert session.scalars(select(Comment).where(Comment.author_name == "Zoë")).one().parent_id == ids[0]
    expect(page.get_by_role("heading", name="Leave a Reply", exact=True)).to_be_visible()


def test_what_is_wrong_is_said_where_it_is_and_the_text_stays(
    services: Services, clock: FakeClock, context: BrowserContext, address: str, noise: list[str]
) -> None:
    page = visit(context, address, noise)
    write(page, clock, Email="zoe at example")
    send(page)
    email = page.get_by_role("textbox", name="Email")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(email).to_be_focused()
    expect(email).to_have_attribute("aria-invalid", "true")
    described = page.locator(f"#{email.get_attribute('aria-describedby')}")
    expect(described).to_contain_text("@")
    expect(page.get_by_role("textbox", name="Comment")).to_have_value(TEXT)
    check_looks(page)
    email.fill("zoe@example.com")
    send(page)
    expect(page.get_by_role("status")).to_contain_text("Thank you")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert the_only(services).body == TEXT


def test_a_text_survives_a_service_that_is_away_and_a_closed_tab(
    services: Services, clock: FakeClock, context: BrowserContext, address: str, url: str, noise: list[str]
) -> None:
    page = visit(context, address, noise)
    page.route(f"{url}/api/**/comments", lambda route: route.abort())
    write(page, clock)
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("does not answer. Your text is kept")
    page.close()
    page = visit(context, address, noise)
    expect(page.get_by_role("textbox", name="Comment")).to_have_value(TEXT)
    expect(page.get_by_role("textbox", name="Name")).to_have_value("Zoë")
    clock.advance(30)
    send(page)
    expect(page.get_by_role("status")).to_contain_text("published")
    page.reload()
    expect(page.get_by_role("textbox", name="Comment")).to_have_value("")


def test_an_answer_that_got_lost_makes_no_second_comment(
    services: Services, clock: FakeClock, context: BrowserContext, address: str, url: str, noise: list[str]
) -> None:
    page = visit(context, address, noise)
    write(page, clock)

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route(f"{url}/api/**/comments", lose, times=1)
    send(page)
    expect(page.get_by_role("alert")).to_be_visible()
    send(page)
    expect(page.get_by_role("status")).to_contain_text("published")
    expect(page.get_by_role("article")).to_have_count(1)
    expect(page.get_by_role("button", name="Edit")).to_be_visible()
    the_only(services)


def test_a_held_comment_is_shown_to_its_writer_alone(
    services: Services,
    site: MadeSite,
    clock: FakeClock,
    browser: Browser,
    context: BrowserContext,
    address: str,
    noise: list[str],
    app: Flask,
) -> None:
    rules(services, site, hold_everything=True, spam_above=1.0)
    page = visit(context, address, noise)
    write(page, clock)
    send(page)
    expect(page.get_by_role("status")).to_have_text("Thank you. Your comment is awaiting review.")
    page.reload()
    held = page.get_by_role("article")
    expect(held).to_contain_text("Your comment is awaiting review. Only you see it here.")
    expect(held).to_contain_text("I let the dough rest overnight.")
    expect(page.get_by_role("heading", name="No comments yet")).to_be_visible()
    stranger = browser.new_context()
    theirs = visit(stranger, address, noise)
    expect(theirs.get_by_role("heading", name="No comments yet")).to_be_visible()
    expect(theirs.get_by_role("article")).to_have_count(0)
    stranger.close()
    admin, path = make_person(services), f"/api/v1/comments/{the_only(services).id}/decision"
    app.test_client().post(path, json={"action": "publish"}, headers=admin.bearer)
    page.reload()
    expect(page.get_by_role("heading", name="1 comment")).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(1)
    expect(page.get_by_text("awaiting review")).to_have_count(0)


def test_a_writer_changes_a_comment_and_takes_it_back(
    services: Services, clock: FakeClock, browser: Browser, context: BrowserContext, address: str, noise: list[str]
) -> None:
    page = visit(context, address, noise)
    write(page, clock)
    send(page)
    expect(page.get_by_role("status")).to_contain_text("published")
    page.reload()
    page.get_by_role("button", name="Edit").click()
    area = page.get_by_role("textbox", name="Edit your comment")
    expect(area).to_be_focused()
    expect(area).to_have_value(TEXT)
    area.fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_visible()
    area.fill("On *second* thought.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Your comment is changed.")
    expect(page.get_by_role("article").locator("em")).to_have_text("second")
    stranger = browser.new_context()
    theirs = visit(stranger, address, noise)
    expect(theirs.get_by_role("article")).to_contain_text("On second thought.")
    expect(theirs.get_by_role("button", name="Edit")).to_have_count(0)
    stranger.close()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status")).to_have_text("Your comment is deleted.")
    page.reload()
    expect(page.get_by_role("heading", name="No comments yet")).to_be_visible()
    assert the_only(services).status is Status.REJECTED


def test_a_change_that_is_being_typed_survives_whatever_happens_to_the_page(
    app: Flask, site: MadeSite, clock: FakeClock, context: BrowserContext, address: str, noise: list[str]
) -> None:
    ids = talk(app, site, clock, 55)
    page = visit(context, address, noise)
    write(page, clock)
    send(page)
    expect(page.get_by_role("status")).to_contain_text("published")
    page.get_by_role("button", name="Edit").click()
    area = page.get_by_role("textbox", name="Edit your comment")
    area.fill("Half a thou")
    area.evaluate("area => area.setSelectionRange(4, 4)")
    # Others are loaded and shown meanwhile, be it by an address.
    page.evaluate(f"location.hash = '#comment-{ids[-1]}'")
    expect(page.locator(f"#comment-{ids[-1]}")).to_be_focused()
    expect(page.get_by_role("article")).to_have_count(56)
    expect(area).to_have_value("Half a thou")
    assert area.evaluate("area => area.selectionStart") == 4
    # A reply's form that comes into it, and goes, takes nothing along.
    page.get_by_role("button", name="Reply").first.click()
    page.get_by_role("button", name="Cancel reply").click()
    expect(area).to_have_value("Half a thou")
    page.goto(address)
    page.reload()
    page.get_by_role("button", name="More comments").click()
    expect(area).to_have_value("Half a thou")
    area.fill("A whole thought.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Your comment is changed.")
    page.get_by_role("button", name="Edit").click()
    expect(area).to_be_focused()
    expect(area).to_have_value("A whole thought.")
    area.fill("Never mind.")
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.reload()
    page.get_by_role("button", name="More comments").click()
    expect(page.get_by_text("A whole thought.")).to_be_visible()
    expect(area).to_have_count(0)


def test_a_held_comment_that_got_published_is_so_on_the_first_page_too(
    services: Services,
    app: Flask,
    site: MadeSite,
    clock: FakeClock,
    context: BrowserContext,
    address: str,
    noise: list[str],
) -> None:
    talk(app, site, clock, 55)
    rules(services, site, hold_everything=True, spam_above=1.0)
    page = visit(context, address, noise)
    write(page, clock)
    send(page)
    expect(page.get_by_role("status")).to_have_text("Thank you. Your comment is awaiting review.")
    page.reload()
    own = page.get_by_role("article").filter(has_text="I let the dough rest overnight.")
    expect(own).to_contain_text("awaiting review")
    with services.database.reading() as session:
        held = session.scalars(select(Comment).where(Comment.status == Status.PENDING)).one()
    path = f"/api/v1/comments/{held.id}/decision"
    app.test_client().post(path, json={"action": "publish"}, headers=make_person(services).bearer)
    page.reload()
    expect(page.get_by_role("heading", name="56 comments")).to_be_visible()
    expect(own).to_be_visible()
    expect(page.get_by_text("awaiting review")).to_have_count(0)
    page.get_by_role("button", name="More comments").click()
    expect(page.get_by_role("article")).to_have_count(56)


def test_after_the_window_there_is_nothing_to_press(
    services: Services, clock: FakeClock, context: BrowserContext, address: str, noise: list[str]
) -> None:
    page = visit(context, address, noise)
    write(page, clock)
    send(page)
    expect(page.get_by_role("button", name="Edit")).to_be_visible()
    clock.advance(3600)
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("textbox", name="Edit your comment").fill("Too late.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("The time for changing this comment is over.")
    expect(page.get_by_role("textbox", name="Edit your comment")).to_have_value("Too late.")
    context.clock.set_fixed_time(clock.now)
    page.reload()
    expect(page.get_by_role("article")).to_be_visible()
    expect(page.get_by_role("button", name="Edit")).to_have_count(0)


def test_a_long_thread_comes_in_pages_and_a_link_leads_to_its_comment(
    app: Flask, site: MadeSite, clock: FakeClock, context: BrowserContext, address: str, noise: list[str]
) -> None:
    ids = talk(app, site, clock, 60)
    page = visit(context, address, noise)
    expect(page.get_by_role("article")).to_have_count(50)
    page.get_by_role("button", name="More comments").click()
    expect(page.get_by_role("article")).to_have_count(60)
    expect(page.locator(f"#comment-{ids[50]}")).to_be_focused()
    expect(page.get_by_role("button", name="More comments")).to_be_hidden()
    linked = visit(context, f"{address}#comment-{ids[-1]}", noise)
    expect(linked.locator(f"#comment-{ids[-1]}")).to_be_focused()
    expect(linked.locator(f"#comment-{ids[-1]}")).to_be_in_viewport()


def test_a_closed_thread_is_read_and_not_written_to(
    app: Flask,
    services: Services,
    site: MadeSite,
    clock: FakeClock,
    context: BrowserContext,
    address: str,
    noise: list[str],
) -> None:
    talk(app, site, clock, 1)
    rules(services, site, close_after_days=1)
    clock.advance(2 * 86_400)
    page = context.new_page()
    page.goto(address)
    expect(page.get_by_text("Comments are closed.")).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(1)
    expect(page.get_by_role("button", name="Reply")).to_have_count(0)


def test_a_name_is_remembered_only_where_somebody_asks_for_it(
    clock: FakeClock, context: BrowserContext, address: str, noise: list[str]
) -> None:
    page = visit(context, address, noise)
    write(page, clock)
    send(page)
    expect(page.get_by_role("status")).to_contain_text("published")
    page.reload()
    expect(page.get_by_role("textbox", name="Name")).to_have_value("")
    write(page, clock, Comment="Another thought.")
    page.get_by_role("checkbox", name="Save my name").check()
    send(page)
    expect(page.get_by_role("status")).to_contain_text("published")
    page.reload()
    expect(page.get_by_role("textbox", name="Name")).to_have_value("Zoë")
    expect(page.get_by_role("textbox", name="Email")).to_have_value("zoe@example.com")


def test_a_service_that_is_away_is_asked_again_at_a_press(
    context: BrowserContext, address: str, url: str, noise: list[str]
) -> None:
    page = context.new_page()
    page.route(f"{url}/api/**", lambda route: route.abort())
    page.goto(address)
    expect(page.get_by_role("status")).to_contain_text("The comment service does not answer.")
    page.unroute(f"{url}/api/**")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Post Comment")).to_be_visible()


def test_no_payload_runs_and_trusted_types_are_respected(
    app: Flask, site: MadeSite, clock: FakeClock, context: BrowserContext, address: str, host: Host, noise: list[str]
) -> None:
    host.policy += "; require-trusted-types-for 'script'; trusted-types comment-thread"
    payload = "<img src=x onerror=document.title='run'><script>document.title='run'</script>"
    fields = {"thread": "/bread", "author_name": payload, "author_email": "x@example.com", "body": payload}
    assert app.test_client().post(site.url, json=fields, headers=site.bearer).status_code == 201
    page = visit(context, address, noise)
    expect(page.get_by_role("article")).to_contain_text("<img src=x")
    assert page.title() == "Bread"


@pytest.mark.parametrize("look", SCRIPTED)
def test_axe_finds_nothing_in_any_look(
    app: Flask,
    services: Services,
    site: MadeSite,
    clock: FakeClock,
    browser: Browser,
    address: str,
    host: Host,
    url: str,
    look: str,
) -> None:
    talk(app, site, clock, 4)
    # The look is the page's own, which the thread follows; axe itself must be let in.
    host.policy = ""
    script = f'<script src="{url}/embed.js" data-site="{site.id}" data-thread="/bread" async></script>'
    host.put("/bread", script, "<style>:root { color-scheme: light dark }</style>")
    context = browser.new_context(**LOOKS[look])
    page = visit(context, address, [])
    page.get_by_role("button", name="Reply Reader 2").click()
    check_looks(page)
    context.close()


def test_without_scripts_the_form_inside_the_element_does_the_same(
    services: Services, site: MadeSite, clock: FakeClock, browser: Browser, host: Host, url: str
) -> None:
    form = f"""<comment-thread site="{site.id}" thread="/bread"><form method="post" action="{url}/sites/{site.id}/comments">
        <input type="hidden" name="thread" value="/bread"><input type="hidden" name="thread_url" value="{host.url}/bread">
        <label>Name <input name="author_name"></label> <label>Email <input name="author_email"></label>
        <label>Comment <textarea name="body"></textarea></label> <button>Post Comment</button></form></comment-thread>
        <script src="{url}/embed.js" data-site="{site.id}" async></script>"""
    address = host.put("/bread", form)
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    page.get_by_label("Name").fill("Zoë")
    page.get_by_label("Email").fill("zoe@example.com")
    page.get_by_label("Comment").fill(TEXT)
    page.get_by_role("button", name="Post Comment").click()
    page.wait_for_url(f"{address}?comment=published#comment-*")
    assert the_only(services).body == TEXT.replace("\n", "\r\n")
    context.close()
    scripted = browser.new_context()
    page = scripted.new_page()
    page.goto(address)
    expect(page.get_by_role("article")).to_have_count(1)
    expect(page.get_by_role("button", name="Post Comment")).to_have_count(1)
    scripted.close()
