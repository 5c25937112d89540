"""Webhooks over the API."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from moderation.services import Services
from moderation.tables import DeliveryState, Role, WebhookDelivery
from tests.factories import MadePerson, MadeSite, make_person, make_site, post

URL = "https://example.org/hook"


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site."""
    return make_site(services)


@pytest.fixture
def admin(services: Services) -> MadePerson:
    """An admin."""
    return make_person(services)


def make(client: FlaskClient, site: MadeSite, admin: MadePerson, **fields: Any) -> dict[str, Any]:
    answer = client.post(f"/api/v1/sites/{site.id}/webhooks", json={"url": URL, **fields}, headers=admin.bearer)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.get_json()
    return made


def test_made_listed_changed_and_removed(client: FlaskClient, site: MadeSite, admin: MadePerson) -> None:
    address = f"/api/v1/sites/{site.id}/webhooks"
    made = make(client, site, admin, events=["spam", "published"])
    assert made["secret"].startswith("whsec_")
    assert (made["url"], made["events"], made["enabled"]) == (URL, ["published", "spam"], True)
    (listed,) = client.get(address, headers=admin.bearer).get_json()["webhooks"]
    assert "secret" not in listed
    assert listed["id"] == made["id"]
    one = f"{address}/{made['id']}"
    changed = client.patch(one, json={"enabled": False, "events": ["pending"]}, headers=admin.bearer).get_json()
    assert (changed["enabled"], changed["events"], changed["url"]) == (False, ["pending"], URL)
    renewed = client.post(f"{one}/secret", headers=admin.bearer).get_json()
    assert renewed["secret"] != made["secret"]
    assert client.delete(one, headers=admin.bearer).status_code == 204
    assert client.get(address, headers=admin.bearer).get_json() == {"webhooks": []}
    assert client.delete(one, headers=admin.bearer).status_code == 404


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"url": "ftp://example.org/"}, "url"),
        ({"url": "nowhere"}, "url"),
        ({"url": "https://user:word@example.org/"}, "url"),
        ({"url": "https://example.org/#there"}, "url"),
        ({"url": "https://exämple.org/"}, "url"),
        ({"url": "https://example.org/" + "a" * 3000}, "url"),
        ({"url": "https://example.org/\r\nHost: other"}, "url"),
        ({"events": []}, "events"),
        ({"events": ["deleted"]}, "events.0"),
        ({"secret": "mine"}, "secret"),
    ],
)
def test_what_is_wrong_is_named(
    client: FlaskClient, site: MadeSite, admin: MadePerson, fields: dict[str, Any], field: str
) -> None:
    answer = client.post(f"/api/v1/sites/{site.id}/webhooks", json={"url": URL, **fields}, headers=admin.bearer)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.get_json()["errors"]] == [field]


def test_a_site_has_so_many_and_no_more(client: FlaskClient, site: MadeSite, admin: MadePerson) -> None:
    for _ in range(20):
        make(client, site, admin)
    answer = client.post(f"/api/v1/sites/{site.id}/webhooks", json={"url": URL}, headers=admin.bearer)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "too_many")


def test_deliveries_are_listed_and_sent_again(
    client: FlaskClient, services: Services, site: MadeSite, admin: MadePerson
) -> None:
    made = make(client, site, admin)
    post(client, site)
    post(client, site, body="A second loaf, which was even better than the first.")
    address = f"/api/v1/sites/{site.id}/webhooks/{made['id']}/deliveries"
    page = client.get(address, query_string={"limit": 1}, headers=admin.bearer).get_json()
    assert len(page["deliveries"]) == 1
    rest = client.get(address, query_string={"cursor": page["next"]}, headers=admin.bearer).get_json()
    assert rest["next"] is None
    (delivery,) = rest["deliveries"]
    assert (delivery["event"], delivery["version"], delivery["state"]) == ("comment.published", 1, "waiting")
    with services.database.writing() as session:
        failed = {"state": DeliveryState.FAILED, "attempts": 11, "answer": "gone", "settled_at": services.clock()}
        session.execute(update(WebhookDelivery).values(failed))
    found = client.get(address, query_string={"state": "failed"}, headers=admin.bearer).get_json()["deliveries"]
    assert [one["answer"] for one in found] == ["gone", "gone"]
    again = client.post(f"{address}/{delivery['id']}/resend", headers=admin.bearer)
    assert (again.status_code, again.get_json()["state"], again.get_json()["attempts"]) == (202, "waiting", 0)


def test_only_an_admin_and_only_the_sites_own(
    client: FlaskClient, services: Services, site: MadeSite, admin: MadePerson
) -> None:
    made = make(client, site, admin)
    moderator = make_person(services, Role.MODERATOR, site)
    other = make_site(services)
    address = f"/api/v1/sites/{site.id}/webhooks"
    assert client.get(address).status_code == 401
    assert client.get(address, headers=moderator.bearer).status_code == 403
    assert client.get(address, headers=site.bearer).status_code == 401
    for path in ("", "/deliveries", "/secret"):
        elsewhere = f"/api/v1/sites/{other.id}/webhooks/{made['id']}{path}"
        send = client.get if path == "/deliveries" else client.post if path else client.delete
        assert send(elsewhere, headers=admin.bearer).status_code == 404
