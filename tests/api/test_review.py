"""Reviewing over HTTP: who sees what, deciding, two at once, undo, and what each teaches."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from model.sample import Label
from moderation.policy.rules import Rules
from moderation.services import Services
from moderation.tables import Comment, Decision, Role, Status
from tests.api.test_intake import at_once
from tests.factories import MadePerson, MadeSite, different, make_person, make_site, post_id


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site that publishes nothing unseen."""
    return make_site(services, rules=Rules(hold_everything=True, spam_above=1.0))


@pytest.fixture
def person(services: Services, site: MadeSite) -> MadePerson:
    """The site's moderator."""
    return make_person(services, Role.MODERATOR, site)


def read(services: Services, comment_id: uuid.UUID) -> Comment:
    """Return the comment as it is stored."""
    with services.database.reading() as session:
        return session.get_one(Comment, comment_id)


def decide(
    client: FlaskClient, person: MadePerson, comment: uuid.UUID, action: str, **more: object
) -> tuple[int, dict]:  # type: ignore[type-arg]
    """Decide, and return status and answer."""
    response = client.post(
        f"/api/v1/comments/{comment}/decision", json={"action": action, **more}, headers=person.bearer
    )
    return response.status_code, response.get_json()


@pytest.mark.parametrize(
    ("action", "status", "label"),
    [
        ("publish", Status.PUBLISHED, Label.HAM),
        ("spam", Status.SPAM, Label.SPAM),
        ("reject", Status.REJECTED, None),
        ("hold", Status.PENDING, None),
    ],
)
def test_a_decision_moves_teaches_and_can_be_taken_back(
    client: FlaskClient,
    services: Services,
    site: MadeSite,
    person: MadePerson,
    action: str,
    status: Status,
    label: Label | None,
) -> None:
    comment = post_id(client, site)
    code, answer = decide(client, person, comment, action, reason="because", version=1)
    assert code == 200
    assert (answer["comment"]["status"], answer["comment"]["version"]) == (status.value, 2)
    assert answer["decision"]["reason"] == "because"
    stands = read(services, comment)
    assert (stands.status, stands.label) == (status, label)
    undone = client.post(f"/api/v1/decisions/{answer['decision']['id']}/undo", headers=person.bearer)
    assert undone.status_code == 200
    assert undone.get_json()["decision"]["undoes_id"] == answer["decision"]["id"]
    stands = read(services, comment)
    assert (stands.status, stands.label, stands.version) == (Status.PENDING, None, 3)


def test_the_lesson_before_comes_back_with_undo(
    client: FlaskClient, services: Services, site: MadeSite, person: MadePerson
) -> None:
    comment = post_id(client, site)
    decide(client, person, comment, "publish")
    _, answer = decide(client, person, comment, "spam")
    client.post(f"/api/v1/decisions/{answer['decision']['id']}/undo", headers=person.bearer)
    stands = read(services, comment)
    assert (stands.status, stands.label) == (Status.PUBLISHED, Label.HAM)
    assert stands.labelled_by == person.actor.person_id


def test_of_two_moderators_one_wins_and_the_other_sees_what_happened(
    app: Flask, services: Services, site: MadeSite, person: MadePerson
) -> None:
    other = make_person(services, Role.MODERATOR, site)
    both = (person, other)
    for number in range(5):
        comment = post_id(app.test_client(), site, different(number))

        def act(place: int, comment: uuid.UUID = comment) -> tuple[int, dict]:  # type: ignore[type-arg]
            return decide(app.test_client(), both[place], comment, ("publish", "spam")[place], version=1)

        answers = at_once(2, act)
        assert sorted(code for code, _ in answers) == [200, 409]
        winner = next(place for place, (code, _) in enumerate(answers) if code == 200)
        lost = answers[1 - winner][1]
        assert lost["code"] == "version_conflict"
        current = lost["current"]
        assert (current["decided_by"], current["version"]) == (both[winner].actor.email, 2)
        assert current["status"] == read(services, comment).status.value == ("published", "spam")[winner]
        with services.database.reading() as session:
            assert len(session.scalars(select(Decision).where(Decision.comment_id == comment)).all()) == 2


def test_the_same_decision_again_is_harmless(
    app: Flask, services: Services, site: MadeSite, person: MadePerson
) -> None:
    comment = post_id(app.test_client(), site)
    answers = at_once(6, lambda _: decide(app.test_client(), person, comment, "publish", version=1))
    assert {code for code, _ in answers} == {200}
    assert len({answer["decision"]["id"] for _, answer in answers}) == 1
    assert read(services, comment).version == 2


def test_undo_after_another_decision_is_a_conflict(
    client: FlaskClient, services: Services, site: MadeSite, person: MadePerson
) -> None:
    other = make_person(services, Role.MODERATOR, site)
    comment = post_id(client, site)
    _, first = decide(client, person, comment, "publish")
    decide(client, other, comment, "spam")
    response = client.post(f"/api/v1/decisions/{first['decision']['id']}/undo", headers=person.bearer)
    assert response.status_code == 409
    assert response.get_json()["current"]["decided_by"] == other.actor.email
    assert read(services, comment).status is Status.SPAM


def test_the_first_decision_has_nothing_before_it(client: FlaskClient, site: MadeSite, person: MadePerson) -> None:
    comment = post_id(client, site)
    shown = client.get(f"/api/v1/comments/{comment}", headers=person.bearer).get_json()
    response = client.post(f"/api/v1/decisions/{shown['history'][0]['id']}/undo", headers=person.bearer)
    assert (response.status_code, response.get_json()["code"]) == (409, "first_decision")


