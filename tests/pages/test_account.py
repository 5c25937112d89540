"""A person's own account: password, one-time codes and recovery codes, sessions and tokens."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from moderation.pages import attempts
from moderation.people.authenticators import ISSUER
from moderation.services import Services
from moderation.tables import Authenticator, RecoveryCode
from tests.conftest import FakeClock
from tests.factories import PASSWORD, MadePerson
from tests.pages.conftest import sign_in
from tests.pages.markup import Page

ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def token_of(browser: FlaskClient) -> dict[str, str]:
    """Return the page's CSRF token as a field."""
    return {"csrf_token": Page(browser.get("/account")).form("/account/password").fields["csrf_token"]}


def password_step(browser: FlaskClient, person: MadePerson) -> TestResponse:
    """Tell the password."""
    return browser.post("/login?next=/account", data={"email": person.actor.email, "password": PASSWORD})


def set_up(browser: FlaskClient, clock: FakeClock) -> tuple[pyotp.TOTP, list[str]]:
    """Set one-time codes up. Returns the app, and the recovery codes shown."""
    token = token_of(browser)
    assert browser.post("/account/authenticator", data=token).location == "/account/authenticator"
    page = browser.get("/account/authenticator").text
    assert "<svg" in page
    secret = re.search(r'<code class="secret">([A-Z2-7]+)</code>', page)
    assert secret is not None
    app = pyotp.TOTP(secret[1])
    assert browser.post("/account/authenticator/confirm", data=token | {"code": "000000"}).status_code == 422
    answer = browser.post("/account/authenticator/confirm", data=token | {"code": app.at(clock())})
    codes = re.findall(r"<li><code>([a-z2-7-]+)</code></li>", answer.text)
    assert len(codes) == 10
    return app, codes


def test_one_time_codes_are_asked_for_and_open_once(
    app: Flask, desk: FlaskClient, moderator: MadePerson, clock: FakeClock
) -> None:
    phone, _ = set_up(desk, clock)
    clock.advance(60)
    browser = app.test_client()
    answer = password_step(browser, moderator)
    assert (answer.status_code, answer.location) == (303, "/login/second?next=/account")
    # Half signed in is not signed in.
    assert browser.get("/review").status_code == 303
    form = Page(browser.get(answer.location)).form("/login/second")
    assert browser.post("/login/second", data=form.fields | {"code": "12345"}).status_code == 401
    code = phone.at(clock())
    spaced = f"{code[:3]} {code[3:]}"
    done = browser.post("/login/second", data=form.fields | {"code": spaced})
    assert (done.status_code, done.location) == (303, "/account")
    assert browser.get("/review").status_code == 200
    # Whoever looked over the shoulder has nothing of it.
    thief = app.test_client()
    password_step(thief, moderator)
    assert thief.post("/login/second", data={"code": code}).status_code == 401
    clock.advance(30)
    # The phone's clock may run half a minute ahead.
    assert thief.post("/login/second", data={"code": phone.at(clock() + timedelta(seconds=30))}).status_code == 303


def test_the_second_step_does_not_wait_for_ever_and_is_limited(
    app: Flask, desk: FlaskClient, moderator: MadePerson, clock: FakeClock
) -> None:
    phone, _ = set_up(desk, clock)
    clock.advance(60)
    browser = app.test_client()
    assert browser.get("/login/second").location == "/login?next=/review"
    password_step(browser, moderator)
    clock.advance(5 * 60 + 1)
    assert browser.post("/login/second", data={"code": phone.at(clock())}).status_code == 303
    assert browser.get("/review").status_code == 303
    password_step(browser, moderator)
    for _ in range(attempts.PER_ACCOUNT.amount):
        assert browser.post("/login/second", data={"code": "000000"}).status_code == 401
    refused = browser.post("/login/second", data={"code": phone.at(clock())})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0


def test_a_recovery_code_opens_once_and_new_ones_end_the_old(
    app: Flask, desk: FlaskClient, moderator: MadePerson, clock: FakeClock
) -> None:
    _, codes = set_up(desk, clock)
    browser = app.test_client()
    password_step(browser, moderator)
    assert browser.post("/login/second", data={"code": codes[0].upper()}).status_code == 303
    assert "9 left" in Page(browser.get("/account")).text
    password_step(again := app.test_client(), moderator)
    assert again.post("/login/second", data={"code": codes[0]}).status_code == 401
    fresh = re.findall(r"<li><code>([a-z2-7-]+)</code></li>", desk.post("/account/codes", data=token_of(desk)).text)
    assert len(set(fresh) - set(codes)) == 10
    assert again.post("/login/second", data={"code": codes[1]}).status_code == 401
    assert again.post("/login/second", data={"code": fresh[0]}).status_code == 303


def test_neither_secret_nor_codes_lie_open_in_the_database(
    desk: FlaskClient, moderator: MadePerson, services: Services, clock: FakeClock
) -> None:
    phone, codes = set_up(desk, clock)
    with services.database.reading() as session:
        sealed = session.scalars(select(Authenticator.secret)).one()
        digests = session.scalars(select(RecoveryCode.digest)).all()
    assert phone.secret.encode() not in sealed
    assert not {code.replace("-", "") for code in codes} & set(digests)
    assert ISSUER in phone.provisioning_uri(name=moderator.actor.email, issuer_name=ISSUER).replace("%20", " ")


