"""The people: invited, given roles and sites, shut out, and helped in again."""

from __future__ import annotations

import uuid
from http import HTTPStatus

from flask import g, redirect, request, url_for
from werkzeug.wrappers import Response

from moderation.api import problems
from moderation.api.context import read_id, services
from moderation.errors import ConflictError, FieldError, InvalidError, ModerationError
from moderation.pages.rooms import admin_blueprint
from moderation.pages.shell import show
from moderation.people import administration, authenticators, invitations, passkeys
from moderation.people.logins import IDLE
from moderation.people.sites import list_sites
from moderation.tables import Role

blueprint = admin_blueprint("admin_people", __name__)


@blueprint.get("/admin/people")
def get_people() -> Response:
    """List everybody, and the invitations that are open."""
    return _show_all()


@blueprint.post("/admin/people/invite")
def post_invitation() -> Response:
    """Make a link for somebody new and show it, this once."""
    parts = services()
    email = request.form.get("email", "").strip()
    try:
        with parts.database.writing() as session:
            secret = invitations.invite(session, g.actor, email, _role(), _sites(), parts.clock())
    except (InvalidError, ConflictError) as error:
        return _show_all(error)
    return _show_all(link=_link(secret), for_whom=email)


@blueprint.post("/admin/people/invitations/<invitation_id>/revoke")
def post_revoked_invitation(invitation_id: str) -> Response:
    """Take an invitation back."""
    parts = services()
    with parts.database.writing() as session:
        invitations.revoke(session, g.actor, read_id(invitation_id, "invitation"), parts.clock())
    return redirect(url_for("admin_people.get_people"), HTTPStatus.SEE_OTHER)


@blueprint.get("/admin/people/<person_id>")
def get_person(person_id: str) -> Response:
    """Show a person: role, sites, sessions, tokens, second factors."""
    return _show_one(person_id)


@blueprint.post("/admin/people/<person_id>")
def post_access(person_id: str) -> Response:
    """Change a person's role and sites."""
    parts = services()
    try:
        with parts.database.writing() as session:
            named = read_id(person_id, "person")
            administration.set_access(session, g.actor, named, _role(), _sites(), parts.clock())
    except (ConflictError, InvalidError) as error:
        return _show_one(person_id, error)
    return _back(person_id)


@blueprint.post("/admin/people/<person_id>/<any(disable,enable,logout,factors):deed>")
def post_deed(person_id: str, deed: str) -> Response:
    """Shut a person out, let them in again, sign them out everywhere, or take their second factors away."""
    parts = services()
    act = {
        "disable": administration.disable,
        "enable": administration.enable,
        "logout": administration.end_all_logins,
        "factors": administration.remove_factors,
    }[deed]
    try:
        with parts.database.writing() as session:
            act(session, g.actor, read_id(person_id, "person"), parts.clock())
    except ConflictError as error:
        return _show_one(person_id, error)
    return _back(person_id)


@blueprint.post("/admin/people/<person_id>/link")
def post_link(person_id: str) -> Response:
    """Make a link with which the person sets a new password, and show it, this once."""
    parts = services()
    with parts.database.writing() as session:
        secret = invitations.offer_new_password(session, g.actor, read_id(person_id, "person"), parts.clock())
    return _show_one(person_id, link=_link(secret))


@blueprint.post("/admin/people/<person_id>/tokens/<token_id>/revoke")
def post_token(person_id: str, token_id: str) -> Response:
    """End a token's life."""
    parts = services()
    with parts.database.writing() as session:
        named = read_id(person_id, "person"), read_id(token_id, "token")
        administration.revoke_token(session, g.actor, *named, parts.clock())
    return _back(person_id)


def _show_all(error: ModerationError | None = None, link: str = "", for_whom: str = "") -> Response:
    parts = services()
    with parts.database.reading() as session:
        return show(
            "admin_people.html",
            problems.status_of(error) if error else HTTPStatus.OK,
            people=administration.list_people(session),
            invitations=invitations.list_open(session, parts.clock()),
            sites=list_sites(session, g.actor),
            roles=list(Role),
            days=invitations.LIFETIME.days,
            link=link,
            for_whom=for_whom,
            error=_message(error),
            entered=request.form if error else {},
            chosen=set(request.form.getlist("sites")) if error else set(),
        )


def _show_one(person_id: str, error: ModerationError | None = None, link: str = "") -> Response:
    parts = services()
    with parts.database.reading() as session:
        person = administration.get_person(session, read_id(person_id, "person"))
        return show(
            "admin_person.html",
            problems.status_of(error) if error else HTTPStatus.OK,
            person=person,
            theirs=administration.sites_of(session, person.id),
            sites=list_sites(session, g.actor),
            roles=list(Role),
            logins=administration.list_logins(session, person.id, parts.clock() - IDLE),
            tokens=administration.list_tokens(session, person.id),
            has_authenticator=authenticators.has_authenticator(session, person.id),
            passkeys=passkeys.list_passkeys(session, person.id),
            days=invitations.LIFETIME.days,
            link=link,
            error=_message(error),
        )


def _message(error: ModerationError | None) -> str:
    if isinstance(error, InvalidError) and error.errors:
        return " ".join(one.message for one in error.errors)
    return error.message if error else ""


def _role() -> Role:
    try:
        return Role(request.form.get("role", ""))
    except ValueError as error:
        message = f"A role is one of: {', '.join(Role)}."
        raise InvalidError([FieldError("role", "not_a_choice", message)], message) from error


def _sites() -> set[uuid.UUID]:
    return {read_id(text, "site") for text in request.form.getlist("sites")}


def _link(secret: str) -> str:
    base = services().settings.public_url
    return f"{str(base or request.host_url).rstrip('/')}{url_for('invitation.get_invitation', secret=secret)}"


def _back(person_id: str) -> Response:
    return redirect(url_for("admin_people.get_person", person_id=person_id), HTTPStatus.SEE_OTHER)
