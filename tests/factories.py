"""Sites, people and comments for tests: real rows, made by the use cases themselves."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from moderation.people.access import Actor
from moderation.people.sites import create_site
from moderation.people.users import actor_of, create_person, create_token
from moderation.policy.rules import Rules, change_rules
from moderation.services import Services
from moderation.tables import Role, Site

ORIGIN = "https://blog.example.org"
PASSWORD = "correct horse battery"
_NUMBERS = itertools.count(1)

CLEAN = {
    "thread": "/bread",
    "author_name": "Mary Miller",
    "author_email": "mary@example.com",
    "body": "I tried your sourdough recipe on Sunday and let the dough rest overnight. The crust came out great, thanks!",
}
SPAM = {
    "thread": "/bread",
    "author_name": "cheap viagra online",
    "author_email": "seo4471@example.net",
    "author_url": "http://cheap-viagra-pills-online.example.com/buy/",
    "body": "Buy cheap viagra online without prescription! Best casino bonus, payday loans http://buy-pills.example.com/ "
    "http://casino-bonus.example.net/ visit my site now for discount replica watches",
}


@dataclass(frozen=True, slots=True)
class MadeSite:
    """A site with its secrets."""

    id: uuid.UUID
    key: str
    akismet_key: str

    @property
    def url(self) -> str:
        """Where its comments go."""
        return f"/api/v1/sites/{self.id}/comments"

    @property
    def bearer(self) -> dict[str, str]:
        """The header of its server."""
        return {"Authorization": f"Bearer {self.key}"}


@dataclass(frozen=True, slots=True)
class MadePerson:
    """A person with a token."""

    actor: Actor
    token: str

    @property
    def bearer(self) -> dict[str, str]:
        """The header of their token."""
        return {"Authorization": f"Bearer {self.token}"}


def make_site(services: Services, *, origin: str = ORIGIN, rules: Rules | None = None, **options: Any) -> MadeSite:
    """Make a site, with rules of its own if any are given."""
    with services.database.writing() as session:
        new = create_site(session, f"Blog {next(_NUMBERS)}", [origin], services.clock(), **options)
        if rules is not None:
            change_rules(session, session.get_one(Site, new.site.id), rules, None, services.clock())
        return MadeSite(new.site.id, new.key, new.akismet_key)


def make_person(services: Services, role: Role = Role.ADMIN, *sites: MadeSite) -> MadePerson:
    """Make an admin or a moderator of the sites."""
    email = f"{role.value}{next(_NUMBERS)}@example.org"
    with services.database.writing() as session:
        person = create_person(session, email, role, [site.id for site in sites], PASSWORD, services.clock())
        return MadePerson(actor_of(session, person.id), create_token(session, email, services.clock()))


def post(client: FlaskClient, site: MadeSite, fields: dict[str, Any] | None = None, **changes: Any) -> TestResponse:
    """Send a comment as the site's server; by default a clean one."""
    return client.post(site.url, json={**(fields or CLEAN), **changes}, headers=site.bearer)


def post_id(client: FlaskClient, site: MadeSite, fields: dict[str, Any] | None = None, **changes: Any) -> uuid.UUID:
    """Send a comment as the site's server and return its id."""
    response = post(client, site, fields, **changes)
    assert response.status_code == 201, response.get_data(as_text=True)
    return uuid.UUID(response.get_json()["id"])


def different(number: int) -> dict[str, Any]:
    """Return a clean comment unlike any other number's."""
    return {**CLEAN, "body": f"{CLEAN['body']} This is note {number}.", "author_email": f"reader{number}@example.com"}
