"""Signed-in browsers: each one is a row, so that it can be listed and ended."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from moderation.clock import new_id
from moderation.errors import UnauthenticatedError
from moderation.people.access import Actor
from moderation.people.users import actor_of
from moderation.tables import Login

LIFETIME = timedelta(days=14)
IDLE = timedelta(days=3)
#: Writing at each request would make every page a write; a minute is fine enough for "last seen".
SEEN_EVERY = timedelta(minutes=1)


def start_login(session: Session, person_id: uuid.UUID, user_agent: str, now: datetime) -> Login:
    """Record that a person signed in with a browser."""
    login = Login(id=new_id(), person_id=person_id, created_at=now, seen_at=now, user_agent=user_agent[:300])
    session.add(login)
    session.flush()
    return login


def actor_by_login(session: Session, login_id: uuid.UUID, now: datetime) -> tuple[Actor, bool]:
    """Return who is signed in and whether the login wants to be marked as seen. Raises ``UnauthenticatedError``."""
    login = session.get(Login, login_id)
    if login is None or login.ended_at is not None or now - login.created_at > LIFETIME or now - login.seen_at > IDLE:
        message = "You are not signed in any more."
        raise UnauthenticatedError(message)
    return actor_of(session, login.person_id), now - login.seen_at > SEEN_EVERY


def mark_seen(session: Session, login_id: uuid.UUID, now: datetime) -> None:
    """Remember that the browser is still in use."""
    login = session.get(Login, login_id)
    if login is not None:
        login.seen_at = now


def end_login(session: Session, login_id: uuid.UUID, now: datetime) -> None:
    """Sign a browser out for good: its cookie opens nothing from now on."""
    login = session.get(Login, login_id)
    if login is not None and login.ended_at is None:
        login.ended_at = now
