"""A person's own account: password, second factors, sessions and tokens."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import g, jsonify, redirect, request, session, url_for
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from moderation.api import problems
from moderation.api.context import read_id, services, session_login
from moderation.errors import ForbiddenError, InvalidError, ModerationError
from moderation.pages.rooms import need_somebody
from moderation.pages.second_step import PASSKEY_CHALLENGE, keep_challenge, relying, take_challenge
from moderation.pages.shell import page_blueprint, show
from moderation.people import administration, authenticators, passkeys
from moderation.people.deeds import record
from moderation.people.logins import IDLE
from moderation.people.users import MAX_PASSWORD, MIN_PASSWORD, change_password, check_repeated, create_token
from moderation.tables import Authenticator, Person

blueprint = page_blueprint("account", __name__)
blueprint.before_request(need_somebody)


@blueprint.get("/account")
def get_account() -> Response:
    """Show everything."""
    return _show()


@blueprint.post("/account/password")
def post_password() -> Response:
    """Change the password, and sign every other browser out."""
    form = request.form

    def act(db: Session, person: Person) -> None:
        check_repeated(form.get("new", ""), form.get("again", ""))
        change_password(person, form.get("old", ""), form.get("new", ""))
        administration.end_logins(db, person.id, services().clock(), besides=session_login())
        record(db, person.id, "changed the password of", person.email, services().clock())

    return _do(act, "The password is changed; every other session has been ended.")


@blueprint.post("/account/sessions/<login_id>/end")
def post_end(login_id: str) -> Response:
    """Sign one browser out."""

    def act(db: Session, person: Person) -> None:
        administration.end_one_login(db, g.actor, person.id, read_id(login_id, "session"), services().clock())

    return _do(act, "The session is ended.")


@blueprint.post("/account/tokens")
def post_token() -> Response:
    """Make an API token and show it, this once."""
    parts = services()
    with parts.database.writing() as db:
        secret = create_token(db, g.actor.email, parts.clock())
        record(db, g.actor.person_id, "made a token of", g.actor.email, parts.clock())
    return _show(HTTPStatus.CREATED, token=secret)


@blueprint.post("/account/tokens/<token_id>/revoke")
def post_revocation(token_id: str) -> Response:
    """End a token's life."""

    def act(db: Session, person: Person) -> None:
        administration.revoke_token(db, g.actor, person.id, read_id(token_id, "token"), services().clock())

    return _do(act, "The token is revoked.")


@blueprint.post("/account/authenticator")
def post_authenticator() -> Response:
    """Begin to set up one-time codes."""
    parts = services()
    with parts.database.writing() as db:
        authenticators.enrol(db, _person(db), parts.secret_key, parts.clock())
    return redirect(url_for("account.get_authenticator"), HTTPStatus.SEE_OTHER)


@blueprint.get("/account/authenticator")
def get_authenticator() -> Response:
    """Show the secret that the app is to hold, until a code has confirmed it."""
    return _show_enrolment()


@blueprint.post("/account/authenticator/confirm")
def post_confirmation() -> Response:
    """Switch one-time codes on."""
    parts = services()
    try:
        with parts.database.writing() as db:
            code = request.form.get("code", "")
            codes = authenticators.confirm(db, _person(db), code, parts.secret_key, parts.clock())
    except InvalidError as error:
        return _show_enrolment(error)
    return _show(codes=codes, done="One-time codes are on.")


@blueprint.post("/account/authenticator/remove")
def post_removal() -> Response:
    """Switch one-time codes off."""

    def act(db: Session, person: Person) -> None:
        _must_know_password(person)
        authenticators.remove(db, person, services().clock())

    return _do(act, "One-time codes are off.")


@blueprint.post("/account/codes")
def post_codes() -> Response:
    """Make new recovery codes, which end the old ones."""
    parts = services()
    with parts.database.writing() as db:
        if not authenticators.has_second_factor(db, g.actor.person_id):
            message = "Recovery codes stand in for a second factor; set one up first."
            raise ForbiddenError(message)
        codes = authenticators.new_recovery_codes(db, g.actor.person_id)
        record(db, g.actor.person_id, "made new recovery codes of", g.actor.email, parts.clock())
    return _show(codes=codes)


@blueprint.post("/account/passkeys/options")
def post_passkey_options() -> Response:
    """Tell the browser what passkey to make."""
    with services().database.reading() as db:
        options = passkeys.registration_options(db, relying(), _person(db))
    keep_challenge(options)
    return jsonify(options)


@blueprint.post("/account/passkeys")
def post_passkey() -> Response:
    """Keep the passkey that the browser made."""
    parts, challenge = services(), take_challenge()
    sent = request.get_json(silent=True)
    sent = sent if isinstance(sent, dict) else {}
    with parts.database.writing() as db:
        codes = passkeys.register(
            db,
            relying(),
            _person(db),
            _dict(sent.get("credential")),
            challenge,
            str(sent.get("name", "")),
            parts.clock(),
        )
    return jsonify({"codes": codes})


@blueprint.post("/account/passkeys/<passkey_id>/remove")
def post_passkey_removal(passkey_id: str) -> Response:
    """Forget a passkey."""

    def act(db: Session, person: Person) -> None:
        _must_know_password(person)
        passkeys.remove_passkey(db, person, read_id(passkey_id, "passkey"), services().clock())

    return _do(act, "The passkey is removed.")


def _do(act: Callable[[Session, Person], None], done: str) -> Response:
    try:
        with services().database.writing() as db:
            act(db, _person(db))
    except InvalidError as error:
        return _show(problems.status_of(error), error=error)
    session["done"] = done
    return redirect(url_for("account.get_account"), HTTPStatus.SEE_OTHER)


def _must_know_password(person: Person) -> None:
    # Whoever finds an open browser must not take the second factor away.
    change_password(person, request.form.get("password", ""), request.form.get("password", ""))


def _person(db: Session) -> Person:
    return db.get_one(Person, g.actor.person_id)


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _show_enrolment(error: ModerationError | None = None) -> Response:
    parts = services()
    with parts.database.reading() as db:
        row = db.get(Authenticator, g.actor.person_id)
        if row is None or row.confirmed_at is not None:
            return redirect(url_for("account.get_account"), HTTPStatus.SEE_OTHER)
        enrolment = authenticators.enrol(db, _person(db), parts.secret_key, parts.clock())
    return show(
        "authenticator.html",
        problems.status_of(error) if error else HTTPStatus.OK,
        secret=enrolment.secret,
        # Made by the library out of letters and digits.
        picture=Markup(enrolment.svg),  # noqa: S704
        error=error.message if error else "",
    )


def _show(status: int = HTTPStatus.OK, *, error: InvalidError | None = None, **shown: Any) -> Response:
    parts = services()
    with parts.database.reading() as db:
        person_id: uuid.UUID = g.actor.person_id
        return show(
            "account.html",
            status,
            logins=administration.list_logins(db, person_id, parts.clock() - IDLE),
            here=session_login(),
            tokens=administration.list_tokens(db, person_id),
            has_authenticator=authenticators.has_authenticator(db, person_id),
            passkeys=passkeys.list_passkeys(db, person_id),
            codes_left=authenticators.recovery_codes_left(db, person_id),
            shortest=MIN_PASSWORD,
            longest=MAX_PASSWORD,
            error=" ".join(one.message for one in error.errors) if error else "",
            challenge=PASSKEY_CHALLENGE,
            **{"done": session.pop("done", ""), "codes": [], "token": "", **shown},
        )
