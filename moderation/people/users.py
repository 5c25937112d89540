"""People, their passwords and their API tokens."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.clock import new_id
from moderation.errors import ConflictError, FieldError, InvalidError, NotFoundError, UnauthenticatedError
from moderation.people.access import Actor
from moderation.people.secrets import digest_secret, hash_password, make_secret, password_matches
from moderation.tables import Person, PersonSite, Role, Site, Token

MIN_PASSWORD, MAX_PASSWORD = 10, 1000


def create_person(
    session: Session, email: str, role: Role, site_ids: Iterable[uuid.UUID], password: str, now: datetime
) -> Person:
    """Make a person. Raises ``InvalidError`` (all bad fields), ``NotFoundError`` (a site), ``ConflictError``."""
    errors = []
    try:
        email = normalise_email(email)
    except EmailNotValidError as error:
        errors.append(FieldError("email", "invalid_email", str(error)))
    errors += password_problems(password)
    if errors:
        raise InvalidError(errors)
    if session.scalar(select(Person.id).where(Person.email == email)) is not None:
        message = f"There is already a person with the address {email}."
        raise ConflictError(message)
    person = Person(id=new_id(), email=email, role=role, password_hash=hash_password(password), created_at=now)
    session.add(person)
    session.flush()
    for site_id in dict.fromkeys(site_ids):
        if session.get(Site, site_id) is None:
            message = f"There is no site {site_id}."
            raise NotFoundError(message)
        session.add(PersonSite(person_id=person.id, site_id=site_id))
    session.flush()
    return person


def password_problems(password: str) -> list[FieldError]:
    """Return what is wrong with a new password, if anything."""
    if MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        return []
    message = f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters."
    return [FieldError("password", "bad_length", message)]


def check_repeated(password: str, again: str) -> None:
    """Raise ``InvalidError`` unless a new password was typed twice alike."""
    if password != again:
        message = "The two passwords differ."
        raise InvalidError([FieldError("again", "differs", message)], message)


def set_password(person: Person, password: str) -> None:
    """Give a person a new password. Raises ``InvalidError``."""
    if problems := password_problems(password):
        raise InvalidError(problems, problems[0].message)
    person.password_hash = hash_password(password)


def change_password(person: Person, old: str, new: str) -> None:
    """Exchange a person's password for another. Raises ``InvalidError``, also where the old one is wrong."""
    if not password_matches(person.password_hash, old[:MAX_PASSWORD]):
        message = "This is not your present password."
        raise InvalidError([FieldError("old", "wrong_password", message)], message)
    set_password(person, new)


def normalise_email(email: str) -> str:
    """Return the form under which a person's address is stored: whole in lower case, so that it signs in as typed."""
    return validate_email(email, check_deliverability=False).normalized.lower()


def sign_in(session: Session, email: str, password: str) -> Person:
    """Return the person. Raises ``UnauthenticatedError``, the same for an unknown address and a wrong password."""
    person = session.scalar(select(Person).where(Person.email == email.strip().lower()))
    usable = person if person is not None and person.disabled_at is None else None
    if not password_matches(usable.password_hash if usable else None, password[:MAX_PASSWORD]) or usable is None:
        message = "The e-mail address or the password is wrong."
        raise UnauthenticatedError(message)
    return usable


def actor_of(session: Session, person_id: uuid.UUID) -> Actor:
    """Return what the person may see. Raises ``UnauthenticatedError`` if they are gone or disabled."""
    person = session.get(Person, person_id)
    if person is None or person.disabled_at is not None:
        message = "This account does not exist any more."
        raise UnauthenticatedError(message)
    sites = session.scalars(select(PersonSite.site_id).where(PersonSite.person_id == person_id))
    return Actor(person.id, person.email, person.role, frozenset(sites))


def find_person(session: Session, email: str) -> Person:
    """Return the person with this address. Raises ``NotFoundError``."""
    person = session.scalar(select(Person).where(Person.email == email.strip().lower()))
    if person is None:
        message = f"There is nobody with the address {email}."
        raise NotFoundError(message)
    return person


def create_token(session: Session, email: str, now: datetime) -> str:
    """Make a personal API token and return it, the only time it is known. Raises ``NotFoundError``."""
    person = find_person(session, email)
    secret = make_secret("token")
    session.add(Token(id=new_id(), person_id=person.id, digest=digest_secret(secret), created_at=now))
    session.flush()
    return secret


def actor_by_token(session: Session, secret: str) -> Actor:
    """Return whose token this is. Raises ``UnauthenticatedError``."""
    token = session.scalar(select(Token).where(Token.digest == digest_secret(secret), Token.revoked_at.is_(None)))
    if token is None:
        message = "The token is not valid."
        raise UnauthenticatedError(message)
    return actor_of(session, token.person_id)
