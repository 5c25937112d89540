"""Taking back a moderator, or a day: the labels are as if they had never been."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from moderation.commands import main
from moderation.learning.labels import labelled_comments
from moderation.policy.rules import Rules
from moderation.services import Services
from moderation.tables import Role
from tests.conftest import FakeClock
from tests.factories import MadePerson, MadeSite, different, make_person, make_site, post_id


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site that publishes nothing unseen."""
    return make_site(services, rules=Rules(hold_everything=True))


@pytest.fixture
def ann(services: Services, site: MadeSite) -> MadePerson:
    """A moderator."""
    return make_person(services, Role.MODERATOR, site)


@pytest.fixture
def ben(services: Services, site: MadeSite) -> MadePerson:
    """Another."""
    return make_person(services, Role.MODERATOR, site)


def decide(client: FlaskClient, person: MadePerson, comment: uuid.UUID, action: str) -> None:
    answer = client.post(f"/api/v1/comments/{comment}/decision", json={"action": action}, headers=person.bearer)
    assert answer.status_code == 200


def labels(services: Services) -> list[tuple[str, str]]:
    """What training would read."""
    with services.database.reading() as session:
        return [(one.sample.body, one.label.value) for one in labelled_comments(session)]


def undo(runner: CliRunner, *arguments: str) -> dict[str, object]:
    done = runner.invoke(main, ["undo", *arguments, "--yes", "--json"])
    assert done.exit_code == 0, done.stderr
    record: dict[str, object] = json.loads(done.stdout)
    return record


def test_a_moderator_is_taken_back_and_so_is_that(
    runner: CliRunner, services: Services, client: FlaskClient, site: MadeSite, ann: MadePerson, ben: MadePerson
) -> None:
    admin = make_person(services)
    ours, theirs, both = (post_id(client, site, **different(number)) for number in range(3))
    decide(client, ben, theirs, "publish")
    never = labels(services)
    decide(client, ann, ours, "spam")
    decide(client, ann, both, "publish")
    decide(client, ben, both, "spam")
    contested = [*never, *[one for one in labels(services) if one[1] == "spam"][-1:]]
    record = undo(runner, "--by", ann.actor.email, "--as", admin.actor.email)
    assert (record["undone"], record["left"]) == (1, 0)
    assert sorted(labels(services)) == sorted(contested)
    assert undo(runner, "--by", ann.actor.email, "--as", admin.actor.email)["undone"] == 0
    again = client.post(f"/api/v1/batches/{record['batch']}/undo", json={}, headers=admin.bearer)
    assert again.status_code == 200
    assert len(labels(services)) == 3


def test_a_day_is_taken_back(
    runner: CliRunner, services: Services, client: FlaskClient, site: MadeSite, ann: MadePerson, clock: FakeClock
) -> None:
    admin = make_person(services)
    first, second = (post_id(client, site, **different(number)) for number in range(2))
    decide(client, ann, first, "publish")
    before = labels(services)
    clock.advance(timedelta(days=1).total_seconds())
    decide(client, ann, second, "spam")
    day = clock().date().isoformat()
    assert undo(runner, "--on", day, "--as", admin.actor.email)["undone"] == 1
    assert labels(services) == before


def test_who_and_which_day_must_be_said(
    runner: CliRunner, services: Services, client: FlaskClient, site: MadeSite, ann: MadePerson
) -> None:
    admin = make_person(services)
    assert runner.invoke(main, ["undo", "--as", admin.actor.email]).exit_code == 2
    nobody = runner.invoke(main, ["undo", "--by", "nobody@example.org", "--as", admin.actor.email, "--yes"])
    assert (nobody.exit_code, nobody.stderr) == (1, "Error: There is nobody with the address nobody@example.org.\n")
    mere = runner.invoke(main, ["undo", "--by", ann.actor.email, "--as", ann.actor.email, "--yes"])
    assert (mere.exit_code, mere.stderr) == (1, "Error: Only an admin may do this.\n")
    decide(client, ann, post_id(client, site), "spam")
    asked = runner.invoke(main, ["undo", "--by", ann.actor.email, "--as", admin.actor.email])
    assert asked.exit_code == 2
    assert "1 decisions would be taken back. Say so with --yes." in asked.stderr
