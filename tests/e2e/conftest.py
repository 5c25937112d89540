"""A real browser on a real server: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import select
from werkzeug.serving import make_server

from moderation.people.sites import create_site
from moderation.policy.rules import Rules, change_rules
from moderation.services import Services
from moderation.tables import Comment, Role, Site
from tests.conftest import FakeClock
from tests.e2e.voices import PENDING, SAFARI, wave
from tests.factories import PASSWORD, MadePerson, MadeSite, make_person

Open = Callable[..., Page]
#: How long anything may take until it counts as not happening, in seconds: long, since a busy machine is no failure.
PATIENCE = 60
expect.set_options(timeout=1000 * PATIENCE)


@pytest.fixture(params=["sqlite"])
def backend(request: pytest.FixtureRequest) -> str:
    """One database will do: what differs between them is tested without a browser."""
    return str(request.param)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, which asks nobody anything."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "The browser tests need Chromium (Debian: apt install chromium), or its path in CHROMIUM."
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        yield playwright.chromium.launch(executable_path=found, args=flags)


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    """The service, being served."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def garden(app: Flask, services: Services, clock: FakeClock) -> MadeSite:
    """A site whose comments all wait to be decided."""
    with services.database.writing() as session:
        new = create_site(session, "The Kitchen Garden", ["https://garden.example"], clock())
        rules = Rules(publish_below=0.0, spam_above=1.0)
        change_rules(session, session.get_one(Site, new.site.id), rules, None, clock())
    site = MadeSite(new.site.id, new.key, new.akismet_key)
    client = app.test_client()
    for number, fields in enumerate(PENDING):
        since = timedelta(minutes=17 * (len(PENDING) - number))
        sent = {"user_agent": SAFARI, "created_at": (clock() - since).isoformat()} | fields
        assert client.post(site.url, json=sent, headers=site.bearer).status_code == 201
    return site


@pytest.fixture
def flood(app: Flask, clock: FakeClock, garden: MadeSite) -> list[str]:
    """A campaign of a dozen nearly the same comments among those of the garden. Returns the authors' names."""
    client, names = app.test_client(), []
    for number, fields in enumerate(wave(12)):
        sent = {"user_agent": "curl/8.5", "created_at": (clock() - timedelta(minutes=80 - number)).isoformat()} | fields
        assert client.post(garden.url, json=sent, headers=garden.bearer).status_code == 201
        names.append(str(fields["author_name"]))
    return names


@pytest.fixture
def ann(services: Services, garden: MadeSite) -> MadePerson:
    """A moderator."""
    return make_person(services, Role.MODERATOR, garden)


@pytest.fixture
def ben(services: Services, garden: MadeSite) -> MadePerson:
    """Another moderator."""
    return make_person(services, Role.MODERATOR, garden)


@pytest.fixture
def sign_in(browser: Browser, url: str) -> Iterator[Open]:
    """Open a browser of its own for somebody, signed in, at a page. No error may be left in its console."""
    opened = []
    noise: list[str] = []

    def open_page(person: MadePerson | None, path: str = "/review", **options: object) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **options})  # type: ignore[arg-type]
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        page.on("pageerror", lambda error: noise.append(str(error)))
        if person is not None:
            page.goto(f"{url}/login?next={path}")
            page.get_by_label("E-mail address").fill(person.actor.email)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(f"{url}{path}")
        else:
            page.goto(f"{url}{path}")
        return page

    yield open_page
    for context in opened:
        context.close()
    assert noise == []


@pytest.fixture
def standing(services: Services) -> Callable[[], dict[str, str]]:
    """Return, when called, how each author's comment stands."""

    def read() -> dict[str, str]:
        with services.database.reading() as session:
            return {c.author_name: c.status.value for c in session.scalars(select(Comment))}

    return read
