"""The admin's rooms in a browser: every page in every look, the flows with and without scripts, and their pictures."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from moderation.jobs.worker import Worker
from moderation.pages import policy
from moderation.policy.rules import Rules, change_rules
from moderation.review.numbers import close_days
from moderation.services import Services
from moderation.tables import Decision, Job, Site
from tests.conftest import FakeClock
from tests.e2e.conftest import Open
from tests.e2e.looks import LOOKS, check_looks, each_look, take_picture
from tests.e2e.voices import PENDING
from tests.factories import CLEAN, PASSWORD, SPAM, MadePerson, MadeSite, make_person

pytestmark = pytest.mark.e2e

with_and_without_scripts = pytest.mark.parametrize("look", ["desktop-light", "phone-without-scripts"])


@pytest.fixture
def eve(services: Services) -> MadePerson:
    """An admin."""
    return make_person(services)


@pytest.fixture
def busy(
    app: Flask, services: Services, garden: MadeSite, ann: MadePerson, eve: MadePerson, clock: FakeClock
) -> MadeSite:
    """The garden after two weeks of comments, of which two people have decided some."""
    with services.database.writing() as session:
        rules = Rules(publish_below=0.2, spam_above=0.95, spam_words=("casino",), hold_words=("sourdough", "levain"))
        change_rules(session, session.get_one(Site, garden.id), rules, eve.actor.person_id, clock())
    client = app.test_client()
    for day in range(12):
        clock.advance(86400 - 1200)
        for number, fields in enumerate([*PENDING, CLEAN, SPAM][: 2 + day % 5]):
            sent = {**fields, "body": f"{fields['body']} ({day})", "thread": f"/{day}-{number}"}
            answer = client.post(garden.url, json=sent, headers=garden.bearer).get_json()
            clock.advance(120)
            if number < 2:
                who, action = (ann, "publish") if number else (eve, "spam")
                path = f"/api/v1/comments/{answer['id']}/decision"
                client.post(path, json={"action": action}, headers=who.bearer)
    return garden


def paths(services: Services, site: MadeSite, person: MadePerson) -> list[str]:
    """Return the addresses of all rooms."""
    with services.database.reading() as session:
        first = session.scalars(select(Decision.id).where(Decision.number == 1).limit(1)).one()
    live = services.live_model.scorer()
    assert live is not None
    return [
        "/admin",
        "/admin/models",
        f"/admin/models/{live.version}",
        "/admin/sites",
        f"/admin/sites/{site.id}",
        f"/admin/sites/{site.id}/policy",
        "/admin/people",
        f"/admin/people/{person.actor.person_id}",
        "/admin/history",
        "/admin/history/administration",
        f"/admin/history/{first}",
        "/admin/numbers",
        "/account",
    ]


@each_look
def test_every_room_in_every_look(
    services: Services, busy: MadeSite, ann: MadePerson, eve: MadePerson, sign_in: Open, url: str, look: str
) -> None:
    page = sign_in(eve, "/admin", **LOOKS[look])
    for path in paths(services, busy, ann):
        assert page.goto(f"{url}{path}").status == 200  # type: ignore[union-attr]
        closed = page.locator("details:not([open]) > summary")
        while closed.count():
            closed.first.click()
        check_looks(page)


@with_and_without_scripts
def test_a_policy_is_replayed_and_put_in_force_and_taken_back(
    busy: MadeSite, eve: MadePerson, sign_in: Open, look: str
) -> None:
    page = sign_in(eve, f"/admin/sites/{busy.id}/policy", **LOOKS[look])
    page.get_by_label("Watch list").fill("sourdough")
    page.get_by_label("Hold comments with more links than").fill("many")
    page.get_by_role("button", name="Put in force").click()
    expect(page.get_by_role("alert")).to_contain_text("This must be a whole number.")
    expect(page.get_by_label("Watch list")).to_have_value("sourdough")
    check_looks(page)
    page.get_by_label("Hold comments with more links than").fill("3")
    page.get_by_label("Spam list").fill("casino\nwindowsill\nlevain")
    page.get_by_role("button", name="Replay the last 30 days").click()
    told = page.get_by_role("region", name="The last 30 days with this policy")
    expect(told).to_contain_text(re.compile(r"would have had \d+ (fewer|more) reviews?"))
    expect(told).to_contain_text(re.compile(r"[1-9]\d* genuine comments? would have been lost"))
    check_looks(page)
    page.get_by_role("button", name="Put in force").click()
    expect(page.get_by_role("status").filter(has_text="is in force.")).to_be_visible()
    expect(page.get_by_label("Spam list")).to_have_value("casino\nwindowsill\nlevain")
    page.get_by_role("button", name="Go back to this version 3").click()
    expect(page.get_by_label("Spam list")).to_have_value("casino")


@with_and_without_scripts
def test_a_long_replay_is_followed_through_a_reload(
    services: Services, busy: MadeSite, eve: MadePerson, sign_in: Open, look: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "AT_ONCE", 3)
    page = sign_in(eve, f"/admin/sites/{busy.id}/policy", **LOOKS[look])
    page.get_by_label("Hold an author’s first comment").check()
    page.get_by_role("button", name="Replay the last 30 days").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Hold an author’s first comment")).to_be_checked()
    with services.database.reading() as session:
        job = session.scalars(select(Job)).one()
    Worker(services, threading.Event()).run(job.id)
    if "without" in look:
        page.get_by_role("link", name="Refresh").click()
    expect(page.locator(".lead")).to_be_visible()
    expect(page.get_by_label("Hold an author’s first comment")).to_be_checked()


@with_and_without_scripts
def test_somebody_is_invited_and_looks_after_the_site_named(
    garden: MadeSite, eve: MadePerson, sign_in: Open, look: str
) -> None:
    page = sign_in(eve, "/admin/people", **LOOKS[look])
    page.get_by_label("E-mail address").fill("new@example.org")
    page.get_by_label("The Kitchen Garden").check()
    page.get_by_role("button", name="Make the link").click()
    link = page.locator(".secret").inner_text()
    check_looks(page)
    guest = sign_in(None, re.sub(r"^https?://[^/]+", "", link), **LOOKS[look])
    check_looks(guest)
    for label in ("Password", "The same again"):
        guest.get_by_label(label, exact=True).fill("a password of my own")
    guest.get_by_role("button", name="Set the password").click()
    guest.get_by_label("E-mail address").fill("new@example.org")
    guest.get_by_label("Password").fill("a password of my own")
    guest.get_by_role("button", name="Sign in", exact=True).click()
    expect(guest.get_by_role("heading", name="Review", exact=True)).to_be_visible()
    guest.get_by_role("link", name="History").click()
    expect(guest.get_by_role("heading", name="History", exact=True)).to_be_visible()
    expect(guest.get_by_role("link", name="People")).to_have_count(0)


@with_and_without_scripts
def test_one_time_codes_are_set_up_and_asked_for(ann: MadePerson, sign_in: Open, clock: FakeClock, look: str) -> None:
    page = sign_in(ann, "/account", **LOOKS[look])
    page.get_by_role("button", name="Set up one-time codes").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    check_looks(page)
    phone = pyotp.TOTP(page.locator(".secret").inner_text())
    page.get_by_label("The code that the app shows now").fill(phone.at(clock()))
    page.get_by_role("button", name="Switch on").click()
    expect(page.locator(".codes:visible li")).to_have_count(10)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("E-mail address").fill(ann.actor.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    check_looks(page)
    page.get_by_label("Code of your app").fill("000000")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert").filter(has_text="This code is not right")).to_be_visible()
    page.get_by_label("Code of your app").fill(phone.at(clock() + timedelta(seconds=30)))
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Review", exact=True)).to_be_visible()


def test_a_passkey_signs_in_without_a_password_and_as_second_step(
    ann: MadePerson, sign_in: Open, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Browsers make passkeys for named hosts only.
    url = url.replace("127.0.0.1", "localhost")
    page = sign_in(None, "/login")
    keys = page.context.new_cdp_session(page)
    keys.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    keys.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    tell_password(page, ann, url)
    page.goto(f"{url}/account")
    page.get_by_label("Name of the new passkey").fill("Ann’s laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator("[data-codes] li")).to_have_count(10)
    check_looks(page)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("listitem").filter(has_text="Ann’s laptop")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Review", exact=True)).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    tell_password(page, ann, url)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    check_looks(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Review", exact=True)).to_be_visible()
    page.goto(f"{url}/account")
    page.locator("summary", has_text="Remove").click()
    page.locator("details[open]").get_by_label("Password").fill(PASSWORD)
    page.locator("details[open]").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert").filter(has_text="does not open anything here")).to_be_visible()


def tell_password(page: Page, person: MadePerson, url: str) -> None:
    """Sign in by password."""
    page.goto(f"{url}/login")
    page.get_by_label("E-mail address").fill(person.actor.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile(r"/(review|login/second)"))


@with_and_without_scripts
def test_keys_are_made_and_revoked_and_decisions_undone(
    busy: MadeSite, eve: MadePerson, sign_in: Open, standing: Callable[[], dict[str, str]], look: str, url: str
) -> None:
    page = sign_in(eve, f"/admin/sites/{busy.id}", **LOOKS[look])
    page.get_by_role("button", name="Make a key").click()
    expect(page.locator(".secret")).to_have_text(re.compile("^site_"))
    check_looks(page)
    before = page.get_by_role("button", name="Revoke").count()
    page.get_by_role("button", name="Revoke").first.click()
    expect(page.get_by_role("button", name="Revoke")).to_have_count(before - 1)
    page.goto(f"{url}/admin/history")
    undos = page.get_by_role("button", name="Undo")
    count = undos.count()
    undos.first.click()
    expect(page.get_by_text("took the last decision back on")).to_be_visible()
    assert page.get_by_role("button", name="Undo").count() == count


def test_the_rooms_have_their_pictures_taken(
    services: Services, busy: MadeSite, eve: MadePerson, sign_in: Open, url: str, clock: FakeClock
) -> None:
    close_days(services.database, clock)
    page = sign_in(eve, f"/admin/sites/{busy.id}/policy", viewport={"width": 1280, "height": 900})
    page.get_by_label("Spam list").fill("casino\nwindowsill\nlevain")
    page.get_by_role("button", name="Replay the last 30 days").click()
    expect(page.locator(".lead")).to_be_visible()
    take_picture(page, "admin-policy")
    for name, path in (
        ("admin-models", "/admin/models"),
        ("admin-numbers", "/admin/numbers?days=30"),
        ("admin-history", "/admin/history"),
        ("admin-people", "/admin/people"),
        ("admin-site", f"/admin/sites/{busy.id}"),
        ("account", "/account"),
    ):
        page.goto(f"{url}{path}")
        take_picture(page, name)
