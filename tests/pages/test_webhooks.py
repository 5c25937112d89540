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


def run_php(folder: Path, wordpress: str, *arguments: str) -> list[str]:
    """Run the file in a WordPress of which there is only what is given; return what it says."""
    php = shutil.which("php")
    assert php, "This test needs PHP (Debian: apt install php-cli)."
    (folder / "plugin.php").write_text(plugin_file("https://moderation.example.org:8443", "0123456789ab"), "utf-8")
    (folder / "run.php").write_text(f"<?php {HOOKS} {wordpress}", "utf-8")
    done = subprocess.run([php, "run.php", *arguments], cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


HOOKS = """
$hooks = array();
function add_action($hook, $do) { $GLOBALS['hooks'][$hook] = $do; }
function add_filter($hook, $do) { add_action($hook, $do); }
function rest_url($path) { return "https://blog.example.org/wp-json/$path"; }
"""


@pytest.mark.clients
@pytest.mark.parametrize("is_new", [False, True])
def test_php_leads_akismets_requests_here(tmp_path: Path, is_new: bool) -> None:
    newer = "class Akismet_REST_API { static function receive_webhook() {} }" if is_new else ""
    told = run_php(
        tmp_path,
        newer
        + """
        require 'plugin.php';
        echo WPCOM_API_KEY, "\\n";
        foreach (array_slice($argv, 1) as $url) {
            $headers = array('Host' => 'x', 'User-Agent' => 'y');
            $data = 'a=b';
            $hooks['requests-requests.before_request']($url, $headers, $data);
            echo $url, ' ', implode(',', array_keys($headers)), ' ', $data, "\\n";
        }
        """,
        "https://rest.akismet.com/1.1/verify-key",
        "http://0123456789ab.rest.akismet.com:80/1.1/comment-check",
        "https://wordpress.org/comment-check",
    )
    callback = "" if is_new else "&callback=https%3A%2F%2Fblog.example.org%2Fwp-json%2Fakismet%2Fv1%2Fwebhook"
    assert told == [
        "0123456789ab",
        "https://moderation.example.org:8443/1.1/verify-key User-Agent a=b",
        f"https://moderation.example.org:8443/k/0123456789ab/1.1/comment-check User-Agent a=b{callback}",
        "https://wordpress.org/comment-check Host,User-Agent a=b",
    ]


@pytest.mark.clients
def test_php_does_the_rest_where_akismets_plugin_is_old(tmp_path: Path) -> None:
    told = run_php(
        tmp_path,
        """
        class Akismet { static function get_api_key() { return WPCOM_API_KEY; } }
        $meta = array();
        $comment = (object) array_fill_keys(array('comment_author', 'comment_author_email', 'comment_author_url',
            'comment_content', 'comment_author_IP', 'comment_agent', 'comment_type'), '');
        $comment->comment_ID = 7;
        function add_comment_meta($id, $name, $value) { $GLOBALS['meta'][$name] = $value; }
        function update_comment_meta($id, $name, $value) { add_comment_meta($id, $name, $value); }
        function get_comment_meta($id, $name, $single) { return $GLOBALS['meta'][$name] ?? ''; }
        function get_comment($id) { return $GLOBALS['comment']; }
        function get_comments($query) { return $GLOBALS['meta']['akismet_guid'] === $query['meta_value'] ? array($GLOBALS['comment']) : array(); }
        function check_comment() { return true; }
        function wp_set_comment_status($comment, $status) { $comment->comment_approved = 'approve' === $status ? '1' : '0'; }
        function wp_spam_comment($comment) { $comment->comment_approved = 'spam'; }
        function register_rest_route($space, $path, $route) { echo "$space$path\\n"; $GLOBALS['route'] = $route; }

        require 'plugin.php';
        $hooks['plugins_loaded']();
        $hooks['rest_api_init']();
        $hooks['akismet_comment_check_response'](array(array('x-akismet-guid' => 'g', 'x-akismet-recheck-after' => '120'), 'false'));
        $comment->comment_approved = (string) $hooks['pre_comment_approved'](1);
        $hooks['wp_insert_comment'](7, $comment);
        echo $comment->comment_approved, ' ', $hooks['pre_comment_approved'](1), "\\n";
        foreach (array('0123456789ab', 'ba9876543210', null) as $key) {
            var_dump($route['permission_callback'](array('key' => $key)));
        }
        function told($guid, $result) {
            $answer = $GLOBALS['route']['callback'](array('comments' => array(array('guid' => $guid, 'result' => $result))));
            echo $answer['comments'][$guid]['status'], ' ', $GLOBALS['comment']->comment_approved, "\\n";
        }
        $route['callback'](array('comments' => array(array('guid' => '', 'result' => 'true'))));
        told('another', 'true');
        told('g', 'false');
        told('g', 'true');
        $comment->comment_approved = '0';  // by the plugin, which has asked again
        $meta['akismet_rechecking'] = '1';
        $hooks['transition_comment_status']('unapproved', 'spam', $comment);
        told('g', 'false');
        $comment->comment_approved = 'trash';  // by somebody there
        told('g', 'false');
        """,
    )
    assert told == [
        "akismet/v1/webhook",
        "0 1",
        "bool(true)",
        "bool(false)",
        "bool(false)",
        "error 0",
        "success 1",
        "success spam",
        "success 1",
        "success trash",
    ]
