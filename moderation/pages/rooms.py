"""What the admin's rooms share: who is let in, and how a person's deed is told."""

from __future__ import annotations

import uuid

from apiflask import APIBlueprint
from flask import g
from sqlalchemy.orm import Session

from moderation.api.context import current_actor, read_id
from moderation.pages.shell import page_blueprint
from moderation.people.access import require_admin
from moderation.people.sites import get_site
from moderation.tables import Comment, Site


def admin_blueprint(name: str, import_name: str) -> APIBlueprint:
    """Return a blueprint of pages that admins alone may see."""
    blueprint = page_blueprint(name, import_name)
    blueprint.before_request(need_admin)
    return blueprint


def need_admin() -> None:
    """Let nobody in but admins."""
    g.actor = current_actor()
    require_admin(g.actor)


def need_somebody() -> None:
    """Let nobody in who is not signed in."""
    g.actor = current_actor()


def site_named(session: Session, text: str) -> Site:
    """Return the site that the address names. Raises ``NotFoundError``."""
    return get_site(session, read_id(text, "site"))


def comments_named(session: Session, ids: list[str], at_most: int = 10) -> list[Comment]:
    """Return the first of the comments that are still there, in the order given."""
    wanted = [uuid.UUID(one) for one in ids[:at_most]]
    found = {c.id: c for c in session.query(Comment).where(Comment.id.in_(wanted))} if wanted else {}
    return [found[one] for one in wanted if one in found]
