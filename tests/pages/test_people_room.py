"""People in the admin's room: invited by a link that works once, given access, shut out, and helped in again."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from moderation.services import Services
from moderation.tables import Role
from tests.conftest import FakeClock
from tests.factories import PASSWORD, MadePerson, MadeSite, make_person, make_site
from tests.pages.conftest import sign_in
from tests.pages.markup import Page

ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
NEW = {"password": "a password of my own", "again": "a password of my own"}


def link_in(response: TestResponse) -> str:
    """Return the path of the link that a page shows this once."""
    found = re.search(r'<code class="secret">http://localhost(/invitation/invite_[^<]+)</code>', response.text)
    assert found is not None, response.text
    return found[1]


def invite(office: FlaskClient, email: str = "new@example.org", **fields: Any) -> TestResponse:
    """Invite somebody."""
    token = Page(office.get("/admin/people")).form("/invite").fields["csrf_token"]
    return office.post("/admin/people/invite", data={"csrf_token": token, "email": email, **fields})


def test_an_invitation_sets_a_password_once_and_gives_the_sites_named(
    app: Flask, office: FlaskClient, services: Services, site: MadeSite
) -> None:
    other = make_site(services)
    link = link_in(invite(office, " New@Example.org ", role="moderator", sites=[str(site.id)]))
    guest = app.test_client()
    for _ in range(2):
        # A link scanner may look as often as it likes.
        page = Page(guest.get(link))
        assert "new@example.org" in page.text
    assert guest.get(link).headers["Referrer-Policy"] == "same-origin"
    for bad, told in (
        ({"password": "short", "again": "short"}, "10 to 1000 characters"),
        ({**NEW, "again": "something else entirely"}, "differ"),
    ):
        refused = Page(guest.post(link, data=bad))
        assert (refused.status, told in refused.text) == (422, True)
    assert guest.post(link, data=NEW, headers={"Origin": "https://evil.example"}).status_code == 403
    assert guest.post(link, data=NEW).location == "/login"
    assert guest.post("/login", data={"email": "new@example.org", "password": NEW["password"]}).status_code == 303
    queue = Page(guest.get("/review"))
    assert queue.having("option", value=str(site.id))
    assert not queue.having("option", value=str(other.id))
    assert guest.get("/admin/people").status_code == 403
    for answer in (guest.get(link), guest.post(link, data=NEW)):
        assert (answer.status_code, "does not open anything any more" in answer.text) == (404, True)
    told = Page(office.get("/admin/history/administration")).text
    assert "invited as moderator new@example.org" in told
    assert "accepted the invitation of new@example.org" in told


def test_links_end_by_age_by_a_newer_one_and_when_taken_back(app: Flask, office: FlaskClient, clock: FakeClock) -> None:
    guest = app.test_client()
    first = link_in(invite(office, role="admin"))
    second = link_in(invite(office, role="admin"))
    assert (guest.get(first).status_code, guest.get(second).status_code) == (404, 200)
    page = Page(office.get("/admin/people"))
    assert "new@example.org" in page.text
    assert second.rsplit("/", 1)[1] not in page.html
    back = page.form("/revoke")
    assert office.post(back.action, data=back.fields).status_code == 303
    assert guest.get(second).status_code == 404
    third = link_in(invite(office, role="admin"))
    clock.advance(2 * 86400)
    assert guest.get(third).status_code == 200
    clock.advance(5 * 86400)
    assert guest.get(third).status_code == 404


@ONE_DATABASE
def test_bad_invitations_are_refused_with_what_is_wrong(
    office: FlaskClient, moderator: MadePerson, site: MadeSite
) -> None:
    for fields, status, told in (
        ({"email": "no address", "role": "admin"}, 422, "@"),
        ({"email": moderator.actor.email, "role": "admin"}, 409, "already a person"),
        ({"role": "moderator"}, 422, "one site or more"),
        ({"role": "king"}, 422, "one of: admin, moderator"),
        ({"role": "moderator", "sites": ["x"]}, 404, "no such site"),
    ):
        page = Page(invite(office, **fields))
        assert (page.status, told in page.text) == (status, True)
    assert "Open links" not in Page(office.get("/admin/people")).text


def test_access_is_changed_at_once(
    app: Flask, office: FlaskClient, desk: FlaskClient, moderator: MadePerson, services: Services, site: MadeSite
) -> None:
    other = make_site(services)
    path = f"/admin/people/{moderator.actor.person_id}"
    token = {"csrf_token": Page(office.get(path)).form("/logout").fields["csrf_token"]}
    assert office.post(path, data=token | {"role": "moderator", "sites": [str(other.id)]}).status_code == 303
    queue = Page(desk.get("/review"))
    assert queue.having("option", value=str(other.id))
    assert not queue.having("option", value=str(site.id))
    assert office.post(path, data=token | {"role": "admin"}).status_code == 303
    assert desk.get("/admin").status_code == 200
    assert office.post(path, data={"role": "moderator"}).status_code == 403


def test_shut_out_means_no_session_no_token_no_password(
    app: Flask, office: FlaskClient, desk: FlaskClient, moderator: MadePerson
) -> None:
    path = f"/admin/people/{moderator.actor.person_id}"
    token = {"csrf_token": Page(office.get(path)).form("/disable").fields["csrf_token"]}
    assert office.post(f"{path}/disable", data=token).status_code == 303
    assert desk.get("/review").status_code == 303
    assert desk.get("/api/v1/queue", headers=moderator.bearer).status_code == 401
    credentials = {"email": moderator.actor.email, "password": PASSWORD}
    assert app.test_client().post("/login", data=credentials).status_code == 401
    assert office.post(f"{path}/enable", data=token).status_code == 303
    sign_in(app.test_client(), moderator)
    # The session that was ended stays so.
    assert desk.get("/review").status_code == 303


def test_there_is_always_an_admin_left(office: FlaskClient, admin: MadePerson, services: Services) -> None:
    path = f"/admin/people/{admin.actor.person_id}"
    token = {"csrf_token": Page(office.get(path)).form("/link").fields["csrf_token"]}
    refused = Page(office.post(path, data=token | {"role": "moderator"}))
    assert (refused.status, "is the only admin" in refused.text) == (409, True)
    refused = Page(office.post(f"{path}/disable", data=token))
    assert (refused.status, "cannot shut yourself out" in refused.text) == (409, True)
    make_person(services, Role.ADMIN)
    assert office.post(path, data=token | {"role": "moderator"}).status_code == 303
    assert office.get("/admin").status_code == 403


def test_a_forgotten_password_is_set_anew_by_link_and_ends_every_session(
    app: Flask, office: FlaskClient, desk: FlaskClient, moderator: MadePerson
) -> None:
    path = f"/admin/people/{moderator.actor.person_id}"
    form = Page(office.get(path)).form("/link")
    link = link_in(office.post(form.action, data=form.fields))
    guest = app.test_client()
    assert "every open session" in Page(guest.get(link)).text.lower()
    assert guest.post(link, data=NEW).status_code == 303
    assert desk.get("/review").status_code == 303
    assert guest.post("/login", data={"email": moderator.actor.email, "password": PASSWORD}).status_code == 401
    assert guest.post("/login", data={"email": moderator.actor.email, "password": NEW["password"]}).status_code == 303


def test_sessions_are_ended_and_tokens_revoked_by_an_admin(
    office: FlaskClient, desk: FlaskClient, moderator: MadePerson, client: FlaskClient
) -> None:
    page = Page(office.get(f"/admin/people/{moderator.actor.person_id}"))
    for action in ("/logout", "/revoke"):
        form = next(one for one in page.forms if one.action.endswith(action) and "people" in one.action)
        assert office.post(form.action, data=form.fields).status_code == 303
    assert desk.get("/review").status_code == 303
    assert client.get("/api/v1/queue", headers={**moderator.bearer, "Cookie": ""}).status_code == 401
