"""From which page a form was sent, as the browser tells it."""

from __future__ import annotations

from flask import Request

from moderation.api.context import services
from moderation.errors import ForbiddenError
from moderation.people.sites import origin_of


def own_origins(request: Request) -> set[str]:
    """Return the origins under which the service itself is reached."""
    found = {origin_of(request.host_url), origin_of(services().settings.base_url())}
    return {origin for origin in found if origin}


def sent_from(request: Request) -> str | None:
    """Return the origin of the page that sent a form, ``None`` where the browser does not tell."""
    return origin_of(request.headers.get("Origin") or request.headers.get("Referer") or "")


def refuse_foreign(request: Request) -> None:
    """Raise ``ForbiddenError`` if another site's page sent the form. For forms that cannot have a CSRF token yet."""
    sent_by = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    # Every browser of today tells at least one of the two; what tells neither is no browser and carries no cookies.
    foreign = sent_by not in {None, "same-origin", "none"} or (
        origin is not None and origin_of(origin) not in own_origins(request)
    )
    if foreign:
        message = "This form was sent from another site's page. Open the sign-in page here and try again."
        raise ForbiddenError(message, code="wrong_origin")
