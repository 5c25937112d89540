"""Webhooks in a browser: made on a phone, delivered, and sent again."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from playwright.sync_api import expect
from standardwebhooks import Webhook as Verifier

from moderation.services import Services
from moderation.webhooks.postman import Postman
from moderation.webhooks.transport import Transport
from tests.e2e.conftest import Open
from tests.factories import make_person, make_site, post
from tests.webhooks.conftest import webhook_of
from tests.webhooks.receivers import receiving

pytestmark = pytest.mark.e2e


def go_round(services: Services) -> None:
    """Do what a worker does."""
    postman = Postman(services.database, services.clock, services.secret_key, Transport(allow_private=True))
    postman.go_round(webhook_of(services).id, lambda _session: None, lambda: None)


def test_a_webhook_is_made_and_its_deliveries_followed_on_a_phone(
    app: Flask, services: Services, sign_in: Open
) -> None:
    site = make_site(services)
    page = sign_in(make_person(services), "/admin", viewport={"width": 360, "height": 740})
    page.goto(page.url.replace("/admin", f"/admin/sites/{site.id}/webhooks"))
    with receiving(answers=["500 Broken", "200 OK"]) as receiver:
        page.get_by_label("Address").fill(receiver.url)
        page.get_by_label("pending").uncheck()
        page.get_by_role("button", name="Make it").click()
        secret = page.get_by_text(re.compile("^whsec_")).inner_text()
        post(app.test_client(), site)
        go_round(services)
        page.get_by_role("link", name=receiver.url).click()
        expect(page.get_by_text("To be tried again")).to_be_visible()
        expect(page.get_by_text("failing")).to_be_visible()
        page.get_by_role("button", name="Send now").click()
        go_round(services)
        page.reload()
        expect(page.get_by_text("Delivered", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Send again")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    signer = Verifier(secret)
    headers = receiver.headers[1]
    signed = signer.sign(headers["webhook-id"], services.clock(), receiver.bodies[1].decode())
    assert headers["webhook-signature"] == signed
    page.get_by_text("Remove…").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("Nobody yet.")).to_be_visible()
