"""Sites in the admin's room: made, changed, and their keys shown once, rotated and revoked."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from moderation.services import Services
from moderation.tables import Site
from tests.conftest import FakeClock
from tests.factories import CLEAN, MadeSite, different, make_site
from tests.pages.markup import Page

ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def secret_in(response: TestResponse) -> str:
    """Return the key that a page shows this once."""
    found = re.search(r'<code class="secret">(site_[^<]+)</code>', response.text)
    assert found is not None, response.text
    return found[1]


def send(client: FlaskClient, path: str, key: str, number: int = 0) -> int:
    """Send a comment with a key and return the answer's status."""
    return client.post(path, json=different(number), headers={"Authorization": f"Bearer {key}"}).status_code


def test_a_site_is_made_and_its_keys_are_shown_once(client: FlaskClient, office: FlaskClient) -> None:
    form = Page(office.get("/admin/sites")).form("/admin/sites")
    fields = form.fields | {"name": "News", "origins": "https://news.example\nhttps://www.news.example"}
    made = office.post("/admin/sites", data=fields | {"name_required": "1"})
    assert made.status_code == 201
    path = re.search(r"/api/v1/sites/[0-9a-f-]+/comments", made.text)
    assert path is not None
    assert re.search(r'<code class="secret">[0-9a-f]{12}</code>', made.text)
    assert send(client, path[0], secret_in(made)) == 201
    # Its e-mail box was left unticked.
    anonymous = {k: v for k, v in CLEAN.items() if k != "author_email"}
    bearer = {"Authorization": f"Bearer {secret_in(made)}"}
    assert client.post(path[0], json=anonymous, headers=bearer).status_code == 201
    again = Page(office.get(f"/admin/sites/{path[0].split('/')[4]}"))
    assert secret_in(made) not in again.html
    assert "created the site News" in Page(office.get("/admin/history/administration")).text


@ONE_DATABASE
def test_a_bad_site_is_shown_again_with_what_is_wrong(office: FlaskClient, services: Services) -> None:
    form = Page(office.get("/admin/sites")).form("/admin/sites")
    page = Page(
        office.post("/admin/sites", data=form.fields | {"name": "News", "origins": "news\nhttps://a.example x"})
    )
    assert page.status == 422
    assert "'news' is no web address" in page.text
    assert "'x' is no web address" in page.text
    assert page.form("/admin/sites").fields["name"] == "News"
    site = make_site(services)
    page = Page(office.post(f"/admin/sites/{site.id}", data=form.fields | {"name": "", "origins": "https://a.example"}))
    assert (page.status, "A name has 1 to 200" in page.text) == (422, True)


def test_a_site_is_changed_and_the_change_is_told(office: FlaskClient, client: FlaskClient, services: Services) -> None:
    site = make_site(services)
    form = Page(office.get(f"/admin/sites/{site.id}")).form(f"/admin/sites/{site.id}")
    edit = next(f for f in Page(office.get(f"/admin/sites/{site.id}")).forms if f.action == f"/admin/sites/{site.id}")
    fields = {
        "csrf_token": form.fields["csrf_token"],
        "name": "Renamed",
        "origins": "https://new.example",
        "name_required": "1",
    }
    assert office.post(edit.action, data=fields).status_code == 303
    visitor = {"Origin": "https://new.example"}
    assert client.post(site.url, json=CLEAN, headers=visitor).status_code == 201
    assert client.post(site.url, json=CLEAN, headers={"Origin": "https://blog.example.org"}).status_code == 403
    told = Page(office.get("/admin/history/administration")).text
    assert "changed name, origins, email required of the site Renamed" in told


def test_a_key_is_rotated_with_a_days_grace_and_revoked_at_once(
    office: FlaskClient, client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    site = make_site(services)
    page = Page(office.get(f"/admin/sites/{site.id}"))
    rotations = [form for form in page.forms if form.action.endswith("/rotate")]
    assert len(rotations) == 2
    # The server's key stands behind Akismet's.
    rotated = office.post(rotations[1].action, data=rotations[1].fields)
    new = secret_in(rotated)
    assert send(client, site.url, site.key, 1) == send(client, site.url, new, 2) == 201
    clock.advance(86400 + 1)
    assert (send(client, site.url, site.key, 3), send(client, site.url, new, 4)) == (401, 201)
    keys = [form for form in Page(office.get(f"/admin/sites/{site.id}")).forms if form.action.endswith("/revoke")]
    for form in keys:
        assert office.post(form.action, data=form.fields).status_code == 303
    assert send(client, site.url, new, 5) == 401
    assert "There is no key" in Page(office.get(f"/admin/sites/{site.id}")).text


@ONE_DATABASE
def test_a_replay_key_ends_by_itself_and_purposes_are_checked(
    office: FlaskClient, services: Services, clock: FakeClock
) -> None:
    site, other = make_site(services), make_site(services)
    form = Page(office.get(f"/admin/sites/{site.id}")).form("/keys")
    keys = f"/admin/sites/{site.id}/keys"
    token = {"csrf_token": form.fields["csrf_token"]}
    assert office.post(keys, data=token | {"purpose": "replay"}).status_code == 201
    assert office.post(keys, data=token | {"purpose": "root"}).status_code == 422
    theirs = next(f for f in Page(office.get(f"/admin/sites/{other.id}")).forms if f.action.endswith("/revoke"))
    wrong = theirs.action.replace(str(other.id), str(site.id))
    assert office.post(wrong, data=token).status_code == 404
    for path in (keys, theirs.action, f"/admin/sites/{site.id}", "/admin/sites", f"/admin/sites/{site.id}/trust"):
        assert office.post(path, data={"name": "x", "origins": "https://x.example"}).status_code == 403


@ONE_DATABASE
def test_a_broken_promise_is_trusted_again_by_an_admin(
    office: FlaskClient, services: Services, site: MadeSite, clock: FakeClock
) -> None:
    with services.database.writing() as session:
        session.get_one(Site, site.id).held_since = clock()
    form = Page(office.get(f"/admin/sites/{site.id}")).form("/trust")
    assert office.post(form.action, data=form.fields).status_code == 303
    with services.database.reading() as session:
        assert session.get_one(Site, site.id).held_since is None
    assert "trusted the judge again at" in Page(office.get("/admin/history/administration")).text