def test_switching_off_asks_for_the_password_and_an_admin_can_help(
    app: Flask, desk: FlaskClient, office: FlaskClient, moderator: MadePerson, clock: FakeClock
) -> None:
    set_up(desk, clock)
    token = token_of(desk)
    assert desk.post("/account/authenticator", data=token).status_code == 409
    refused = Page(desk.post("/account/authenticator/remove", data=token | {"password": "wrong password"}))
    assert (refused.status, "not your present password" in refused.text) == (422, True)
    assert desk.post("/account/authenticator/remove", data=token | {"password": PASSWORD}).status_code == 303
    sign_in(app.test_client(), moderator)
    assert desk.post("/account/codes", data=token).status_code == 403
    set_up(desk, clock)
    form = Page(office.get(f"/admin/people/{moderator.actor.person_id}")).form("/factors")
    assert office.post(form.action, data=form.fields).status_code == 303
    assert sign_in(app.test_client(), moderator).get("/review").status_code == 200
    assert "removed the second factors of" in Page(office.get("/admin/history/administration")).text


def test_a_new_password_ends_the_other_sessions(app: Flask, desk: FlaskClient, moderator: MadePerson) -> None:
    other = sign_in(app.test_client(), moderator)
    token = token_of(desk)
    for fields, told in (
        ({"old": "wrong password", "new": "a new password", "again": "a new password"}, "not your present password"),
        ({"old": PASSWORD, "new": "a new password", "again": "another one"}, "differ"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "10 to 1000"),
    ):
        page = Page(desk.post("/account/password", data=token | fields))
        assert (page.status, told in page.text) == (422, True)
    fields = {"old": PASSWORD, "new": "a new password", "again": "a new password"}
    assert desk.post("/account/password", data=token | fields).status_code == 303
    assert "every other session has been ended" in Page(desk.get("/account")).text
    assert "every other session has been ended" not in Page(desk.get("/account")).text
    assert other.get("/review").status_code == 303
    credentials = {"email": moderator.actor.email, "password": "a new password"}
    assert app.test_client().post("/login", data=credentials).status_code == 303


def test_sessions_and_tokens_are_listed_and_ended(
    app: Flask, desk: FlaskClient, moderator: MadePerson, office: FlaskClient, admin: MadePerson
) -> None:
    other = sign_in(app.test_client(), moderator)
    page = Page(desk.get("/account"))
    assert "this one" in page.text
    (ending,) = [form for form in page.forms if form.action.endswith("/end")]
    assert desk.post(ending.action, data=ending.fields).status_code == 303
    assert (other.get("/review").status_code, desk.get("/review").status_code) == (303, 200)
    made = desk.post("/account/tokens", data=token_of(desk))
    assert made.status_code == 201
    secret = re.search(r'<code class="secret">(token_[^<]+)</code>', made.text)
    assert secret is not None
    bearer = {"Authorization": f"Bearer {secret[1]}"}
    fresh = app.test_client()
    assert fresh.get("/api/v1/queue", headers=bearer).status_code == 200
    revoking = Page(desk.get("/account")).form("/revoke")
    assert desk.post(revoking.action, data=revoking.fields).status_code == 303
    assert fresh.get("/api/v1/queue", headers=bearer).status_code == 401
    # Nobody ends what is not theirs.
    theirs = Page(office.get("/account")).form("/revoke")
    assert desk.post(theirs.action, data=token_of(desk)).status_code == 404
    for path in ("/account/password", "/account/tokens", "/account/authenticator", "/account/codes"):
        assert desk.post(path).status_code == 403


@ONE_DATABASE
def test_passkeys_are_for_named_hosts_and_foreign_answers_are_refused(desk: FlaskClient, app: Flask) -> None:
    token = {"X-CSRF-Token": token_of(desk)["csrf_token"]}
    refused = desk.post("/account/passkeys/options", headers=token, base_url="http://127.0.0.1")
    assert refused.status_code in {303, 403}
    options = desk.post("/account/passkeys/options", headers=token).get_json()
    assert options["rp"]["id"] == "localhost"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    answer = desk.post("/account/passkeys", json={"credential": {"id": "x"}, "name": "x"}, headers=token)
    assert answer.status_code == 422
    # The challenge counts once, whatever became of it.
    assert desk.post("/account/passkeys", json={"credential": {}}, headers=token).status_code == 403
    guest = app.test_client()
    assert guest.post("/login/passkey", json={"credential": {}}).status_code == 403
    assert guest.post("/login/passkey/options", json={}).get_json()["allowCredentials"] == []
    unknown = guest.post("/login/passkey", json={"credential": {"id": "AAAA"}})
    assert (unknown.status_code, unknown.mimetype) == (401, "application/problem+json")
    assert guest.post("/login/passkey/options", headers={"Origin": "https://evil.example"}).status_code == 403
