"""The admin's room: models, trainings, sites, people."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from moderation.learning.registry import live_version
from moderation.services import Services
from moderation.tables import Job, JobState
from tests.conftest import FakeClock
from tests.factories import MadePerson, MadeSite, post_id
from tests.learning.artifacts import add_model
from tests.pages.markup import Page


@pytest.fixture
def candidate(services: Services, clock: FakeClock, tmp_path: Path) -> str:
    """A model to which there are objections."""
    clock.advance(60)
    objections = ["it learnt from 3 spam labels only"]
    add_model(services.database, tmp_path / "candidates", "candidate-1", clock(), objections=objections)
    return "candidate-1"


def live(services: Services) -> str | None:
    """Return the version in force."""
    with services.database.reading() as session:
        return live_version(session)


def test_a_candidate_with_objections_goes_live_only_when_they_are_overruled_and_back(
    office: FlaskClient, services: Services, candidate: str
) -> None:
    starter = live(services)
    page = Page(office.get("/admin/models"))
    assert "it learnt from 3 spam labels only" in page.text
    form = page.form(f"/admin/models/{candidate}/promote")
    refused = Page(office.post(form.action, data=form.fields))
    assert refused.status == 409
    assert f"{candidate} is not promoted: it learnt from 3 spam labels only." in refused.text
    assert live(services) == starter
    response = office.post(form.action, data=form.fields | {"force": "1"})
    assert (response.status_code, response.location) == (303, "/admin/models")
    assert live(services) == candidate
    page = Page(office.get("/admin/models"))
    assert "against 1 objection" in page.text
    back = page.form("/admin/models/rollback")
    assert office.post(back.action, data=back.fields).status_code == 303
    assert live(services) == starter
    assert not [form for form in Page(office.get("/admin/models")).forms if "rollback" in form.action]
    refused = Page(office.post(back.action, data=back.fields))
    assert refused.status == 409
    assert "no earlier model" in refused.text


def test_a_training_is_ordered_once_and_followed(office: FlaskClient, services: Services, admin: MadePerson) -> None:
    form = Page(office.get("/admin")).form("/admin/retrain")
    assert office.post(form.action, data=form.fields).status_code == 303
    assert "a training is running (0 %)" in Page(office.get("/admin")).text
    page = Page(office.get("/admin/models"))
    (box,) = [a for _, a in page.tags if "data-job" in a]
    assert box["data-state"] == "queued"
    assert office.get(box["data-job"]).get_json()["state"] == "queued"
    assert page.having("progress", value="0.0")
    assert page.having("meta", **{"http-equiv": "refresh"})
    again = Page(office.post(form.action, data=form.fields))
    assert again.status == 409
    assert "trained already" in again.text
    with services.database.writing() as session:
        job = session.query(Job).one()
        assert job.created_by == admin.actor.person_id
        job.state, job.progress, job.message = JobState.FAILED, 0.4, "There is nothing to learn from."
    page = Page(office.get("/admin/models"))
    assert "There is nothing to learn from." in page.text
    assert not page.having("meta", **{"http-equiv": "refresh"})


def test_nothing_is_done_without_the_pages_token(office: FlaskClient, services: Services, candidate: str) -> None:
    starter = live(services)
    for path in ("/admin/retrain", "/admin/models/rollback", f"/admin/models/{candidate}/promote"):
        assert office.post(path, data={"force": "1"}).status_code == 403
    assert live(services) == starter


def test_sites_people_and_counts_are_listed(
    client: FlaskClient, office: FlaskClient, site: MadeSite, moderator: MadePerson, admin: MadePerson
) -> None:
    post_id(client, site)
    page = Page(office.get("/admin"))
    for expected in (moderator.actor.email, admin.actor.email, str(site.id), "https://blog.example.org", "1 pending"):
        assert expected in page.text
    (link,) = [a for a in page.having("a") if f"site={site.id}" in a["href"] and "pending" in a["href"]]
    assert Page(office.get(link["href"])).having("article")
