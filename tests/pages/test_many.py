"""The desk's further forms without scripts: what is sent wrongly is a page that says so, and changes nothing."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from moderation.services import Services
from moderation.tables import Comment, Decision, Note
from tests.factories import MadeSite, different, post_id
from tests.pages.markup import Page


def token(desk: FlaskClient) -> str:
    return Page(desk.get("/review")).form("/logout").fields["csrf_token"]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/review/bulk", {"action": "spam"}),
        ("/review/bulk", {"action": "judge", "seen": "{id}:1"}),
        ("/review/bulk", {"action": "spam", "seen": "{id}"}),
        ("/review/bulk/decisions", {"action": "spam", "seen": "x:1"}),
        ("/review/comments/{id}/campaign", {"action": "spam"}),
        ("/review/comments/{id}/campaign", {"action": "spam", "versions": "[]"}),
        ("/review/comments/{id}/campaign", {"action": "spam", "versions": "{{}}"}),
        ("/review/comments/{id}/notes", {"text": " "}),
        ("/review/comments/{id}/reply", {"name": "", "body": "Thanks"}),
        ("/review/comments/{id}/reply", {"name": "Me", "body": ""}),
    ],
)
def test_what_is_sent_wrongly_changes_nothing(
    client: FlaskClient, services: Services, site: MadeSite, desk: FlaskClient, path: str, fields: dict[str, str]
) -> None:
    comment = post_id(client, site)
    sent = {name: value.format(id=comment) for name, value in fields.items()} | {"csrf_token": token(desk)}
    assert Page(desk.post(path.format(id=comment), data=sent)).status == 422
    with services.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Decision)) == 1
        assert session.scalar(select(func.count()).select_from(Note)) == 0


@pytest.mark.parametrize("path", ["bulk", "bulk/decisions", "skips/clear", "comments/{id}/skip", "batches/{id}/undo"])
def test_nothing_is_done_without_the_pages_token_or_a_name(
    app: Flask, client: FlaskClient, site: MadeSite, desk: FlaskClient, path: str
) -> None:
    address = f"/review/{path}".format(id=uuid.uuid4())
    assert desk.post(address, data={"action": "spam"}).status_code == 403
    stranger = app.test_client().post(address, data={"action": "spam"})
    assert stranger.status_code == 303
    assert "/login" in stranger.location


def test_a_bulk_decision_that_comes_too_late_says_so(
    client: FlaskClient, services: Services, site: MadeSite, desk: FlaskClient
) -> None:
    sent = [post_id(client, site, different(n)) for n in range(2)]
    fields = {"csrf_token": token(desk), "action": "spam", "seen": [f"{one}:7" for one in sent]}
    page = Page(desk.post("/review/bulk", data=fields))
    assert "2 changed since you looked and will be left alone." in page.text
    answer = desk.post("/review/bulk/decisions", data=fields)
    assert "Nothing was decided" in Page(desk.get(answer.location)).text
    with services.database.reading() as session:
        assert {c.status.value for c in session.scalars(select(Comment))} == {"pending"}


def test_the_filters_are_in_the_address_and_stay_there(client: FlaskClient, site: MadeSite, desk: FlaskClient) -> None:
    post_id(client, site, author_url="https://shop.example/")
    page = Page(desk.get("/review?domain=shop.example&age=day&script=latin&reason=hold_everything"))
    assert "1 pending comment matches these filters." in page.text
    action = page.form("/decision").action
    for part in ("domain=shop.example", "age=day", "script=latin", "reason=hold_everything"):
        assert part in action
