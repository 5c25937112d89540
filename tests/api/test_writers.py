"""What a writer's own browser may do with a comment: change it or take it back, for a while."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from moderation.counters import status_counts
from moderation.exchange.erasure import erase
from moderation.policy.rules import Rules
from moderation.review.history import fold
from moderation.services import Services
from moderation.tables import Band, Comment, Decision, EarlierText, Status
from tests.conftest import FakeClock
from tests.factories import CLEAN, ORIGIN, SPAM, MadeSite, make_person, make_site

HOME = {"Origin": ORIGIN}
LATER = "On second thought, an hour of rest would have been enough; the crumb was a little dense for my taste."


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site that tells spam from the rest."""
    return make_site(services, rules=Rules(publish_below=0.5, spam_above=0.5, max_links=None))


def write(client: FlaskClient, site: MadeSite, clock: FakeClock, **changes: str) -> dict[str, Any]:
    """Send a comment as our own script does."""
    form = client.get(f"/api/v1/sites/{site.id}/form?thread=/bread", headers=HOME).get_json()
    clock.advance(20)
    sent = CLEAN | changes | {"form_token": form["form_token"]}
    response = client.post(site.url, json=sent, headers=HOME)
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.get_json()
    return answer


def change(client: FlaskClient, site: MadeSite, answer: dict[str, Any], body: str = LATER) -> TestResponse:
    """Change the text."""
    headers = HOME | {"Edit-Token": answer["edit_token"]}
    return client.patch(f"{site.url}/{answer['id']}", json={"body": body}, headers=headers)


def take_back(client: FlaskClient, site: MadeSite, answer: dict[str, Any]) -> TestResponse:
    """Take the comment back."""
    return client.delete(f"{site.url}/{answer['id']}", headers=HOME | {"Edit-Token": answer["edit_token"]})


def only(services: Services) -> Comment:
    """Return the one comment, whose columns say what its decisions add up to."""
    with services.database.reading() as session:
        comment = session.scalars(select(Comment)).one()
        decisions = session.scalars(select(Decision).order_by(Decision.number)).all()
        standing = fold(decisions)
        assert (comment.status, comment.version, comment.label) == (standing.status, standing.version, standing.label)
        assert status_counts(session)[comment.status] == 1
        return comment


def texts(client: FlaskClient, site: MadeSite) -> list[str]:
    """Return what the public reads."""
    return [c["body"] for c in client.get(f"{site.url}?thread=/bread").get_json()["comments"]]


def test_the_form_says_what_it_asks_for(client: FlaskClient, services: Services) -> None:
    site = make_site(services, email_required=False, rules=Rules(edit_minutes=3, close_after_days=1))
    response = client.get(f"/api/v1/sites/{site.id}/form?thread=/bread", headers=HOME)
    form = response.get_json()
    assert form.pop("form_token")
    wanted = {"name_required": True, "email_required": False, "edit_minutes": 3, "notices": False, "closed": False}
    assert form == wanted
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cache-Control"] == "no-store"


def test_only_our_own_form_is_told_how_to_change_a_comment(
    client: FlaskClient, site: MadeSite, clock: FakeClock
) -> None:
    answer = write(client, site, clock)
    assert answer.keys() == {"id", "status", "created_at", "edit_token", "edit_until"}
    plain = client.post(site.url, json=CLEAN | {"author_email": "joe@example.com"}, headers=HOME).get_json()
    assert plain.keys() == {"id", "status", "created_at"}


def test_a_repeated_request_is_told_the_same_token(client: FlaskClient, site: MadeSite, clock: FakeClock) -> None:
    form = client.get(f"/api/v1/sites/{site.id}/form?thread=/bread").get_json()
    clock.advance(20)
    sent = {"json": CLEAN | {"form_token": form["form_token"]}, "headers": HOME | {"Idempotency-Key": "one"}}
    answers = [client.post(site.url, **sent).get_json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0]["edit_token"]


