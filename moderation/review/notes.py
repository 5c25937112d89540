"""What moderators tell each other about a comment."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.clock import new_id
from moderation.comments.submission import is_blank
from moderation.errors import FieldError, InvalidError
from moderation.people.access import Actor
from moderation.review.queue import get_comment
from moderation.tables import Note, Person

MAX_NOTE = 2000


@dataclass(frozen=True, slots=True)
class Told:
    """A note, and whose (``None``: of somebody who is gone)."""

    id: uuid.UUID
    text: str
    person: str | None
    created_at: datetime


def add_note(session: Session, actor: Actor, comment_id: uuid.UUID, text: str, now: datetime) -> Told:
    """Write a note. Raises ``NotFoundError``, and ``InvalidError`` for one that is empty or too long."""
    text = text.strip()
    if is_blank(text) or len(text) > MAX_NOTE:
        raise InvalidError([FieldError("text", "bad_length", f"A note has 1 to {MAX_NOTE} characters.")])
    comment = get_comment(session, actor, comment_id)
    note = Note(id=new_id(), comment_id=comment.id, person_id=actor.person_id, text=text, created_at=now)
    session.add(note)
    session.flush()
    return Told(note.id, text, actor.email, now)


def notes_on(session: Session, comment_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Told]]:
    """Return the notes on the comments, oldest first."""
    query = (
        select(Note.comment_id, Note.id, Note.text, Person.email, Note.created_at)
        .outerjoin(Person, Person.id == Note.person_id)
        .where(Note.comment_id.in_(comment_ids))
        .order_by(Note.id)
    )
    found: dict[uuid.UUID, list[Told]] = {}
    for comment_id, note_id, text, person, created_at in session.execute(query):
        found.setdefault(comment_id, []).append(Told(note_id, text, person, created_at))
    return found
