"""From a box that is ticked to a letter and back to the page; and a moderator who decides out of the mail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from moderation.mail.digest import plan_digests
from moderation.policy.rules import Rules
from moderation.services import Services
from moderation.tables import Comment, Job, Role, Status
from tests.conftest import FakeClock
from tests.e2e.conftest import Open
from tests.e2e.hosts import Host, serving
from tests.e2e.looks import LOOKS, check_looks, each_look
from tests.factories import MadeSite, make_person, make_site
from tests.mail import conftest as mail
from tests.mail.postbox import Postbox, text_of

pytestmark = pytest.mark.e2e
Work = Callable[[], list[Job]]
postbox, settings, work = mail.postbox, mail.settings, mail.work


@pytest.fixture
def host() -> Iterator[Host]:
    """The website."""
    with serving() as host:
        yield host


@pytest.fixture
def site(services: Services, host: Host) -> MadeSite:
    """A site that holds what it does not know, and trusts whom it knows."""
    return make_site(services, origin=host.url, rules=Rules(publish_below=0.0, spam_above=1.0, trust_after=1))


@pytest.fixture
def address(host: Host, site: MadeSite, url: str) -> str:
    """The page with the script."""
    return host.put(
        "/bread", f'<script src="{url}/embed.js" data-site="{site.id}" data-thread="/bread" async></script>'
    )


@pytest.fixture
def browsing(browser: Browser, clock: FakeClock) -> Iterator[Callable[..., BrowserContext]]:
    """Open browsers of somebody's own."""
    opened = []

    def new(**options: Any) -> BrowserContext:
        opened.append(browser.new_context(**options))
        opened[-1].clock.set_fixed_time(clock.now)
        return opened[-1]

    yield new
    for context in opened:
        context.close()


def link(postbox: Postbox, url: str, purpose: str) -> str:
    """Return a link of the one letter, as it leads to the service under test."""
    found = re.search(rf"/mail/{purpose}/[\w.-]+", text_of(postbox.letters[-1]))
    assert found
    return url + found[0]


def write(page: Page, clock: FakeClock, body: str) -> None:
    """Fill the form in and send it."""
    for label, value in {"Name": "Zoë", "Email": "zoe@example.com", "Comment": body}.items():
        page.get_by_role("textbox", name=label).fill(value)
    clock.advance(30)
    page.get_by_role("button", name="Post Comment").click()


def held(services: Services, status: Status) -> list[Comment]:
    """Return the comments that stand there."""
    with services.database.reading() as session:
        return list(session.scalars(select(Comment).where(Comment.status == status)))


def test_a_writer_who_confirms_an_address_is_known_by_it(
    services: Services,
    site: MadeSite,
    clock: FakeClock,
    browsing: Callable[..., BrowserContext],
    address: str,
    url: str,
    work: Work,
    postbox: Postbox,
) -> None:
    page = browsing().new_page()
    page.goto(address)
    page.get_by_role("checkbox", name="Email me about replies").check()
    write(page, clock, "A first thought.")
    expect(page.get_by_role("status")).to_contain_text("awaiting review")
    moderator = make_person(services, Role.MODERATOR, site)
    (comment,) = held(services, Status.PENDING)
    decided = page.request.post(
        f"{url}/api/v1/comments/{comment.id}/decision", data={"action": "publish"}, headers=moderator.bearer
    )
    assert decided.ok
    work()
    page.goto(link(postbox, url, "confirm"))
    page.get_by_role("button", name="Yes, it is mine").click()
    expect(page.get_by_role("status")).to_contain_text("Your email address is confirmed.")
    assert page.url == address
    write(page, clock, "A second thought, by somebody who is known.")
    expect(page.get_by_role("status")).to_contain_text("Your comment is published.")
    stranger = browsing().new_page()
    stranger.goto(address)
    write(stranger, clock, "A third thought, by somebody who only knows the address.")
    expect(stranger.get_by_role("status")).to_contain_text("awaiting review")


@each_look
def test_a_moderator_decides_out_of_the_mail(
    services: Services,
    site: MadeSite,
    clock: FakeClock,
    browsing: Callable[..., BrowserContext],
    address: str,
    url: str,
    work: Work,
    postbox: Postbox,
    look: str,
) -> None:
    make_person(services, Role.MODERATOR, site)
    page = browsing().new_page()
    page.goto(address)
    write(page, clock, "See https://pills.example/ for more.\n\n" + "And so on. " * 40)
    expect(page.get_by_role("status")).to_contain_text("awaiting review")
    with services.database.writing() as session:
        plan_digests(session, services.clock())
    work()
    page = browsing(**LOOKS[look]).new_page()
    page.goto(link(postbox, url, "review"))
    expect(page.get_by_role("button", name="Publish")).to_be_visible()
    check_looks(page)
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status")).to_have_text("Published.")
    check_looks(page)
    assert len(held(services, Status.PUBLISHED)) == 1
    page.goto(link(postbox, url, "digest-off"))
    check_looks(page)


@each_look
def test_everybody_chooses_how_often(services: Services, site: MadeSite, sign_in: Open, look: str) -> None:
    page = sign_in(make_person(services), "/mail/digest", **LOOKS[look])
    page.get_by_label("How often").select_option("At most once a week")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Changed.")
    expect(page.get_by_label("How often")).to_have_value("168")
    check_looks(page)
