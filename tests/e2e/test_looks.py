"""Every page in every look: axe finds nothing, and nothing is wider than the screen."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import expect

from tests.e2e.conftest import Open
from tests.e2e.looks import LOOKS, check_looks, each_look
from tests.e2e.voices import ODD, PENDING
from tests.factories import MadePerson, MadeSite

pytestmark = pytest.mark.e2e


@each_look
def test_odd_comments_in_the_queue_and_on_their_own_pages(
    app: Flask, garden: MadeSite, ann: MadePerson, sign_in: Open, url: str, look: str
) -> None:
    client, ids = app.test_client(), []
    for fields in ODD:
        sent = client.post(garden.url, json={"thread": "/odd", **fields}, headers=garden.bearer)
        ids.append(sent.get_json()["id"])
    page = sign_in(ann, "/review?order=newest", **LOOKS[look])
    expect(page.locator(".card")).to_have_count(len(ODD) + len(PENDING))
    check_looks(page)
    for one in ids:
        page.goto(f"{url}/review/comments/{one}")
        check_looks(page)


@each_look
def test_signing_in_and_the_queue(ann: MadePerson, sign_in: Open, look: str) -> None:
    check_looks(sign_in(None, "/login", **LOOKS[look]))
    page = sign_in(ann, **LOOKS[look])
    check_looks(page)
    page.get_by_role("link", name="Spam", exact=False).first.click()
    expect(page.get_by_text("No comments here.")).to_be_visible()
    check_looks(page)
