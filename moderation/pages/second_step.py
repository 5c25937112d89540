"""The second step of signing in, and passkeys, which need no first."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import jsonify, redirect, request, session, url_for
from werkzeug.wrappers import Response

from moderation.api import problems
from moderation.api.context import client_ip, services
from moderation.errors import ForbiddenError, ModerationError, TooManyError, UnauthenticatedError
from moderation.pages.login import SECOND_STEP, attempts, finish, next_page
from moderation.pages.origins import refuse_foreign
from moderation.pages.shell import page_blueprint, show
from moderation.people import authenticators, passkeys
from moderation.people.passkeys import Relying
from moderation.people.users import actor_of
from moderation.tables import Person

blueprint = page_blueprint("second_step", __name__)

PASSKEY_CHALLENGE = "passkey"
#: Who has told a password has so long to find the phone.
PATIENCE = timedelta(minutes=5)


@blueprint.get("/login/second")
def get_second_step() -> Response:
    """Ask for a code or a passkey."""
    return _show()


@blueprint.post("/login/second")
def post_second_step() -> Response:
    """Take a one-time code or a recovery code."""
    refuse_foreign(request)
    parts, person_id = services(), _half_signed_in()
    try:
        attempts().count(f"second step of {person_id}", client_ip(request))
        with parts.database.writing() as db:
            actor_of(db, person_id)
            person = db.get_one(Person, person_id)
            authenticators.check_code(db, person, request.form.get("code", ""), parts.secret_key, parts.clock())
    except (UnauthenticatedError, TooManyError) as error:
        return _show(error)
    attempts().forget(f"second step of {person_id}")
    return finish(person_id)


@blueprint.post("/login/passkey/options")
def post_options() -> Response:
    """Tell the browser which passkeys would do."""
    refuse_foreign(request)
    person_id = None if SECOND_STEP not in session else _half_signed_in()
    with services().database.reading() as db:
        options = passkeys.authentication_options(db, relying(), person_id)
    keep_challenge(options)
    return jsonify(options)


@blueprint.post("/login/passkey")
def post_passkey() -> Response:
    """Sign in with a passkey: it is held by its owner and knows them, which makes two factors."""
    refuse_foreign(request)
    parts, challenge = services(), take_challenge()
    sent = request.get_json(silent=True)
    answer = sent.get("credential") if isinstance(sent, dict) else None
    expected = _half_signed_in() if SECOND_STEP in session else None
    attempts().count("", client_ip(request))
    with parts.database.writing() as db:
        person = passkeys.authenticate(
            db, relying(), answer if isinstance(answer, dict) else {}, challenge, parts.clock()
        )
        if expected is not None and person.id != expected:
            message = "This passkey is somebody else’s."
            raise UnauthenticatedError(message)
    destination = next_page()
    finish(person.id)
    return jsonify({"next": destination})


@blueprint.errorhandler(ModerationError)
def refuse(error: ModerationError) -> Response:
    """Tell scripts in JSON why, and people with a page."""
    if request.path.startswith("/login/passkey"):
        return problems.present(error)
    if isinstance(error, UnauthenticatedError):
        return redirect(url_for("login.get_login", next=next_page()), HTTPStatus.SEE_OTHER)
    status = problems.status_of(error)
    return show("error.html", status, title=status.phrase, message=error.message)


def relying() -> Relying:
    """Return whom passkeys are for: this service, as the outside reaches it. Raises ``ForbiddenError`` for an IP."""
    base = services().settings.public_url
    parts = urlsplit(str(base) if base else request.host_url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return Relying(host, f"{parts.scheme}://{parts.netloc}".rstrip("/"))
    message = "Browsers make passkeys for named hosts only: open this service by its name (or as localhost)."
    raise ForbiddenError(message)


def keep_challenge(options: dict[str, Any]) -> None:
    """Keep what the browser is to sign, in its own signed cookie."""
    session[PASSKEY_CHALLENGE] = [options["challenge"], services().clock().isoformat()]


def take_challenge() -> str:
    """Return what the browser was to sign; it counts once, and not for long. Raises ``ForbiddenError``."""
    kept = session.pop(PASSKEY_CHALLENGE, None)
    if isinstance(kept, list) and services().clock() - datetime.fromisoformat(kept[1]) <= PATIENCE:
        return str(kept[0])
    message = "This took too long; try again."
    raise ForbiddenError(message)


def _half_signed_in() -> uuid.UUID:
    kept = session.get(SECOND_STEP)
    if isinstance(kept, list) and services().clock() - datetime.fromisoformat(kept[1]) <= PATIENCE:
        return uuid.UUID(kept[0])
    session.pop(SECOND_STEP, None)
    message = "Sign in again: this took too long."
    raise UnauthenticatedError(message)


def _show(error: ModerationError | None = None) -> Response:
    person_id = _half_signed_in()
    with services().database.reading() as db:
        response = show(
            "second_step.html",
            problems.status_of(error) if error else HTTPStatus.OK,
            next=next_page(),
            error=error.message if error else "",
            has_authenticator=authenticators.has_authenticator(db, person_id),
            has_passkey=bool(passkeys.list_passkeys(db, person_id)),
        )
    if isinstance(error, TooManyError):
        response.headers["Retry-After"] = str(error.retry_after)
    return response
