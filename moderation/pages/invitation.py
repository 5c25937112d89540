"""The page behind an invitation: somebody sets a password. Opening it shows, and only sending it uses the link up."""

from __future__ import annotations

from http import HTTPStatus

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from moderation.api import problems
from moderation.api.context import services
from moderation.errors import InvalidError
from moderation.pages.origins import refuse_foreign
from moderation.pages.shell import page_blueprint, show
from moderation.people.invitations import accept, find_invitation
from moderation.people.users import MAX_PASSWORD, MIN_PASSWORD, check_repeated

blueprint = page_blueprint("invitation", __name__)


@blueprint.get("/invitation/<secret>")
def get_invitation(secret: str) -> Response:
    """Show the form for a password."""
    return _show(secret)


@blueprint.post("/invitation/<secret>")
def post_invitation(secret: str) -> Response:
    """Set the password."""
    refuse_foreign(request)
    parts = services()
    password = request.form.get("password", "")
    try:
        check_repeated(password, request.form.get("again", ""))
        with parts.database.writing() as session:
            accept(session, secret, password, parts.clock())
    except InvalidError as error:
        return _show(secret, error)
    return redirect(url_for("login.get_login"), HTTPStatus.SEE_OTHER)


def _show(secret: str, error: InvalidError | None = None) -> Response:
    parts = services()
    with parts.database.reading() as session:
        invitation = find_invitation(session, secret, parts.clock())
        response = show(
            "invitation.html",
            problems.status_of(error) if error else HTTPStatus.OK,
            invitation=invitation,
            error=" ".join(one.message for one in error.errors) if error else "",
            shortest=MIN_PASSWORD,
            longest=MAX_PASSWORD,
        )
    # The address is a secret: no other site shall learn it.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@blueprint.after_request
def keep_secret(response: Response) -> Response:
    """Keep the address out of what search engines remember."""
    response.headers["X-Robots-Tag"] = "noindex"
    return response
