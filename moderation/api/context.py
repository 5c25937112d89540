"""What a request brings along: the service's parts, who asks, and from where."""

from __future__ import annotations

import hmac
import uuid
from typing import cast

from flask import Request, current_app, g, request, session
from itsdangerous import URLSafeSerializer

from moderation.comments.caller import Caller
from moderation.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from moderation.people.access import Actor
from moderation.people.logins import actor_by_login, mark_seen
from moderation.people.users import actor_by_token
from moderation.services import Services

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOGIN_COOKIE_KEY = "login"


def services() -> Services:
    """Return the parts the app was built from."""
    return cast("Services", current_app.extensions["moderation"])


def read_id(text: str, what: str) -> uuid.UUID:
    """Return the id in an address. One that cannot be an id names nothing: ``NotFoundError``."""
    try:
        return uuid.UUID(text)
    except ValueError as error:
        message = f"There is no such {what}."
        raise NotFoundError(message) from error


def bearer(incoming: Request) -> str | None:
    """Return the bearer token of a request; ``None`` where there is none. Raises ``UnauthenticatedError``."""
    header = incoming.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        message = "The Authorization header must read: Bearer <key>."
        raise UnauthenticatedError(message)
    return token.strip()


def client_ip(incoming: Request) -> str:
    """Return the client's address, as told by the connection or by the proxies that are trusted."""
    address = incoming.remote_addr or ""
    return address.split("%")[0]


def read_caller(incoming: Request, key: str | None) -> Caller:
    """Return who sends a comment, as the connection tells it."""
    return Caller(
        key=key,
        page=incoming.headers.get("Origin") or incoming.headers.get("Referer"),
        ip=client_ip(incoming),
        user_agent=incoming.headers.get("User-Agent", ""),
        referrer=incoming.headers.get("Referer", ""),
        idempotency_key=incoming.headers.get("Idempotency-Key"),
    )


def current_actor() -> Actor:
    """Return who asks, by token or by signed-in session. Raises ``UnauthenticatedError`` or ``ForbiddenError``."""
    known = cast("Actor | None", g.get("actor"))
    if known is not None:
        return known
    token = bearer(request)
    if token is not None:
        with services().database.reading() as database_session:
            actor = actor_by_token(database_session, token)
    else:
        actor = _actor_of_session()
        # A browser sends the cookie along with any site's request; only our own pages know the token.
        if request.method not in SAFE_METHODS:
            check_csrf()
    g.actor = actor
    return actor


def _actor_of_session() -> Actor:
    login_id = session_login()
    if login_id is None:
        message = "Sign in, or send a personal token: Authorization: Bearer <token>."
        raise UnauthenticatedError(message)
    now = services().clock()
    with services().database.reading() as database_session:
        actor, mark = actor_by_login(database_session, login_id, now)
    if mark:
        with services().database.writing() as database_session:
            mark_seen(database_session, login_id, now)
    return actor


def session_login() -> uuid.UUID | None:
    """Return the login that the browser's signed cookie names."""
    text = session.get(LOGIN_COOKIE_KEY)
    return uuid.UUID(text) if isinstance(text, str) else None


def csrf_token() -> str:
    """Return the token that forms and scripts of this login send along."""
    login_id = session_login()
    return URLSafeSerializer(services().secret_key, salt="csrf").dumps(str(login_id)) if login_id else ""  # type: ignore[no-any-return,unused-ignore]


def check_csrf() -> None:
    """Raise ``ForbiddenError`` unless the request carries this login's token."""
    sent = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    expected = csrf_token()
    if not expected or not hmac.compare_digest(sent.encode(), expected.encode()):
        message = "The page is out of date (its CSRF token does not fit). Reload it and try again."
        raise ForbiddenError(message, code="bad_csrf_token")
