"""What writers send never runs, on no page; every page forbids it besides; and errors are pages, too."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from moderation.people.sites import create_site
from moderation.policy.rules import Rules, change_rules
from moderation.services import Services
from moderation.tables import Site
from tests.factories import CLEAN, MadePerson, MadeSite
from tests.pages.markup import Page

ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</textarea><svg onload=alert(1)>",
    "[click](javascript:alert(1)) <a href='javascript:alert(1)'>x</a>",
    "![x](javascript:alert(1)) <javascript:alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "</title><base href=//evil.example><style>*{display:none}</style>",
    "--><iframe srcdoc='<script>alert(1)</script>'></iframe>",
]


@pytest.fixture
def demo(services: Services) -> MadeSite:
    """A demo site that publishes whatever comes, so that what comes is shown to the public, too."""
    with services.database.writing() as session:
        new = create_site(session, "Demo", ["http://localhost"], services.clock())
        rules = Rules(publish_below=1.0, spam_above=1.0, max_links=None)
        change_rules(session, session.get_one(Site, new.site.id), rules, None, services.clock())
        return MadeSite(new.site.id, new.key, new.akismet_key)


@ONE_DATABASE
@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_field_of_a_comment_can_run_on_any_page(
    client: FlaskClient, office: FlaskClient, demo: MadeSite, payload: str
) -> None:
    sent = CLEAN | {
        "thread": "demo",
        "thread_title": payload,
        "author_name": payload,
        "author_url": "https://evil.example/?" + payload.replace(" ", "+"),
        "body": payload,
        "user_agent": payload,
        "referrer": payload,
        "author_role": payload[:100],
    }
    answer = client.post(demo.url, json=sent, headers=demo.bearer)
    assert answer.status_code == 201, answer.text
    comment = answer.get_json()["id"]
    client.post(demo.url, json=sent | {"parent_id": comment, "body": f"{payload} again"}, headers=demo.bearer)
    pages = [
        Page(client.get("/demo")),
        Page(client.get(f"/demo?reply_to={comment}")),
        Page(office.get("/review?status=published")),
        Page(office.get(f"/review/comments/{comment}")),
        Page(client.post(f"/sites/{demo.id}/comments", data=sent | {"author_email": payload, "parent_id": payload})),
    ]
    form = Page(office.get(f"/review/comments/{comment}")).form("/decision")
    rejected = office.post(form.action, data=form.fields | {"action": "reject", "reason": payload})
    pages.append(Page(office.get(rejected.location)))
    for page in pages:
        assert page.what_could_run() == []
        # A template that took what it shows for a template would have worked it out.
        assert "7 * 7" in page.html or "7 * 7" not in payload


@ONE_DATABASE
@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_in_an_address_can_run(client: FlaskClient, office: FlaskClient, demo: MadeSite, payload: str) -> None:
    for browser, path in (
        (client, "/login"),
        (client, "/demo"),
        (office, "/review"),
        (office, "/admin"),
        (client, f"/{payload.replace('/', '')}"),
    ):
        names = ("next", "q", "site", "order", "status", "cursor", "comment", "reply_to", "done", "from")
        for name in names:
            response = browser.get(path, query_string={name: payload}, headers={"Accept": "text/html"})
            assert Page(response).what_could_run() == []


@ONE_DATABASE
def test_every_page_forbids_scripts_and_styles_that_are_not_files_of_ours(
    app: Flask, client: FlaskClient, office: FlaskClient, demo: MadeSite
) -> None:
    client.post(demo.url, json=CLEAN | {"thread": "demo"}, headers=demo.bearer)
    for browser, path in (
        (client, "/login"),
        (client, "/demo"),
        (client, "/api/docs"),
        (client, "/nowhere"),
        (office, "/review?status=published"),
        (office, "/admin"),
    ):
        response = browser.get(path, headers={"Accept": "text/html"})
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "style-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        page = Page(response)
        assert page.what_could_run() == []
        assert not [a for _, a in page.tags for name in ("src", "href") if a.get(name, "").startswith("//")]
        assert page.having("html", lang="en")
        assert len(page.having("h1")) == 1
        assert page.having("main")
        assert page.having("a", href="#main")


@ONE_DATABASE
def test_turned_and_invisible_characters_are_shown_and_held_in_their_place(
    client: FlaskClient, office: FlaskClient, demo: MadeSite
) -> None:
    body = "free \u202egpj.exe\u202c and inv\u200bisible"
    client.post(demo.url, json=CLEAN | {"body": body}, headers=demo.bearer)
    page = Page(office.get("/review?status=published"))
    assert "[right-to-left override]" in page.text
    assert "[zero width space]" in page.text
    assert "\u202e" not in page.html
    assert page.having("div", **{"class": "body", "dir": "auto"})


@ONE_DATABASE
def test_who_is_lost_gets_a_page_and_a_program_gets_a_problem_document(client: FlaskClient) -> None:
    page = Page(client.get("/nowhere", headers={"Accept": "text/html"}))
    assert page.status == 404
    for path, accept in (("/api/v1/nowhere", "text/html"), ("/nowhere", "application/json")):
        response = client.get(path, headers={"Accept": accept})
        assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    response = client.put("/login", headers={"Accept": "text/html"})
    assert Page(response).status == 405
    assert "POST" in response.headers["Allow"]


@ONE_DATABASE
def test_a_moderator_has_no_way_into_the_admins_room(
    desk: FlaskClient, client: FlaskClient, moderator: MadePerson
) -> None:
    page = Page(desk.get("/admin"))
    assert page.status == 403
    assert "Only an admin may do this." in page.text
    assert not Page(desk.get("/review")).having("a", href="/admin")
    token = Page(desk.get("/review")).form("/logout").fields
    for path in ("/admin/retrain", "/admin/models/rollback", "/admin/models/starter/promote"):
        assert desk.post(path, data=token).status_code == 403


@ONE_DATABASE
def test_static_files_change_their_address_with_their_content(client: FlaskClient) -> None:
    (sheet,) = Page(client.get("/login")).having("link", rel="stylesheet")
    with client.get(sheet["href"]) as response:
        assert (response.status_code, response.mimetype) == (200, "text/css")
    assert "v=" in sheet["href"]
