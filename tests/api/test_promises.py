"""The promise over HTTP and on the command line: what holds, what is left to read, what a budget buys."""

from __future__ import annotations

import itertools
import json
import uuid
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import update

from model.budget import offers as offers_of
from model.promise import Terms
from moderation.policy.rules import Rules
from moderation.services import Services
from moderation.tables import Comment, Role
from tests.conftest import FakeClock
from tests.factories import MadePerson, MadeSite, different, make_person, make_site, post_id

_NUMBERS = itertools.count()


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site that promises little."""
    return make_site(services, rules=Rules(max_ham_as_spam=0.02, max_spam_in_published=0.05))


@pytest.fixture
def person(services: Services, site: MadeSite) -> MadePerson:
    """The site's moderator."""
    return make_person(services, Role.MODERATOR, site)


def _receive(services: Services, client: FlaskClient, site: MadeSite, probabilities: list[float]) -> None:
    """Let comments come in, and the judge have thought this of them."""
    for given in probabilities:
        comment = post_id(client, site, different(next(_NUMBERS)))
        with services.database.writing() as session:
            session.execute(update(Comment).where(Comment.id == comment).values(spam_probability=given))


def test_a_site_is_told_its_own_promise(
    services: Services, client: FlaskClient, site: MadeSite, person: MadePerson
) -> None:
    answer = client.get(f"/api/v1/sites/{site.id}/promise", headers=person.bearer).get_json()
    scorer = services.live_model.scorer()
    assert scorer is not None
    solved = scorer.promise(Terms(0.02, 0.05, 0.95))
    assert answer["model"] == scorer.version
    assert (answer["publish_below"], answer["spam_above"]) == (solved.cuts.publish_below, solved.cuts.spam_above)
    assert solved.cuts != scorer.cuts
    assert answer["promise"]["max_ham_as_spam"] == 0.02
    assert answer["promise"]["n_ham"] > 30_000
    assert answer["reviews_per_day"] is None
    assert answer["offers"] == []


def test_what_is_left_to_read_is_counted_and_a_budget_buys_a_promise(
    services: Services, client: FlaskClient, clock: FakeClock
) -> None:
    site = make_site(services)
    person = make_person(services, Role.MODERATOR, site)
    clock.advance(timedelta(days=2).total_seconds())
    scorer = services.live_model.scorer()
    assert scorer is not None
    ladder = offers_of(scorer.held_out, "", [], 1.0)
    # What only the strictest promise leaves to read.
    nearly_spam = 0.5 * (ladder[0].promise.cuts.spam_above + ladder[1].promise.cuts.spam_above)
    _receive(services, client, site, [0.001] * 6 + [0.3] * 4 + [nearly_spam] * 2)
    url = f"/api/v1/sites/{site.id}/promise"
    answer = client.get(f"{url}?reviews_per_day=100", headers=person.bearer).get_json()
    assert answer["comments"] == 12
    assert answer["days"] == pytest.approx(2.0, abs=0.01)
    assert answer["reviews_per_day"] == pytest.approx(2.0, abs=0.01)
    offers = answer["offers"]
    assert [one["terms"]["max_ham_as_spam"] for one in offers] == sorted(
        one["terms"]["max_ham_as_spam"] for one in offers
    )
    assert answer["bought"] == offers[0]
    few = client.get(f"{url}?reviews_per_day=2.5", headers=person.bearer).get_json()["bought"]
    assert few["reviews_per_day"] <= 2.5
    assert few["terms"]["max_ham_as_spam"] > offers[0]["terms"]["max_ham_as_spam"]
    assert client.get(f"{url}?reviews_per_day=0", headers=person.bearer).get_json()["bought"]["reviews_per_day"] == 0


def test_others_learn_nothing_and_a_bad_budget_is_named(
    services: Services, client: FlaskClient, site: MadeSite, person: MadePerson
) -> None:
    url = f"/api/v1/sites/{site.id}/promise"
    stranger = make_person(services, Role.MODERATOR, make_site(services))
    assert client.get(url).status_code == 401
    assert client.get(url, headers=stranger.bearer).status_code == 404
    assert client.get(f"/api/v1/sites/{uuid.uuid4()}/promise", headers=person.bearer).status_code == 404
    bad = client.get(f"{url}?reviews_per_day=-1", headers=person.bearer)
    assert bad.status_code == 422
    assert bad.get_json()["errors"][0]["field"] == "reviews_per_day"


def test_the_cuts_of_the_promise_decide(services: Services, client: FlaskClient, site: MadeSite) -> None:
    """The same comment is decided by a lenient promise and held by a strict one."""
    scorer = services.live_model.scorer()
    assert scorer is not None
    strict = make_site(services, rules=Rules(max_ham_as_spam=1e-6))
    assert scorer.promise(Terms(1e-6)).missing_ham > 0
    spam = {**different(next(_NUMBERS)), "body": "buy cheap viagra online casino bonus", "author_name": "cheap viagra"}
    lenient_answer = client.post(site.url, json=spam, headers=site.bearer).get_json()
    strict_answer = client.post(strict.url, json=spam, headers=strict.bearer).get_json()
    assert lenient_answer["status"] == "spam"
    assert strict_answer["status"] == "pending"
    assert lenient_answer["spam_probability"] == strict_answer["spam_probability"]


def test_the_command_line_tells_the_same(runner: CliRunner, tmp_path: object) -> None:
    from moderation.commands import main  # noqa: PLC0415 -- reads the environment that `runner` sets

    assert runner.invoke(main, ["init"]).exit_code == 0
    made = json.loads(
        runner.invoke(main, ["sites", "create", "Blog", "--origin", "https://blog.example.org", "--json"]).stdout
    )
    told = runner.invoke(main, ["promise", "--site", made["id"], "--reviews-per-day", "60"])
    assert told.exit_code == 0, told.output
    assert "at most 0.50% are kept as spam" in told.output
    record = json.loads(runner.invoke(main, ["promise", "--site", made["id"], "--json"]).stdout)
    assert record["promise"]["cuts"]["spam_above"] == record["spam_above"]
    unknown = runner.invoke(main, ["promise", "--site", str(uuid.uuid4())])
    assert unknown.exit_code == 1
    assert "site" in unknown.output
