"""A model's own page: its report and pictures, what it left out, and where it differs from the live one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from moderation.learning.left_out import read_left_out
from moderation.learning.registry import live_version
from moderation.learning.retrain import retrain
from moderation.policy.rules import Rules
from moderation.services import Services
from moderation.tables import ModelFile
from tests.conftest import FakeClock
from tests.factories import CLEAN, SPAM, MadePerson, MadeSite, different, make_site, post_id
from tests.learning.artifacts import add_model
from tests.pages.markup import Page

ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site that holds everything."""
    return make_site(services, rules=Rules(hold_everything=True, spam_above=1.0, max_links=None))


@pytest.fixture
def candidate(services: Services, clock: FakeClock, tmp_path: Path) -> str:
    """A model with a report."""
    clock.advance(60)
    add_model(services.database, tmp_path / "candidates", "candidate-1", clock(), objections=["it learnt too little"])
    report = {
        "all": {},
        "by_site": {},
        "live": {"all": {"roc_auc": 0.9, "brier": 0.1}, "changed": {"pending → spam": 3}},
    }
    with services.database.writing() as session:
        session.merge(ModelFile(version="candidate-1", name="report.json", content=json.dumps(report).encode()))
        session.merge(ModelFile(version="candidate-1", name="roc.svg", content=PICTURE))
        session.merge(ModelFile(version="candidate-1", name="other.svg", content=PICTURE))
    return "candidate-1"


@ONE_DATABASE
def test_a_report_is_shown_and_its_pictures_can_run_nothing(office: FlaskClient, candidate: str) -> None:
    page = Page(office.get(f"/admin/models/{candidate}"))
    assert "it learnt too little" in page.text
    assert "pending → spam: 3" in page.text
    (picture,) = page.having("img", alt="Spam caught against genuine comments hit")
    response = office.get(picture["src"])
    assert (response.mimetype, response.data) == ("image/svg+xml", PICTURE)
    policy = response.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    for name in ("other.svg", "weights.npz", "../x"):
        assert office.get(f"/admin/models/{candidate}/pictures/{name}").status_code == 404
    assert office.get("/admin/models/nowhere").status_code == 404


def test_the_comments_on_which_two_models_differ_are_named(
    client: FlaskClient, office: FlaskClient, services: Services, candidate: str, tmp_path: Path, clock: FakeClock
) -> None:
    # The site's cuts are those of the models; the candidate of the tests judges otherwise than the starter.
    site = make_site(services, rules=Rules(max_links=None))
    comment = post_id(client, site, SPAM)
    page = Page(office.get(f"/admin/models/{candidate}/compare"))
    assert "1 of the newest 1 comments would be treated otherwise spam → published: 1" in page.text
    assert page.having("a", href=f"/review/comments/{comment}")
    live = services.live_model.scorer()
    assert live is not None
    assert "nothing to compare" in Page(office.get(f"/admin/models/{live.version}/compare")).text


def test_labels_that_contradict_each_other_are_told_with_their_comments(
    client: FlaskClient, office: FlaskClient, services: Services, site: MadeSite, admin: MadePerson
) -> None:
    genuine, copy = post_id(client, site, CLEAN), post_id(client, site, CLEAN, thread="/other", author_name="Copy")
    others = [
        post_id(client, site, different(n), body=f"{'word' * n} number {n} of many other words") for n in range(3)
    ]
    spam = [post_id(client, site, SPAM, thread=f"/{n}", body=f"{SPAM['body']} {'x' * n}") for n in range(2)]
    for comment, action in [
        (genuine, "publish"),
        (copy, "spam"),
        *((o, "publish") for o in others),
        *((s, "spam") for s in spam),
    ]:
        client.post(f"/api/v1/comments/{comment}/decision", json={"action": action}, headers=admin.bearer)
    made = retrain(services.database, services.settings.models, services.clock)
    with services.database.reading() as session:
        groups = read_left_out(session, made["version"])
        assert groups == [{"spam": [copy], "ham": [genuine]}]
        assert live_version(session) != made["version"]
    page = Page(office.get(f"/admin/models/{made['version']}"))
    for comment in (genuine, copy):
        assert page.having("a", href=f"/review/comments/{comment}")
    assert page.having("img")
    assert "Compare on recent comments" in page.text
