"""The guide to embedding, tried word for word: what it says goes into a page, and the page works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import expect

from moderation.policy.rules import Rules
from moderation.services import Services
from tests.e2e.conftest import Open
from tests.e2e.hosts import Host, serving
from tests.factories import CLEAN, MadeSite, make_site

pytestmark = pytest.mark.e2e
GUIDE = (Path(__file__).parents[2] / "docs" / "embedding.md").read_text("utf-8")


@pytest.fixture
def host() -> Iterator[Host]:
    """The website."""
    with serving() as host:
        yield host


@pytest.fixture
def site(app: Flask, services: Services, host: Host) -> MadeSite:
    """The website here, with one comment."""
    site = make_site(services, origin=host.url, rules=Rules(publish_below=1.0, spam_above=1.0))
    app.test_client().post(site.url, json=CLEAN | {"thread": "/a-page"}, headers=site.bearer)
    return site


def told(kind: str, number: int, site: MadeSite, host: Host, url: str) -> str:
    """Return a piece of the guide, with the addresses of this test in it."""
    piece: str = re.findall(rf"```{kind}\n(.*?)```", GUIDE, re.DOTALL)[number]
    names = {"https://comments.example.org": url, "https://blog.example.org": host.url, "SITE_ID": str(site.id)}
    for name, value in names.items():
        piece = piece.replace(name, value)
    return piece


@pytest.mark.parametrize("piece", [0, 1])
@pytest.mark.parametrize("strict", [True, False])
def test_each_way_shows_the_thread(
    site: MadeSite, host: Host, url: str, sign_in: Open, piece: int, strict: bool
) -> None:
    if strict:
        host.policy = told("http", 0, site, host, url).partition(": ")[2].strip()
        assert host.policy.startswith("default-src 'none'")
    address = host.put("/a-page", told("html", piece, site, host, url))
    page = sign_in(None, "/healthz")
    page.goto(address)
    expect(page.get_by_role("heading", name="1 comment")).to_be_visible()
    expect(page.get_by_role("button", name="Post Comment")).to_have_count(1)


def test_the_form_in_the_guide_works_without_scripts(site: MadeSite, host: Host, url: str, sign_in: Open) -> None:
    address = host.put("/a-page", told("html", 1, site, host, url))
    page = sign_in(None, "/healthz", java_script_enabled=False)
    page.goto(address)
    for label, value in {"Name": "Zoë", "Email": "zoe@example.com", "Comment": "It works."}.items():
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="Post Comment").click()
    page.wait_for_url(f"{address}?comment=published#comment-*")


def test_the_numbers_and_the_looks_of_the_guide(site: MadeSite, host: Host, url: str, sign_in: Open) -> None:
    address = host.put("/", told("html", 2, site, host, url))
    page = sign_in(None, "/healthz")
    page.goto(address)
    expect(page.get_by_role("link", name="1 comments")).to_be_visible()
    expect(page.locator("comment-thread")).to_have_count(0)
    style = f"<style>{told('css', 0, site, host, url)}</style>"
    page.goto(host.put("/a-page", told("html", 0, site, host, url), style))
    expect(page.get_by_role("button", name="Post Comment")).to_have_css("background-color", "rgb(122, 31, 61)")
    expect(page.get_by_role("article")).to_have_css("padding-top", "32px")
