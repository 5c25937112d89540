"""Reading threads and counts over HTTP: what may be kept, and when it must be fetched anew."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from moderation.exchange.erasure import erase
from moderation.policy.rules import Rules
from moderation.services import Services
from tests.factories import CLEAN, MadePerson, MadeSite, make_person, make_site, post_id

PLACES = ("/api/v1/sites/{site}/comments", "/sites/{site}/thread", "/sites/{site}/feed.atom")
Change = Callable[[FlaskClient, Services, MadeSite, MadePerson, str], object]


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site that publishes whatever comes."""
    return make_site(services, rules=Rules(publish_below=1.0, spam_above=1.0))


def _add(client: FlaskClient, _services: Services, site: MadeSite, _admin: MadePerson, _comment: str) -> None:
    post_id(client, site, author_email="joe@example.com")


def _take_down(client: FlaskClient, _services: Services, _site: MadeSite, admin: MadePerson, comment: str) -> None:
    path = f"/api/v1/comments/{comment}/decision"
    assert client.post(path, json={"action": "reject"}, headers=admin.bearer).status_code == 200


def _erase(client: FlaskClient, services: Services, _site: MadeSite, _admin: MadePerson, _comment: str) -> None:
    assert erase(services.database, CLEAN["author_email"], services.clock).comments == 1


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("change", [_add, _take_down, _erase])
def test_what_has_not_changed_is_not_sent_again(
    client: FlaskClient, services: Services, site: MadeSite, place: str, change: Change
) -> None:
    admin = make_person(services)
    comment = post_id(client, site)
    post_id(client, site, author_email="reply@example.com", parent_id=str(comment))
    path = place.format(site=site.id)
    asked = {"query_string": {"thread": CLEAN["thread"]}}
    first = client.get(path, **asked)
    assert first.headers["Cache-Control"] == "public, no-cache"
    again = client.get(path, **asked, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    change(client, services, site, admin, str(comment))
    anew = client.get(path, **asked, headers={"If-None-Match": first.headers["ETag"]})
    assert anew.status_code == 200
    assert anew.headers["ETag"] != first.headers["ETag"]
    assert anew.data != first.data


def test_counts_are_sent_again_only_when_they_change(client: FlaskClient, site: MadeSite) -> None:
    path = f"/api/v1/sites/{site.id}/counts"
    asked = {"query_string": [("thread", "/bread"), ("thread", "/soup")]}
    first = client.get(path, **asked)
    assert first.get_json() == {"counts": {"/bread": 0, "/soup": 0}}
    tag = {"If-None-Match": first.headers["ETag"]}
    assert client.get(path, **asked, headers=tag).status_code == 304
    post_id(client, site)
    assert client.get(path, **asked, headers=tag).get_json() == {"counts": {"/bread": 1, "/soup": 0}}


@pytest.mark.parametrize("place", [*PLACES, "/api/v1/sites/{site}/counts"])
def test_any_page_may_read_what_is_public(client: FlaskClient, site: MadeSite, place: str) -> None:
    path = f"{place.format(site=site.id)}?thread=/bread"
    for headers in ({}, {"If-None-Match": client.get(path).headers["ETag"]}):
        response = client.get(path, headers={"Origin": "https://reader.example"} | headers)
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Set-Cookie" not in response.headers
