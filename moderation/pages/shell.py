"""What all pages share: how they are rendered, how they show times and numbers, and how they refuse."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from apiflask import APIBlueprint
from flask import Response, current_app, g, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Response as AnyResponse

from model.links import registered_domain
from moderation.api import problems
from moderation.api.context import csrf_token, services
from moderation.errors import ModerationError, TooManyError, UnauthenticatedError
from moderation.pages.highlight import in_words

log = structlog.get_logger(__name__)

# In this order, since each later one's name stands in what the earlier ones say, too.
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
MINUTE, HOUR, DAY = 60, 3600, 86400


def page_blueprint(name: str, import_name: str) -> APIBlueprint:
    """Return a blueprint of pages: its refusals are pages, too, and visitors who must sign in are led there."""
    blueprint = APIBlueprint(name, import_name, enable_openapi=False)
    blueprint.register_error_handler(ModerationError, show_refusal)
    blueprint.register_error_handler(HTTPException, show_http_error)
    blueprint.register_error_handler(Exception, show_unexpected)
    return blueprint


def show(template: str, status: int = HTTPStatus.OK, **values: Any) -> Response:
    """Return a page. ``actor``, where somebody is signed in, decides what the navigation offers."""
    html = render_template(
        template,
        **{
            "actor": g.get("actor"),
            "csrf": csrf_token(),
            "now": services().clock(),
            "asset": asset,
            "ago": ago,
            "at": at,
            "day": day,
            "percent": percent,
            "host_of": host_of,
            "domain_of": registered_domain,
            "browser_of": browser_of,
            "in_words": in_words,
            **values,
        },
    )
    return make_response(html, status)


def show_refusal(error: ModerationError) -> AnyResponse:
    """Return a refusal as a page, or lead to the sign-in page."""
    if isinstance(error, UnauthenticatedError):
        # What was sent cannot be sent again by a redirect; going back to where it was filled in is next best.
        wanted = request.full_path.rstrip("?") if request.method in {"GET", "HEAD"} else _page_before()
        return redirect(url_for("login.get_login", next=wanted), HTTPStatus.SEE_OTHER)
    status = problems.status_of(error)
    response = show("error.html", status, title=status.phrase, message=error.message)
    if isinstance(error, TooManyError):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def show_http_error(error: HTTPException) -> AnyResponse:
    """Return an error of Flask's own as a page."""
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    message = error.description or status.phrase
    if isinstance(error, NotFound):
        message = "There is no page at this address."
    response = show("error.html", status, title=status.phrase, message=message)
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value
    return response


def show_unexpected(error: Exception) -> AnyResponse:
    """Return a page for what nobody foresaw, and log it."""
    log.error("unexpected_error", error=type(error).__name__, exc_info=error)
    message = "This went wrong on our side; it has been logged."
    return show("error.html", HTTPStatus.INTERNAL_SERVER_ERROR, title="Something went wrong", message=message)


def wants_page() -> bool:
    """Tell whether an address that leads nowhere was opened in a browser; programs get problem documents."""
    return not request.path.startswith(("/api/", "/1.1/", "/1.2/", "/k/")) and "text/html" in request.headers.get(
        "Accept", ""
    )


def _page_before() -> str:
    parts = urlsplit(request.referrer or "")
    return parts.path + (f"?{parts.query}" if parts.query else "") if parts.netloc == request.host else "/review"


@lru_cache(maxsize=32)
def _digest(path: Path, _changed: float) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=6).hexdigest()


def asset(name: str) -> str:
    """Return the address of a static file, which changes with its content: no browser keeps an outdated one."""
    path = Path(current_app.static_folder or "") / name
    return url_for("static", filename=name, v=_digest(path, path.stat().st_mtime))


def at(moment: datetime) -> str:
    """Return a time to the minute."""
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def day(moment: datetime) -> str:
    """Return a date as an article would write it."""
    return f"{moment:%B} {moment.day}, {moment.year}"


def ago(moment: datetime, now: datetime) -> str:
    """Return how long ago a time was, in the largest unit that fits."""
    seconds = (now - moment).total_seconds()
    if seconds < MINUTE:
        return "just now"
    for unit, length in (("day", DAY), ("hour", HOUR), ("minute", MINUTE)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def percent(share: float) -> str:
    """Return a probability as people read it; what is not certain never reads as 0 or 100 %."""
    if 0 < share < 0.01:  # noqa: PLR2004 -- one percent
        return "< 1 %"
    if 0.99 < share < 1:  # noqa: PLR2004
        return "> 99 %"
    return f"{100 * share:.0f} %"


def host_of(url: str) -> str:
    """Return the host of a web address, or nothing."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def browser_of(user_agent: str) -> str:
    """Return a browser's name out of what it says of itself, or all of that where it is no browser we know."""
    found = next((name for sign, name in _BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    return f"{found} on {system}" if found and system and user_agent.startswith("Mozilla/") else user_agent[:80]
