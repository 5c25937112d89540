"""Webhooks in the admin's room, and the file for WordPress."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from moderation.exchange.akismet.wordpress import plugin_file
from moderation.services import Services
from moderation.tables import DeliveryState, Webhook, WebhookDelivery
from tests.api.test_akismet import HAM
from tests.factories import MadeSite, post_id
from tests.pages.markup import Page


def test_a_webhook_is_made_and_its_secret_shown_once(office: FlaskClient, services: Services, site: MadeSite) -> None:
    page = Page(office.get("/admin"))
    address = f"/admin/sites/{site.id}/webhooks"
    assert page.having("a", href=address)
    page = Page(office.get(address))
    form = page.form(address)
    data = {**form.fields, "url": "https://example.org/hook", "events": ["published", "spam"]}
    made = Page(office.post(address, data=data))
    (secret,) = re.findall(r"whsec_[\w+/=]+", made.text)
    with services.database.reading() as session:
        webhook = session.scalars(select(Webhook)).one()
    assert (webhook.url, webhook.events, webhook.enabled) == (data["url"], data["events"], True)
    again = Page(office.get(address))
    assert "https://example.org/hook" in again.text
    assert secret not in again.html


def test_what_is_wrong_is_said_and_kept(office: FlaskClient, site: MadeSite) -> None:
    address = f"/admin/sites/{site.id}/webhooks"
    form = Page(office.get(address)).form(address)
    page = Page(office.post(address, data={**form.fields, "url": "gopher://example.org", "events": ["spam"]}))
    assert page.status == 422
    assert "This is no web address" in page.text
    (field,) = page.having("input", name="url")
    assert (field["value"], field["aria-invalid"]) == ("gopher://example.org", "true")
    boxes = {a["value"]: "checked" in a for a in page.having("input", name="events")}
    assert boxes == {"published": False, "pending": False, "spam": True, "rejected": False}


def test_deliveries_are_shown_and_sent_again(
    client: FlaskClient, office: FlaskClient, services: Services, site: MadeSite
) -> None:
    address = f"/admin/sites/{site.id}/webhooks"
    form = Page(office.get(address)).form(address)
    data = {**form.fields, "url": "https://example.org/hook", "events": ["pending"]}
    office.post(address, data=data)
    post_id(client, site)
    with services.database.writing() as session:
        hook_id = session.scalars(select(Webhook.id)).one()
        values = {"state": DeliveryState.FAILED, "attempts": 11, "answer_status": 500, "answer": "<b>broken</b>"}
        session.execute(update(WebhookDelivery).values(values))
    page = Page(office.get(f"{address}/{hook_id}"))
    assert "Given up" in page.text
    assert "answered 500" in page.text
    assert "<b>broken</b>" in page.text
    assert page.what_could_run() == []
    again = page.form("/resend")
    assert office.post(again.action, data=again.fields).status_code == 303
    assert "Waiting" in Page(office.get(f"{address}/{hook_id}")).text
    for action, word in (("disable", "disabled"), ("enable", "enabled")):
        switch = Page(office.get(f"{address}/{hook_id}")).form(f"/{action}")
        assert office.post(switch.action, data=switch.fields).status_code == 303
        assert word in Page(office.get(f"{address}/{hook_id}")).text
    renew = Page(office.get(f"{address}/{hook_id}")).form("/secret")
    assert "whsec_" in Page(office.post(renew.action, data=renew.fields)).text
    remove = Page(office.get(f"{address}/{hook_id}")).form("/remove")
    assert office.post(remove.action, data=remove.fields).status_code == 303
    assert office.get(f"{address}/{hook_id}").status_code == 404


def test_nothing_without_the_pages_token_and_nothing_for_a_moderator(
    office: FlaskClient, desk: FlaskClient, services: Services, site: MadeSite
) -> None:
    for path in ("webhooks", "wordpress.php"):
        assert office.post(f"/admin/sites/{site.id}/{path}", data={"url": "https://example.org"}).status_code == 403
    for path in ("webhooks", "wordpress"):
        assert desk.get(f"/admin/sites/{site.id}/{path}").status_code == 403
    with services.database.reading() as session:
        assert session.scalars(select(Webhook)).all() == []


def test_the_file_for_wordpress_has_the_address_and_a_key_that_works(
    client: FlaskClient, office: FlaskClient, site: MadeSite
) -> None:
    form = Page(office.get(f"/admin/sites/{site.id}/wordpress")).form("/wordpress.php")
    answer = office.post(form.action, data=form.fields)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="comment-moderation.php"'
    assert answer.text.startswith("<?php\n")
    assert "'http://127.0.0.1:8000/'" in answer.text
    (key,) = re.findall(r"'WPCOM_API_KEY', '([0-9a-f]{12})'", answer.text)
    assert client.post("/1.1/comment-check", data={"api_key": key, **HAM}).data in {b"true", b"false"}


@pytest.mark.parametrize("base", ["http://example.org/'; system('id'); '", "javascript:1", "https://a.example/\n"])
def test_no_address_breaks_out_of_the_file(base: str) -> None:
    with pytest.raises(ValueError, match="cannot stand"):
        plugin_file(base, "0123456789ab")


@pytest.mark.clients
def test_php_understands_the_file(tmp_path: Path) -> None:
    php = shutil.which("php")
    assert php, "This test needs PHP (Debian: apt install php-cli)."
    (tmp_path / "plugin.php").write_text(plugin_file("https://moderation.example.org:8443", "0123456789ab"), "utf-8")
    (tmp_path / "run.php").write_text(
        """<?php
        function add_action($hook, $change) { $GLOBALS['hook'] = $hook; $GLOBALS['change'] = $change; }
        require 'plugin.php';
        echo $hook, "\\n", WPCOM_API_KEY, "\\n";
        foreach (array_slice($argv, 1) as $url) {
            $headers = array('Host' => 'x', 'User-Agent' => 'y');
            $change($url, $headers);
            echo $url, ' ', implode(',', array_keys($headers)), "\\n";
        }
        """,
        "utf-8",
    )
    urls = [
        "https://rest.akismet.com/1.1/verify-key",
        "http://0123456789ab.rest.akismet.com:80/1.1/x",
        "https://wordpress.org/",
    ]
    out = subprocess.run([php, "run.php", *urls], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert out.splitlines() == [
        "requests-requests.before_request",
        "0123456789ab",
        "https://moderation.example.org:8443/1.1/verify-key User-Agent",
        "https://moderation.example.org:8443/k/0123456789ab/1.1/x User-Agent",
        "https://wordpress.org/ Host,User-Agent",
    ]
