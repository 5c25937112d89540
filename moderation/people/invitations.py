"""Links that let somebody set a password once: somebody invited, or somebody who has forgotten theirs."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from email_validator import EmailNotValidError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from moderation.clock import new_id
from moderation.errors import ConflictError, FieldError, InvalidError, NotFoundError
from moderation.people.access import Actor
from moderation.people.administration import end_logins, get_person, sites_of
from moderation.people.deeds import record
from moderation.people.secrets import digest_secret, make_secret
from moderation.people.users import create_person, normalise_email, set_password
from moderation.tables import Invitation, Person, Role, Site

LIFETIME = timedelta(days=7)


def invite(
    session: Session, actor: Actor, email: str, role: Role, site_ids: Collection[uuid.UUID], now: datetime
) -> str:
    """Invite somebody new and return the link's secret, the only time it is known.

    Raises ``InvalidError`` for a bad address, ``ConflictError`` if that person is here already.
    """
    try:
        email = normalise_email(email)
    except EmailNotValidError as error:
        raise InvalidError([FieldError("email", "invalid_email", str(error))]) from error
    if session.scalar(select(Person.id).where(Person.email == email)) is not None:
        message = f"There is already a person with the address {email}."
        raise ConflictError(message)
    known = set(session.scalars(select(Site.id).where(Site.id.in_(list(site_ids)))))
    if role is Role.MODERATOR and not known:
        raise InvalidError([FieldError("sites", "missing", "A moderator looks after one site or more: name them.")])
    _revoke_open(session, email, now)
    record(session, actor.person_id, f"invited as {role}", email, now)
    return _add(session, actor, email, role, known, None, now)


def offer_new_password(session: Session, actor: Actor, person_id: uuid.UUID, now: datetime) -> str:
    """Return the secret of a link with which a person sets a new password."""
    person = get_person(session, person_id)
    _revoke_open(session, person.email, now)
    record(session, actor.person_id, "made a link for a new password of", person.email, now)
    return _add(session, actor, person.email, person.role, sites_of(session, person_id), person_id, now)


def find_invitation(session: Session, secret: str, now: datetime) -> Invitation:
    """Return what the link stands for. Raises ``NotFoundError``: unknown, used, taken back or too old, all alike."""
    found = session.scalar(select(Invitation).where(Invitation.digest == digest_secret(secret)).with_for_update())
    if found is None or found.used_at is not None or found.revoked_at is not None or found.expires_at <= now:
        message = "This link does not open anything any more. Ask for a new one."
        raise NotFoundError(message)
    return found


def accept(session: Session, secret: str, password: str, now: datetime) -> Person:
    """Set the password, and make the person if they are new. Raises ``NotFoundError``, ``InvalidError``."""
    invitation = find_invitation(session, secret, now)
    if invitation.person_id is not None:
        person = get_person(session, invitation.person_id)
        set_password(person, password)
        end_logins(session, person.id, now)
        record(session, person.id, "set a new password by link for", person.email, now)
    else:
        sites = session.scalars(select(Site.id).where(Site.id.in_([uuid.UUID(one) for one in invitation.sites])))
        person = create_person(session, invitation.email, invitation.role, list(sites), password, now)
        record(session, person.id, "accepted the invitation of", person.email, now)
    invitation.used_at = now
    session.flush()
    return person


def list_open(session: Session, now: datetime) -> list[Invitation]:
    """Return the links that still open something, the newest first."""
    query = (
        select(Invitation)
        .where(Invitation.used_at.is_(None), Invitation.revoked_at.is_(None), Invitation.expires_at > now)
        .order_by(Invitation.id.desc())
    )
    return list(session.scalars(query))


def revoke(session: Session, actor: Actor, invitation_id: uuid.UUID, now: datetime) -> None:
    """Take a link back. Raises ``NotFoundError``."""
    invitation = session.get(Invitation, invitation_id)
    if invitation is None:
        message = "There is no such invitation."
        raise NotFoundError(message)
    if invitation.revoked_at is None and invitation.used_at is None:
        invitation.revoked_at = now
        record(session, actor.person_id, "took back a link for", invitation.email, now)


def _add(
    session: Session,
    actor: Actor,
    email: str,
    role: Role,
    site_ids: Collection[uuid.UUID],
    person_id: uuid.UUID | None,
    now: datetime,
) -> str:
    secret = make_secret("invite")
    session.add(
        Invitation(
            id=new_id(),
            digest=digest_secret(secret),
            email=email,
            role=role,
            sites=sorted(str(one) for one in site_ids),
            person_id=person_id,
            created_by=actor.person_id,
            created_at=now,
            expires_at=now + LIFETIME,
        )
    )
    session.flush()
    return secret


def _revoke_open(session: Session, email: str, now: datetime) -> None:
    # Of several links for one person the latest counts; older ones may lie about anywhere.
    session.execute(
        update(Invitation)
        .where(Invitation.email == email, Invitation.used_at.is_(None), Invitation.revoked_at.is_(None))
        .values(revoked_at=now)
    )
