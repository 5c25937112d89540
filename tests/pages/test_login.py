"""Signing in and out."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from limits import parse

from moderation.pages import attempts
from tests.factories import PASSWORD, MadePerson
from tests.pages.conftest import sign_in
from tests.pages.markup import Page

ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def test_the_desk_leads_to_the_sign_in_page_and_on_to_where_one_wanted_to_go(
    client: FlaskClient, moderator: MadePerson
) -> None:
    response = client.get("/review?status=spam")
    assert response.status_code == 303
    assert response.location == "/login?next=/review?status%3Dspam"
    form = Page(client.get(response.location)).form("/login")
    fields = form.fields | {"email": f" {moderator.actor.email.upper()} ", "password": PASSWORD}
    response = client.post(form.action, data=fields)
    assert (response.status_code, response.location) == (303, "/review?status=spam")
    page = Page(client.get(response.location))
    assert page.status == 200
    assert moderator.actor.email in page.text


def test_an_unknown_address_and_a_wrong_password_are_refused_alike(client: FlaskClient, moderator: MadePerson) -> None:
    answers = []
    for email, password in ((moderator.actor.email, "wrong"), ("nobody@example.org", PASSWORD), ("", "")):
        page = Page(client.post("/login", data={"email": email, "password": password}))
        assert page.status == 401
        assert page.form("/login").fields["email"] == email
        answers.append(page.text)
    assert len(set(answers)) == 1
    assert "wrong" in answers[0]


@ONE_DATABASE
def test_attempts_on_one_account_are_limited_whatever_the_address(app: Flask, moderator: MadePerson) -> None:
    wrong = {"email": moderator.actor.email, "password": "wrong"}
    allowed = attempts.PER_ACCOUNT.amount
    for number in range(allowed):
        client = app.test_client()
        answer = client.post("/login", data=wrong, environ_base={"REMOTE_ADDR": f"192.0.2.{number}"})
        assert answer.status_code == 401
    right = {"email": moderator.actor.email.upper(), "password": PASSWORD}
    response = app.test_client().post("/login", data=right, environ_base={"REMOTE_ADDR": "192.0.2.99"})
    assert Page(response).status == 429
    assert 0 < int(response.headers["Retry-After"]) <= 15 * 60
    assert "Too many attempts" in response.text


@ONE_DATABASE
def test_attempts_from_one_address_are_limited_whatever_the_account(
    client: FlaskClient, moderator: MadePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "PER_ADDRESS", parse("3 per 15 minutes"))
    for number in range(3):
        data = {"email": f"{number}@example.org", "password": "wrong"}
        assert client.post("/login", data=data).status_code == 401
    assert client.post("/login", data={"email": "x@example.org", "password": "wrong"}).status_code == 429


@ONE_DATABASE
def test_whoever_knows_the_password_is_forgiven_earlier_attempts(app: Flask, moderator: MadePerson) -> None:
    for _ in range(2):
        for _ in range(attempts.PER_ACCOUNT.amount - 1):
            data = {"email": moderator.actor.email, "password": "wrong"}
            assert app.test_client().post("/login", data=data).status_code == 401
        sign_in(app.test_client(), moderator)


@ONE_DATABASE
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://localhost"}, 303),
        ({"Origin": "http://127.0.0.1:8000"}, 303),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_another_sites_page_cannot_sign_a_browser_in(
    client: FlaskClient, moderator: MadePerson, headers: dict[str, str], status: int
) -> None:
    data = {"email": moderator.actor.email, "password": PASSWORD}
    assert client.post("/login", data=data, headers=headers).status_code == status
    assert client.get("/review").status_code == (200 if status == 303 else 303)


@ONE_DATABASE
@pytest.mark.parametrize(
    ("wanted", "location"),
    [
        ("/admin", "/admin"),
        ("/review?site=1&q=a%20b", "/review?site=1&q=a%20b"),
        ("https://evil.example/", "/review"),
        ("//evil.example/", "/review"),
        ("/\\evil.example/", "/review"),
        ("/\t/evil.example/", "/review"),
        ("\\\\evil.example", "/review"),
        ("javascript:alert(1)", "/review"),
        ("", "/review"),
    ],
)
def test_signing_in_leads_only_to_our_own_pages(
    client: FlaskClient, moderator: MadePerson, wanted: str, location: str
) -> None:
    data = {"email": moderator.actor.email, "password": PASSWORD, "next": wanted}
    assert client.post("/login", data=data).location == location


def test_the_cookie_holds_the_login_and_no_more_and_is_worth_nothing_after_signing_out(
    app: Flask, desk: FlaskClient, moderator: MadePerson
) -> None:
    with desk.session_transaction() as session:
        assert set(session) == {"login", "_permanent"}
    cookie = desk.get_cookie("moderation")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    thief = app.test_client()
    thief.set_cookie("moderation", cookie.value)
    assert thief.get("/review").status_code == 200
    form = Page(desk.get("/review")).form("/logout")
    assert desk.post("/logout").status_code == 403
    assert desk.post("/logout", data=form.fields).location == "/login"
    assert desk.get("/review").status_code == 303
    assert thief.get("/review").status_code == 303


def test_whoever_is_signed_in_is_not_asked_again(desk: FlaskClient) -> None:
    assert desk.get("/login?next=/review?status=spam").location == "/review?status=spam"
    assert desk.get("/").location == "/review"