def test_a_changed_comment_is_read_as_changed_and_keeps_what_it_said(
    client: FlaskClient, services: Services, site: MadeSite, clock: FakeClock
) -> None:
    answer = write(client, site, clock)
    response = change(client, site, answer)
    assert response.status_code == 200
    assert response.get_json().keys() == {"id", "status", "created_at"}
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert texts(client, site) == [LATER]
    assert only(services).version == 2
    with services.database.reading() as session:
        earlier = session.scalars(select(EarlierText)).one()
        assert (earlier.number, earlier.body) == (1, CLEAN["body"])
        assert session.scalars(select(Band)).first() is not None


def test_the_preflight_lets_the_sites_pages_change_comments(
    client: FlaskClient, site: MadeSite, clock: FakeClock
) -> None:
    path = f"{site.url}/{write(client, site, clock)['id']}"
    asked = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "edit-token,content-type"}
    allowed = client.options(path, headers=HOME | asked).headers
    assert allowed["Access-Control-Allow-Origin"] == ORIGIN
    assert "PATCH" in allowed["Access-Control-Allow-Methods"]
    assert "edit-token" in allowed["Access-Control-Allow-Headers"].lower()
    stranger = client.options(path, headers={"Origin": "https://evil.example"} | asked).headers
    assert "Access-Control-Allow-Origin" not in stranger


def test_a_comment_that_turns_into_spam_leaves_the_page_and_its_writer_learns_nothing(
    client: FlaskClient, services: Services, site: MadeSite, clock: FakeClock
) -> None:
    answer = write(client, site, clock)
    response = change(client, site, answer, SPAM["body"])
    assert response.get_json()["status"] == "pending"
    assert texts(client, site) == []
    assert only(services).status is Status.SPAM


def test_no_edit_makes_spam_pass_it_can_only_ask_for_a_person(
    client: FlaskClient, services: Services, site: MadeSite, clock: FakeClock
) -> None:
    answer = write(client, site, clock, body=SPAM["body"])
    assert only(services).status is Status.SPAM
    assert change(client, site, answer, CLEAN["body"]).get_json()["status"] == "pending"
    assert only(services).status is Status.PENDING
    assert "edited_spam" in {reason["code"] for reason in only(services).reasons}


@pytest.mark.parametrize("action", ["publish", "spam", "reject"])
def test_what_a_moderator_has_decided_on_is_changed_no_more(
    client: FlaskClient, services: Services, site: MadeSite, clock: FakeClock, action: str
) -> None:
    answer, admin = write(client, site, clock), make_person(services)
    client.post(f"/api/v1/comments/{answer['id']}/decision", json={"action": action}, headers=admin.bearer)
    response = change(client, site, answer)
    assert (response.status_code, response.get_json()["code"]) == (409, "already_decided")
    assert only(services).body == CLEAN["body"]


def test_a_moderator_who_looked_at_the_earlier_text_is_told(
    client: FlaskClient, services: Services, site: MadeSite, clock: FakeClock
) -> None:
    answer, admin = write(client, site, clock), make_person(services)
    change(client, site, answer)
    seen = {"action": "publish", "version": 1}
    path = f"/api/v1/comments/{answer['id']}/decision"
    assert client.post(path, json=seen, headers=admin.bearer).status_code == 409


def test_the_window_ends(client: FlaskClient, services: Services, site: MadeSite, clock: FakeClock) -> None:
    answer = write(client, site, clock)
    clock.advance(15 * 60 - 1)
    assert change(client, site, answer).status_code == 200
    clock.advance(1)
    for response in (change(client, site, answer, "Too late."), take_back(client, site, answer)):
        assert (response.status_code, response.get_json()["code"]) == (409, "edit_window_over")
    assert only(services).body == LATER


