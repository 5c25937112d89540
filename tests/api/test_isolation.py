"""No request with one site's credentials ever reads or changes anything of another's."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from moderation.database import Base
from moderation.policy.rules import Rules
from moderation.services import Services
from moderation.tables import Comment, Decision, Reputation, Role, StatusCount, Thread
from tests.factories import CLEAN, ORIGIN, MadePerson, MadeSite, make_person, make_site, post_id

SECRET = "what only the other site may know"


@dataclass(frozen=True)
class World:
    """Our credentials, and a site of others that has secrets."""

    app: Flask
    services: Services
    ours: MadeSite
    theirs: MadeSite
    moderator: MadePerson
    our_ids: list[str]
    their_ids: list[str]


@pytest.fixture
def world(app: Flask, services: Services) -> World:
    """Two sites with comments in every state; one moderator, of ours only."""
    rules = Rules(publish_below=0.999, spam_above=1.0, hold_words=("waitword",))
    ours, theirs = make_site(services, rules=rules), make_site(services, origin="https://theirs.example", rules=rules)
    client = app.test_client()
    admin = make_person(services)
    ids: dict[MadeSite, list[str]] = {}
    for site in (ours, theirs):
        name = SECRET if site is theirs else "Ann"
        made = []
        for number, action in enumerate((None, "publish", "spam", "reject", "hold")):
            body = f"{SECRET if site is theirs else 'ours'} waitword number {number} of the site"
            comment = post_id(client, site, author_name=name, body=body, author_email=f"a{number}@example.com")
            made.append(str(comment))
            if action:
                answer = client.post(
                    f"/api/v1/comments/{comment}/decision", json={"action": action}, headers=admin.bearer
                )
                made.append(answer.get_json()["decision"]["id"])
        ids[site] = made
    return World(app, services, ours, theirs, make_person(services, Role.MODERATOR, ours), ids[ours], ids[theirs])


def snapshot(services: Services, site_id: uuid.UUID) -> list[object]:
    """Return every row that belongs to the site."""
    tables: tuple[type[Base], ...] = (Comment, Thread, StatusCount, Reputation)
    with services.database.reading() as session:
        rows: list[object] = []
        for table in tables:
            columns = table.__table__.columns
            found = session.execute(
                select(*columns).where(columns["site_id"] == site_id).order_by(*table.__table__.primary_key)
            )
            rows += [tuple(row) for row in found]
        decisions = select(*Decision.__table__.columns).join(Comment, Comment.id == Decision.comment_id)
        rows += [
            tuple(row) for row in session.execute(decisions.where(Comment.site_id == site_id).order_by(Decision.id))
        ]
        return rows


paths = st.sampled_from(
    [
        ("GET", "/api/v1/queue"),
        ("GET", "/api/v1/comments/{id}"),
        ("POST", "/api/v1/comments/{id}/decision"),
        ("POST", "/api/v1/decisions"),
        ("POST", "/api/v1/decisions/{id}/undo"),
        ("POST", "/api/v1/sites/{site}/comments"),
        ("GET", "/review"),
        ("GET", "/review/comments/{id}"),
        ("GET", "/api/v1/models"),
        ("GET", "/admin"),
    ]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), path=paths, credential=st.sampled_from(["key", "akismet", "token", "origin"]))
def test_another_sites_comments_can_neither_be_read_nor_changed(
    world: World, data: st.DataObject, path: tuple[str, str], credential: str
) -> None:
    before = snapshot(world.services, world.theirs.id)
    method, rule = path
    ids = st.sampled_from([*world.their_ids, *world.our_ids])
    sites = st.sampled_from([str(world.theirs.id), str(world.ours.id)])
    headers = {
        "key": world.ours.bearer,
        "akismet": {"Authorization": f"Bearer {world.ours.akismet_key}"},
        "token": world.moderator.bearer,
        "origin": {"Origin": ORIGIN},
    }[credential]
    body: dict[str, Any] = {**CLEAN, "body": data.draw(st.text(min_size=1, max_size=20))}
    if rule.endswith("/comments"):
        body["parent_id"] = data.draw(st.none() | ids)
        body["thread"] = data.draw(st.sampled_from(["/bread", "/new"]))
    elif rule.endswith("decision"):
        body = {"action": data.draw(st.sampled_from(["publish", "spam", "reject", "hold"]))}
    elif rule.endswith("decisions"):
        body = {"ids": data.draw(st.lists(ids, min_size=1, max_size=4)), "action": "publish"}
    query = data.draw(st.fixed_dictionaries({}, optional={
        "site": sites, "status": st.sampled_from(["pending", "published", "spam", "rejected"]), "q": st.just("waitword"),
    }))  # fmt: skip
    response = world.app.test_client().open(
        rule.format(id=data.draw(ids), site=data.draw(sites)),
        method=method,
        headers=headers,
        query_string=query if method == "GET" else None,
        json=body if method == "POST" else None,
    )
    assert response.status_code < 500
    assert SECRET not in response.get_data(as_text=True)
    assert snapshot(world.services, world.theirs.id) == before
