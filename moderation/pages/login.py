"""Signing in and out."""

from __future__ import annotations

import re
import uuid
from http import HTTPStatus
from typing import cast

from flask import current_app, redirect, request, session, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from moderation.api import problems
from moderation.api.context import LOGIN_COOKIE_KEY, check_csrf, client_ip, current_actor, services, session_login
from moderation.errors import ModerationError, TooManyError, UnauthenticatedError
from moderation.pages.attempts import Attempts
from moderation.pages.origins import refuse_foreign
from moderation.pages.shell import page_blueprint, show, show_http_error, wants_page
from moderation.people.authenticators import has_second_factor
from moderation.people.logins import end_login, start_login
from moderation.people.users import sign_in
from moderation.services import Services

blueprint = page_blueprint("login", __name__)

#: Under which name the cookie keeps who has told a password and still owes a code, and since when.
SECOND_STEP = "second_step"
_ATTEMPTS = "moderation.attempts"
_OWN_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


@blueprint.get("/")
def get_start() -> Response:
    """Lead to the review desk, which is what people come for."""
    return redirect(url_for("desk.get_queue"))


@blueprint.get("/login")
def get_login() -> Response:
    """Show the sign-in form, or go on where somebody is signed in already."""
    try:
        current_actor()
    except UnauthenticatedError:
        return show("login.html", next=next_page(), email="")
    return redirect(next_page(), HTTPStatus.SEE_OTHER)


@blueprint.post("/login")
def post_login() -> Response:
    """Sign in."""
    refuse_foreign(request)
    parts = services()
    email, password = request.form.get("email", ""), request.form.get("password", "")
    try:
        # Whoever leaves the address out tries no account, and still counts for where they are.
        attempts().count(email, client_ip(request))
        with parts.database.reading() as database_session:
            person_id = sign_in(database_session, email, password).id
            more = has_second_factor(database_session, person_id)
    except (UnauthenticatedError, TooManyError) as error:
        return _refuse(error, email)
    attempts().forget(email)
    if more:
        session.clear()
        session[SECOND_STEP] = [str(person_id), parts.clock().isoformat()]
        return redirect(url_for("second_step.get_second_step", next=next_page()), HTTPStatus.SEE_OTHER)
    return finish(person_id)


def finish(person_id: uuid.UUID) -> Response:
    """Sign the browser in and lead on to where its owner wanted to go."""
    parts = services()
    destination = next_page()
    with parts.database.writing() as database_session:
        login = start_login(database_session, person_id, request.headers.get("User-Agent", ""), parts.clock())
        session.clear()
        session[LOGIN_COOKIE_KEY] = str(login.id)
        session.permanent = True
    return redirect(destination, HTTPStatus.SEE_OTHER)


@blueprint.post("/logout")
def post_logout() -> Response:
    """Sign out: the cookie opens nothing any more, wherever a copy of it may lie."""
    login_id = session_login()
    if login_id is not None:
        check_csrf()
        with services().database.writing() as database_session:
            end_login(database_session, login_id, services().clock())
    session.clear()
    return redirect(url_for("login.get_login"), HTTPStatus.SEE_OTHER)


def _refuse(error: ModerationError, email: str) -> Response:
    response = show("login.html", problems.status_of(error), next=next_page(), email=email, error=error.message)
    if isinstance(error, TooManyError):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def next_page() -> str:
    """Return the page of ours that was asked for before signing in."""
    wanted = request.values.get("next", "")
    return wanted if _OWN_PATH.fullmatch(wanted) else url_for("desk.get_queue")


def attempts() -> Attempts:
    """Return the counter of attempts."""
    return cast("Attempts", current_app.extensions[_ATTEMPTS])


@blueprint.record_once
def count_attempts(state: BlueprintSetupState) -> None:
    """Give the app a counter of its own."""
    parts: Services = state.app.extensions["moderation"]
    state.app.extensions[_ATTEMPTS] = Attempts(parts.settings.redis_url)


@blueprint.app_errorhandler(HTTPStatus.NOT_FOUND)
@blueprint.app_errorhandler(HTTPStatus.METHOD_NOT_ALLOWED)
def lost(error: HTTPException) -> Response:
    """Tell people that they are lost with a page, and programs with a problem document."""
    if wants_page():
        return show_http_error(error)
    status = HTTPStatus(error.code or HTTPStatus.NOT_FOUND)
    response = problems.problem(status, error.description or status.phrase)
    response.headers.extend((k, v) for k, v in error.get_headers() if k.lower() == "allow")
    return response