@pytest.mark.parametrize("change_of_status", [False, True])
def test_a_comment_taken_back_leaves_the_page_and_not_the_history(
    client: FlaskClient, services: Services, site: MadeSite, clock: FakeClock, change_of_status: bool
) -> None:
    answer = write(client, site, clock)
    if change_of_status:
        admin = make_person(services)
        client.post(f"/api/v1/comments/{answer['id']}/decision", json={"action": "publish"}, headers=admin.bearer)
    for _ in range(2):
        assert take_back(client, site, answer).status_code == 204
    assert texts(client, site) == []
    comment = only(services)
    assert (comment.status, comment.body) == (Status.REJECTED, CLEAN["body"])
    with services.database.reading() as session:
        last = session.scalars(select(Decision).order_by(Decision.number.desc())).first()
        assert last is not None
        assert (last.origin, last.person_id) == ("writer", None)


def test_spam_taken_back_stays_spam(client: FlaskClient, services: Services, site: MadeSite, clock: FakeClock) -> None:
    answer = write(client, site, clock, body=SPAM["body"])
    assert take_back(client, site, answer).status_code == 204
    assert only(services).status is Status.SPAM


@pytest.mark.parametrize("token", ["", "x", "another's", "é"])
def test_nobody_else_changes_it(
    client: FlaskClient, services: Services, site: MadeSite, clock: FakeClock, token: str
) -> None:
    answer = write(client, site, clock)
    other = write(client, site, clock, author_email="joe@example.com")["edit_token"]
    wrong = answer | {"edit_token": other if token == "another's" else token}
    for response in (change(client, site, wrong), take_back(client, site, wrong)):
        assert (response.status_code, response.get_json()["code"]) == (403, "bad_edit_token")
    stranger = {"Origin": "https://evil.example", "Edit-Token": answer["edit_token"]}
    assert client.delete(f"{site.url}/{answer['id']}", headers=stranger).status_code == 403
    elsewhere = make_site(services)
    assert take_back(client, elsewhere, answer).status_code == 404
    assert CLEAN["body"] in texts(client, site)


@pytest.mark.parametrize("body", ["", " \u200b ", 7, None, "a\x00b", "x" * 65_537])
def test_a_text_that_cannot_stand_changes_nothing(
    client: FlaskClient, services: Services, site: MadeSite, clock: FakeClock, body: object
) -> None:
    answer = write(client, site, clock)
    response = change(client, site, answer, body)  # type: ignore[arg-type]
    assert response.status_code == 422
    assert response.get_json()["errors"][0]["field"] == "body"
    assert only(services).body == CLEAN["body"]


def test_a_comment_cannot_become_the_copy_of_another(client: FlaskClient, site: MadeSite, clock: FakeClock) -> None:
    first = write(client, site, clock)
    write(client, site, clock, body=LATER)
    assert change(client, site, first).get_json()["code"] == "duplicate_comment"
    assert sorted(texts(client, site)) == sorted([CLEAN["body"], LATER])


def test_nobody_tries_for_ever_what_passes(client: FlaskClient, site: MadeSite, clock: FakeClock) -> None:
    answer = write(client, site, clock)
    codes = [change(client, site, answer, f"{LATER} Version {n}.").status_code for n in range(12)]
    assert codes == [200] * 10 + [409] * 2


def test_the_honeypot_and_the_form_age_work_for_the_script_too(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    site = make_site(services, rules=Rules(publish_below=1.0, spam_above=1.0))
    assert write(client, site, clock, subject="Hello")["status"] == "pending"
    assert only(services).status is Status.SPAM
    form = client.get(f"/api/v1/sites/{site.id}/form?thread=/bread").get_json()
    clock.advance(1)
    quick = CLEAN | {"form_token": form["form_token"], "author_email": "joe@example.com"}
    assert client.post(site.url, json=quick, headers=HOME).get_json()["status"] == "pending"


def test_forgetting_a_person_forgets_their_earlier_texts(
    client: FlaskClient, services: Services, site: MadeSite, clock: FakeClock
) -> None:
    answer = write(client, site, clock)
    change(client, site, answer)
    write(client, site, clock, parent_id=answer["id"], author_email="joe@example.com")
    erase(services.database, CLEAN["author_email"], services.clock)
    with services.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(EarlierText)) == 0
    assert change(client, site, answer).status_code == 404
