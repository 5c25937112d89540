"""A site's own page in the admin's room: what it is called, and its keys: made, exchanged, ended."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.errors import NotFoundError
from moderation.people.access import Actor
from moderation.people.deeds import record
from moderation.people.sites import NewSite, add_key, check_name, create_site, get_site, parse_origins
from moderation.tables import KeyPurpose, Site, SiteKey

#: An exchanged key goes on working for so long, so that nothing is lost while the new one is put in place.
GRACE = timedelta(days=1)
REPLAY_LIFETIME = timedelta(days=1)


def add_site(
    session: Session,
    actor: Actor,
    name: str,
    origins: Iterable[str],
    now: datetime,
    *,
    name_required: bool,
    email_required: bool,
) -> NewSite:
    """Make a site. Raises ``InvalidError``."""
    new = create_site(session, name, origins, now, name_required=name_required, email_required=email_required)
    record(session, actor.person_id, "created the site", new.site.name, now, new.site.id)
    return new


def edit_site(
    session: Session,
    actor: Actor,
    site_id: uuid.UUID,
    name: str,
    origins: Iterable[str],
    now: datetime,
    *,
    name_required: bool,
    email_required: bool,
) -> Site:
    """Change what a site is called, where its pages are and what it asks of writers. Raises ``InvalidError``."""
    site = get_site(session, site_id)
    values = {
        "name": check_name(name),
        "origins": parse_origins(origins),
        "name_required": name_required,
        "email_required": email_required,
    }
    changed = [key.replace("_", " ") for key, value in values.items() if getattr(site, key) != value]
    if changed:
        for key, value in values.items():
            setattr(site, key, value)
        record(session, actor.person_id, f"changed {', '.join(changed)} of the site", site.name, now, site.id)
    return site


def list_keys(session: Session, site_id: uuid.UUID, now: datetime) -> Sequence[SiteKey]:
    """Return the site's keys that still open something, by purpose."""
    query = (
        select(SiteKey)
        .where(SiteKey.site_id == site_id, SiteKey.revoked_at.is_(None))
        .order_by(SiteKey.purpose, SiteKey.created_at, SiteKey.id)
    )
    return [key for key in session.scalars(query) if key.expires_at is None or key.expires_at > now]


def make_key(session: Session, actor: Actor, site_id: uuid.UUID, purpose: KeyPurpose, now: datetime) -> str:
    """Make a key and return it, the only time it is known. One for replays ends by itself."""
    site = get_site(session, site_id)
    expires = now + REPLAY_LIFETIME if purpose is KeyPurpose.REPLAY else None
    secret = add_key(session, site.id, purpose, now, expires)
    record(session, actor.person_id, f"made a key ({purpose}) for", site.name, now, site.id)
    return secret


def rotate_key(session: Session, actor: Actor, site_id: uuid.UUID, key_id: uuid.UUID, now: datetime) -> str:
    """Make a key in another's place, which ends by itself after ``GRACE``. Returns the new one."""
    key = _key(session, site_id, key_id)
    secret = make_key(session, actor, site_id, key.purpose, now)
    if key.expires_at is None or key.expires_at > now + GRACE:
        key.expires_at = now + GRACE
    session.flush()
    return secret


def revoke_key_by_id(session: Session, actor: Actor, site_id: uuid.UUID, key_id: uuid.UUID, now: datetime) -> None:
    """End a key's life at once."""
    key = _key(session, site_id, key_id)
    if key.revoked_at is None:
        key.revoked_at = now
        site = get_site(session, site_id)
        record(session, actor.person_id, f"revoked a key ({key.purpose}) of", site.name, now, site.id)


def _key(session: Session, site_id: uuid.UUID, key_id: uuid.UUID) -> SiteKey:
    key = session.get(SiteKey, key_id)
    if key is None or key.site_id != site_id:
        message = "There is no such key."
        raise NotFoundError(message)
    return key
