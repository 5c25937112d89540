"""What admins do with people: their role and sites, shutting them out, and helping those who lost their way in."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from moderation.errors import ConflictError, NotFoundError
from moderation.people.access import Actor
from moderation.people.deeds import record
from moderation.tables import (
    Authenticator,
    Login,
    Passkey,
    Person,
    PersonSite,
    RecoveryCode,
    Role,
    Site,
    Token,
)


def get_person(session: Session, person_id: uuid.UUID) -> Person:
    """Return a person. Raises ``NotFoundError``."""
    person = session.get(Person, person_id)
    if person is None:
        message = "There is no such person."
        raise NotFoundError(message)
    return person


def list_people(session: Session) -> list[tuple[Person, list[str]]]:
    """Return everybody, admins first, each with the names of the sites that were named for them."""
    theirs: dict[uuid.UUID, list[str]] = {}
    named = select(PersonSite.person_id, Site.name).join(Site, Site.id == PersonSite.site_id).order_by(Site.name)
    for person_id, name in session.execute(named):
        theirs.setdefault(person_id, []).append(name)
    people = session.scalars(select(Person).order_by(Person.role, Person.email))
    return [(person, theirs.get(person.id, [])) for person in people]


def sites_of(session: Session, person_id: uuid.UUID) -> set[uuid.UUID]:
    """Return the sites that were named for the person."""
    return set(session.scalars(select(PersonSite.site_id).where(PersonSite.person_id == person_id)))


def set_access(
    session: Session, actor: Actor, person_id: uuid.UUID, role: Role, site_ids: Collection[uuid.UUID], now: datetime
) -> None:
    """Give a person this role and these sites. Raises ``ConflictError`` for the last admin, ``NotFoundError``."""
    person = get_person(session, person_id)
    if role is not Role.ADMIN:
        _keep_an_admin(session, person)
    known = set(session.scalars(select(Site.id)))
    wanted = set(site_ids)
    if not wanted <= known:
        message = "There is no such site."
        raise NotFoundError(message)
    if person.role is not role:
        record(session, actor.person_id, f"changed the role from {person.role} to {role} of", person.email, now)
        person.role = role
    had = sites_of(session, person_id)
    if wanted != had:
        session.execute(
            delete(PersonSite).where(PersonSite.person_id == person_id, PersonSite.site_id.in_(had - wanted))
        )
        session.add_all(PersonSite(person_id=person_id, site_id=site_id) for site_id in wanted - had)
        record(session, actor.person_id, f"changed the sites ({len(wanted)} now) of", person.email, now)
    session.flush()


def disable(session: Session, actor: Actor, person_id: uuid.UUID, now: datetime) -> None:
    """Shut a person out at once: no sign-in, no session, no token. Raises ``ConflictError`` for the last admin."""
    person = get_person(session, person_id)
    if person.id == actor.person_id:
        message = "You cannot shut yourself out; ask another admin."
        raise ConflictError(message)
    _keep_an_admin(session, person)
    if person.disabled_at is None:
        person.disabled_at = now
        end_logins(session, person_id, now)
        record(session, actor.person_id, "disabled", person.email, now)


def enable(session: Session, actor: Actor, person_id: uuid.UUID, now: datetime) -> None:
    """Let a person in again."""
    person = get_person(session, person_id)
    if person.disabled_at is not None:
        person.disabled_at = None
        session.flush()
        record(session, actor.person_id, "enabled", person.email, now)


def end_logins(session: Session, person_id: uuid.UUID, now: datetime, besides: uuid.UUID | None = None) -> int:
    """Sign a person's browsers out, all but one if that is named. Returns how many."""
    query = update(Login).where(Login.person_id == person_id, Login.ended_at.is_(None)).values(ended_at=now)
    if besides is not None:
        query = query.where(Login.id != besides)
    ended = session.execute(query.returning(Login.id).execution_options(synchronize_session=False)).all()
    return len(ended)


def end_all_logins(session: Session, actor: Actor, person_id: uuid.UUID, now: datetime) -> None:
    """Sign all of a person's browsers out."""
    person = get_person(session, person_id)
    count = end_logins(session, person_id, now)
    record(session, actor.person_id, f"ended {count} sessions of", person.email, now)


def remove_factors(session: Session, actor: Actor, person_id: uuid.UUID, now: datetime) -> None:
    """Take a person's second factors away: for somebody who has lost phone, keys and recovery codes."""
    person = get_person(session, person_id)
    for table in (Authenticator, RecoveryCode, Passkey):
        session.execute(delete(table).where(table.person_id == person_id))
    record(session, actor.person_id, "removed the second factors of", person.email, now)


def list_logins(session: Session, person_id: uuid.UUID, since: datetime) -> list[Login]:
    """Return a person's browsers that are signed in and were seen since then, the latest first."""
    query = (
        select(Login)
        .where(Login.person_id == person_id, Login.ended_at.is_(None), Login.seen_at > since)
        .order_by(Login.seen_at.desc())
    )
    return list(session.scalars(query))


def list_tokens(session: Session, person_id: uuid.UUID) -> list[Token]:
    """Return a person's API tokens that are still good, the newest first."""
    query = select(Token).where(Token.person_id == person_id, Token.revoked_at.is_(None)).order_by(Token.id.desc())
    return list(session.scalars(query))


def revoke_token(session: Session, actor: Actor, person_id: uuid.UUID, token_id: uuid.UUID, now: datetime) -> None:
    """End a token's life. Raises ``NotFoundError`` for one that is not this person's."""
    token = session.get(Token, token_id)
    if token is None or token.person_id != person_id:
        message = "There is no such token."
        raise NotFoundError(message)
    if token.revoked_at is None:
        token.revoked_at = now
        record(session, actor.person_id, "revoked a token of", get_person(session, person_id).email, now)


def end_one_login(session: Session, actor: Actor, person_id: uuid.UUID, login_id: uuid.UUID, now: datetime) -> None:
    """Sign one browser out. Raises ``NotFoundError`` for one that is not this person's."""
    login = session.get(Login, login_id)
    if login is None or login.person_id != person_id:
        message = "There is no such session."
        raise NotFoundError(message)
    if login.ended_at is None:
        login.ended_at = now
        record(session, actor.person_id, "ended a session of", get_person(session, person_id).email, now)


def _keep_an_admin(session: Session, person: Person) -> None:
    if person.role is not Role.ADMIN or person.disabled_at is not None:
        return
    # Two admins who disable each other at once must not both succeed.
    admins = session.scalars(
        select(Person.id).where(Person.role == Role.ADMIN, Person.disabled_at.is_(None)).with_for_update()
    ).all()
    if len(admins) < 2:  # noqa: PLR2004 -- this one and another
        message = f"{person.email} is the only admin; make somebody else one first."
        raise ConflictError(message, code="last_admin")
