"""A site that publishes nothing unseen, its moderator, an admin, and browsers in which they are signed in."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from moderation.policy.rules import Rules
from moderation.services import Services
from moderation.tables import Role
from tests.factories import PASSWORD, MadePerson, MadeSite, make_person, make_site


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site that publishes nothing unseen."""
    return make_site(services, rules=Rules(hold_everything=True, spam_above=1.0))


@pytest.fixture
def moderator(services: Services, site: MadeSite) -> MadePerson:
    """The site's moderator."""
    return make_person(services, Role.MODERATOR, site)


@pytest.fixture
def admin(services: Services) -> MadePerson:
    """An admin."""
    return make_person(services, Role.ADMIN)


def sign_in(client: FlaskClient, person: MadePerson) -> FlaskClient:
    """Sign a browser in."""
    response = client.post("/login", data={"email": person.actor.email, "password": PASSWORD})
    assert response.status_code == 303
    return client


@pytest.fixture
def desk(client: FlaskClient, moderator: MadePerson) -> FlaskClient:
    """The moderator's browser."""
    return sign_in(client, moderator)


@pytest.fixture
def office(app: Flask, admin: MadePerson) -> FlaskClient:
    """The admin's browser."""
    return sign_in(app.test_client(), admin)
