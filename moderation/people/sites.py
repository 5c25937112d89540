"""Websites and their keys."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Row, Text, bindparam, cast, or_, select
from sqlalchemy.orm import Session

from moderation.clock import new_id
from moderation.database import run
from moderation.errors import FieldError, InvalidError, NotFoundError, UnauthenticatedError
from moderation.people.access import Actor
from moderation.people.secrets import digest_secret, make_secret
from moderation.policy.rules import Rules, read_rules
from moderation.tables import KeyPurpose, Policy, Site, SiteKey, Status, StatusCount

MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class NewSite:
    """A site just made, with its secrets, which are not stored and so are told only here."""

    site: Site
    key: str
    akismet_key: str


def create_site(
    session: Session,
    name: str,
    origins: Iterable[str],
    now: datetime,
    *,
    name_required: bool = True,
    email_required: bool = True,
) -> NewSite:
    """Make a site with its keys and its first policy. Raises ``InvalidError`` for a bad name or origin."""
    site = Site(
        id=new_id(),
        name=check_name(name),
        origins=parse_origins(origins),
        name_required=name_required,
        email_required=email_required,
        created_at=now,
    )
    session.add(site)
    session.flush()
    session.add(Policy(site_id=site.id, number=1, rules=Rules().model_dump(mode="json"), created_at=now))
    session.add_all(StatusCount(site_id=site.id, status=status, count=0) for status in Status)
    key = add_key(session, site.id, KeyPurpose.SERVER, now)
    akismet_key = add_key(session, site.id, KeyPurpose.AKISMET, now)
    session.flush()
    return NewSite(site, key, akismet_key)


def check_name(name: str) -> str:
    """Return a site's name as it is stored. Raises ``InvalidError``."""
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise InvalidError([FieldError("name", "bad_name", f"A name has 1 to {MAX_NAME} printable characters.")])
    return name


def parse_origins(origins: Iterable[str]) -> list[str]:
    """Return the origins in the form in which browsers send them. Raises ``InvalidError`` naming the bad ones."""
    parsed, errors = [], []
    for text in origins:
        origin = origin_of(text)
        if origin is None:
            message = f"{text!r} is no web address (for example https://blog.example.org)."
            errors.append(FieldError("origin", "bad_origin", message))
        elif origin not in parsed:
            parsed.append(origin)
    if not parsed and not errors:
        errors.append(FieldError("origin", "missing", "A site needs at least one origin."))
    if errors:
        raise InvalidError(errors)
    return parsed


def origin_of(url: str) -> str | None:
    """Return scheme, host and port of a web address as a browser's ``Origin`` names them, or ``None``."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or any(c.isspace() for c in host):
        return None
    try:
        host = host.encode("idna").decode("ascii") if not host.isascii() else host
    except UnicodeError:
        return None
    host = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in {None, default} else "")


def get_site(session: Session, site_id: uuid.UUID) -> Site:
    """Return the site. Raises ``NotFoundError``."""
    site = session.get(Site, site_id)
    if site is None:
        message = "There is no such site."
        raise NotFoundError(message)
    return site


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """What a site asks of its comments: all that taking one in needs to know of it, read in one look."""

    id: uuid.UUID
    name: str
    origins: Sequence[str]
    name_required: bool
    email_required: bool
    policy_number: int
    held_since: datetime | None
    has_webhooks: bool
    rules: Rules


_SETTINGS = select(
    Site.id,
    Site.name,
    Site.origins,
    Site.name_required,
    Site.email_required,
    Site.policy_number,
    Site.held_since,
    Site.has_webhooks,
    cast(Policy.rules, Text).label("rules"),
).join(Policy, (Policy.site_id == Site.id) & (Policy.number == Site.policy_number))
_SETTINGS_BY_ID = _SETTINGS.where(Site.id == bindparam("site_id"))
_SETTINGS_BY_KEY = _SETTINGS.join(SiteKey, SiteKey.site_id == Site.id).where(
    SiteKey.digest == bindparam("digest"),
    SiteKey.purpose == KeyPurpose.AKISMET,
    SiteKey.revoked_at.is_(None),
    or_(SiteKey.expires_at.is_(None), SiteKey.expires_at > bindparam("now")),
)
_KEY = select(SiteKey.site_id, SiteKey.purpose, SiteKey.revoked_at, SiteKey.expires_at).where(
    SiteKey.digest == bindparam("digest")
)


def settings_of(session: Session, site_id: uuid.UUID) -> SiteSettings:
    """Return what the site asks of its comments. Raises ``NotFoundError``."""
    row = run(session, _SETTINGS_BY_ID, {"site_id": site_id}).one_or_none()
    if row is None:
        message = "There is no such site."
        raise NotFoundError(message)
    return _settings(row)


def _settings(row: Row[*tuple[Any, ...]]) -> SiteSettings:
    columns = row._asdict()
    return SiteSettings(**columns | {"rules": read_rules(columns["rules"])})


def list_sites(session: Session, actor: Actor) -> Sequence[Site]:
    """Return the sites that the person looks after, by name."""
    return session.scalars(select(Site).where(actor.only_theirs(Site.id)).order_by(Site.name, Site.id)).all()


def add_key(
    session: Session, site_id: uuid.UUID, purpose: KeyPurpose, now: datetime, expires_at: datetime | None = None
) -> str:
    """Make a key and return it; only its digest is stored. Akismet's clients demand exactly 12 hex digits."""
    secret = secrets.token_hex(6) if purpose is KeyPurpose.AKISMET else make_secret("site")
    session.add(
        SiteKey(
            id=new_id(),
            site_id=site_id,
            purpose=purpose,
            digest=digest_secret(secret),
            created_at=now,
            expires_at=expires_at,
        )
    )
    session.flush()
    return secret


def revoke_key(session: Session, secret: str, now: datetime) -> None:
    """End a key's life. An unknown one is no error: it opens nothing already."""
    key = session.scalar(select(SiteKey).where(SiteKey.digest == digest_secret(secret)))
    if key is not None and key.revoked_at is None:
        key.revoked_at = now


def check_key(session: Session, site_id: uuid.UUID, secret: str, now: datetime) -> KeyPurpose:
    """Return what the key opens at this site. Raises ``UnauthenticatedError``: unknown, ended, or another site's."""
    key = run(session, _KEY, {"digest": digest_secret(secret)}).one_or_none()
    usable = (
        key is not None
        and key.site_id == site_id
        and key.revoked_at is None
        and (key.expires_at is None or key.expires_at > now)
        # Akismet's keys have 48 bits and travel in host names: they never open the rest.
        and key.purpose is not KeyPurpose.AKISMET
    )
    if key is None or not usable:
        message = "The key is not one of this site's."
        raise UnauthenticatedError(message)
    purpose: KeyPurpose = key.purpose
    return purpose


def settings_of_akismet_key(session: Session, secret: str, now: datetime) -> SiteSettings | None:
    """Return what the site asks whose Akismet key this is, ``None`` where it is nobody's or has ended."""
    row = run(session, _SETTINGS_BY_KEY, {"digest": digest_secret(secret), "now": now}).one_or_none()
    return None if row is None else _settings(row)
