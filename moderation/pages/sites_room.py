"""The sites: made and changed, and their keys."""

from __future__ import annotations

from http import HTTPStatus

from flask import g, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from moderation.api import problems
from moderation.api.context import read_id, services
from moderation.counters import status_counts
from moderation.errors import FieldError, InvalidError, ModerationError
from moderation.pages.rooms import admin_blueprint, site_named
from moderation.pages.shell import show
from moderation.people import site_keys
from moderation.people.deeds import record
from moderation.people.sites import list_sites
from moderation.review.audit import trust_again
from moderation.tables import KeyPurpose, Person, PersonSite, Site

blueprint = admin_blueprint("admin_sites", __name__)

PURPOSES = {
    KeyPurpose.SERVER: "The site’s server: all of intake",
    KeyPurpose.AKISMET: "Akismet clients: verdicts and mistakes",
    KeyPurpose.REPLAY: "Sending a history again: ends after a day",
}


@blueprint.get("/admin/sites")
def get_sites() -> Response:
    """List the sites and offer to make one."""
    return _show_all()


@blueprint.post("/admin/sites")
def post_site() -> Response:
    """Make a site and show its keys, this once."""
    parts = services()
    try:
        with parts.database.writing() as session:
            new = site_keys.add_site(
                session, g.actor, request.form.get("name", ""), _origins(), parts.clock(), **_required()
            )
    except InvalidError as error:
        return _show_all(error)
    secrets = [(KeyPurpose.SERVER, new.key), (KeyPurpose.AKISMET, new.akismet_key)]
    with parts.database.reading() as session:
        return _show_one(session, session.get_one(Site, new.site.id), HTTPStatus.CREATED, secrets=secrets)


@blueprint.get("/admin/sites/<site_id>")
def get_site(site_id: str) -> Response:
    """Show a site with its keys."""
    with services().database.reading() as session:
        return _show_one(session, site_named(session, site_id))


@blueprint.post("/admin/sites/<site_id>")
def post_edit(site_id: str) -> Response:
    """Change a site."""
    parts = services()
    try:
        with parts.database.writing() as session:
            site_keys.edit_site(
                session,
                g.actor,
                read_id(site_id, "site"),
                request.form.get("name", ""),
                _origins(),
                parts.clock(),
                **_required(),
            )
    except InvalidError as error:
        with parts.database.reading() as session:
            return _show_one(session, site_named(session, site_id), problems.status_of(error), error=error)
    return _back(site_id)


@blueprint.post("/admin/sites/<site_id>/keys")
def post_key(site_id: str) -> Response:
    """Make a key and show it, this once."""
    parts = services()
    purpose = _purpose()
    with parts.database.writing() as session:
        secret = site_keys.make_key(session, g.actor, read_id(site_id, "site"), purpose, parts.clock())
    return _show_secret(site_id, purpose, secret)


@blueprint.post("/admin/sites/<site_id>/keys/<key_id>/rotate")
def post_rotation(site_id: str, key_id: str) -> Response:
    """Exchange a key; the old one works on for a day."""
    parts = services()
    with parts.database.writing() as session:
        named = read_id(site_id, "site"), read_id(key_id, "key")
        purpose = next(
            (k.purpose for k in site_keys.list_keys(session, named[0], parts.clock()) if k.id == named[1]), None
        )
        secret = site_keys.rotate_key(session, g.actor, *named, parts.clock())
    return _show_secret(site_id, purpose or KeyPurpose.SERVER, secret)


@blueprint.post("/admin/sites/<site_id>/keys/<key_id>/revoke")
def post_revocation(site_id: str, key_id: str) -> Response:
    """End a key's life at once."""
    parts = services()
    with parts.database.writing() as session:
        site_keys.revoke_key_by_id(session, g.actor, read_id(site_id, "site"), read_id(key_id, "key"), parts.clock())
    return _back(site_id)


@blueprint.post("/admin/sites/<site_id>/trust")
def post_trust(site_id: str) -> Response:
    """Let the judge keep comments as spam again after audits had broken the promise."""
    parts = services()
    with parts.database.writing() as session:
        site = site_named(session, site_id)
        trust_again(session, site)
        record(session, g.actor.person_id, "trusted the judge again at", site.name, parts.clock(), site.id)
    return _back(site_id)


def _show_secret(site_id: str, purpose: KeyPurpose, secret: str) -> Response:
    with services().database.reading() as session:
        return _show_one(session, site_named(session, site_id), HTTPStatus.CREATED, secrets=[(purpose, secret)])


def _show_all(error: InvalidError | None = None) -> Response:
    with services().database.reading() as session:
        return show(
            "admin_sites.html",
            problems.status_of(error) if error else HTTPStatus.OK,
            sites=[(site, status_counts(session, [site.id])) for site in list_sites(session, g.actor)],
            errors=_errors(error),
            entered=request.form if error else {},
        )


def _show_one(
    session: Session,
    site: Site,
    status: int = HTTPStatus.OK,
    *,
    secrets: list[tuple[KeyPurpose, str]] | None = None,
    error: ModerationError | None = None,
) -> Response:
    people = select(Person).join(PersonSite, PersonSite.person_id == Person.id).where(PersonSite.site_id == site.id)
    return show(
        "admin_site.html",
        status,
        site=site,
        entered=request.form if error else {},
        errors=_errors(error),
        keys=site_keys.list_keys(session, site.id, services().clock()),
        secrets=secrets or [],
        purposes=PURPOSES,
        grace=site_keys.GRACE.days,
        people=list(session.scalars(people.order_by(Person.email))),
        api=services().settings.base_url() if services().settings.public_url else request.host_url.rstrip("/"),
    )


def _errors(error: ModerationError | None) -> dict[str, str]:
    if not isinstance(error, InvalidError):
        return {}
    found: dict[str, str] = {}
    for one in error.errors:
        found[one.field] = f"{found[one.field]} {one.message}" if one.field in found else one.message
    return found


def _origins() -> list[str]:
    return request.form.get("origins", "").split()


def _required() -> dict[str, bool]:
    return {name: name in request.form for name in ("name_required", "email_required")}


def _purpose() -> KeyPurpose:
    try:
        return KeyPurpose(request.form.get("purpose", ""))
    except ValueError as error:
        message = f"A key is for one of: {', '.join(KeyPurpose)}."
        raise InvalidError([FieldError("purpose", "not_a_choice", message)], message) from error


def _back(site_id: str) -> Response:
    return redirect(url_for("admin_sites.get_site", site_id=site_id), HTTPStatus.SEE_OTHER)