def test_the_history_tells_who_did_what(client: FlaskClient, site: MadeSite, person: MadePerson) -> None:
    comment = post_id(client, site)
    decide(client, person, comment, "reject", reason="off topic")
    history = client.get(f"/api/v1/comments/{comment}", headers=person.bearer).get_json()["history"]
    assert [(h["number"], h["action"], h["from_status"], h["to_status"], h["person"]) for h in history] == [
        (1, "judge", None, "pending", None),
        (2, "reject", "pending", "rejected", person.actor.email),
    ]
    assert history[0]["model_version"]
    assert history[1]["reason"] == "off topic"


def test_many_at_once_and_what_is_not_theirs_is_skipped(
    client: FlaskClient, services: Services, site: MadeSite, person: MadePerson
) -> None:
    elsewhere = make_site(services, rules=Rules(hold_everything=True))
    mine = [post_id(client, site, different(n)) for n in range(3)]
    foreign = post_id(client, elsewhere, different(9))
    decide(client, make_person(services), mine[0], "publish")
    body = {"ids": [str(i) for i in [*mine, foreign, uuid.uuid4()]], "action": "spam", "versions": {str(mine[0]): 1}}
    answer = client.post("/api/v1/decisions", json=body, headers=person.bearer).get_json()
    assert [d["comment_id"] for d in answer["decided"]] == [str(i) for i in mine[1:]]
    assert {d["batch_id"] for d in answer["decided"]} == {answer["batch_id"]}
    assert [s["code"] for s in answer["skipped"]] == ["version_conflict", "not_found", "not_found"]
    assert read(services, foreign).status is Status.PENDING


def test_a_moderator_sees_only_their_sites(
    client: FlaskClient, services: Services, site: MadeSite, person: MadePerson
) -> None:
    elsewhere = make_site(services, rules=Rules(hold_everything=True))
    mine, foreign = post_id(client, site), post_id(client, elsewhere)
    listed = client.get("/api/v1/queue", headers=person.bearer).get_json()
    assert ([c["id"] for c in listed["comments"]], listed["total"]) == ([str(mine)], 1)
    admin = make_person(services)
    assert client.get("/api/v1/queue", headers=admin.bearer).get_json()["total"] == 2
    for call in (
        client.get(f"/api/v1/queue?site={elsewhere.id}", headers=person.bearer),
        client.get(f"/api/v1/comments/{foreign}", headers=person.bearer),
        client.post(f"/api/v1/comments/{foreign}/decision", json={"action": "spam"}, headers=person.bearer),
    ):
        assert call.status_code == 404


def test_the_queue_is_read_in_pages_in_every_order(
    client: FlaskClient, services: Services, site: MadeSite, person: MadePerson
) -> None:
    made = [str(post_id(client, site, different(n))) for n in range(5)]
    for order in ("oldest", "newest", "uncertain"):
        seen, cursor = [], ""
        while cursor is not None:
            page = client.get(f"/api/v1/queue?order={order}&limit=2&cursor={cursor}", headers=person.bearer).get_json()
            seen += page["comments"]
            assert page["total"] == 5
            cursor = page["next"]
        ids = [c["id"] for c in seen]
        assert sorted(ids) == sorted(made)
        if order != "uncertain":
            assert ids == (made if order == "oldest" else made[::-1])
    found = client.get("/api/v1/queue?q=note 3", headers=person.bearer).get_json()
    assert ([c["id"] for c in found["comments"]], found["total"]) == ([made[3]], 1)
    assert client.get("/api/v1/queue?q=100%25", headers=person.bearer).get_json()["total"] == 0


def test_the_evidence_adds_up_to_the_probability(client: FlaskClient, site: MadeSite, person: MadePerson) -> None:
    comment = post_id(client, site, author_url="https://mary.example.org", ip="192.0.2.1", user_agent="Firefox")
    shown = client.get(f"/api/v1/comments/{comment}", headers=person.bearer).get_json()
    import math  # noqa: PLC0415

    log_odds = sum(e["weight"] for e in shown["evidence"])
    assert 1 / (1 + math.exp(-log_odds)) == pytest.approx(shown["spam_probability"], abs=1e-6)
    assert all({"feature", "field", "weight"} <= e.keys() for e in shown["evidence"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": "delete"}, "action"),
        ({}, "action"),
        ({"action": "spam", "version": 0}, "version"),
        ({"action": "spam", "reason": "x" * 1001}, "reason"),
        ({"action": "spam", "verison": 1}, "verison"),
    ],
)
def test_a_bad_decision_is_named(
    client: FlaskClient, site: MadeSite, person: MadePerson, body: dict[str, object], field: str
) -> None:
    comment = post_id(client, site)
    response = client.post(f"/api/v1/comments/{comment}/decision", json=body, headers=person.bearer)
    assert response.status_code == 422
    assert [error["field"] for error in response.get_json()["errors"]] == [field]


@pytest.mark.parametrize(
    "query", ["limit=201", "limit=0", "status=gone", "order=best", "site=x", "cursor=x", "q=" + "x" * 201]
)
def test_a_bad_question_to_the_queue_is_refused(client: FlaskClient, person: MadePerson, query: str) -> None:
    assert client.get(f"/api/v1/queue?{query}", headers=person.bearer).status_code == 422


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer token_x"}, {"Authorization": "Token x"}])
def test_nobody_reviews_without_credentials(client: FlaskClient, site: MadeSite, headers: dict[str, str]) -> None:
    comment = post_id(client, site)
    assert client.get("/api/v1/queue", headers=headers).status_code == 401
    response = client.post(f"/api/v1/comments/{comment}/decision", json={"action": "publish"}, headers=headers)
    assert response.status_code == 401


def test_a_sites_key_is_no_personal_token(client: FlaskClient, site: MadeSite) -> None:
    assert client.get("/api/v1/queue", headers=site.bearer).status_code == 401
