"""The admin's room in a browser: a training is followed while it runs, also after a reload."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from moderation.services import Services
from moderation.tables import Job, JobState
from tests.e2e.conftest import Open
from tests.factories import make_person

pytestmark = pytest.mark.e2e


def advance(services: Services, state: JobState, progress: float, message: str) -> None:
    """Do what a worker does to its job."""
    with services.database.writing() as session:
        job = session.query(Job).one()
        job.state, job.progress, job.message = state, progress, message
        if state is JobState.SUCCEEDED:
            job.result = {"version": "model-7", "n_spam": 12, "n_ham": 34}


def test_the_progress_of_a_training_moves_and_survives_a_reload(services: Services, sign_in: Open) -> None:
    page = sign_in(make_person(services), "/admin/models")
    page.get_by_role("button", name="Retrain").click()
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    expect(page.get_by_role("button", name="Retrain")).to_be_disabled()
    advance(services, JobState.RUNNING, 0.5, "reading the comments")
    bar = page.get_by_role("progressbar", name="Progress of the retraining")
    expect(bar).to_have_js_property("value", 0.5)
    expect(page.get_by_text("reading the comments")).to_be_visible()
    page.reload()
    expect(bar).to_have_js_property("value", 0.5)
    advance(services, JobState.SUCCEEDED, 1.0, "")
    expect(page.get_by_text("Made model-7 from 12 spam and 34 genuine comments.")).to_be_visible()
    expect(page.get_by_role("button", name="Retrain")).to_be_enabled()


def test_without_scripts_the_page_offers_to_look_again(services: Services, sign_in: Open) -> None:
    page = sign_in(make_person(services), "/admin/models", java_script_enabled=False)
    page.get_by_role("button", name="Retrain").click()
    advance(services, JobState.RUNNING, 0.25, "reading the labels")
    page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("reading the labels")).to_be_visible()
