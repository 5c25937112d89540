"""What admins do to sites and people, and people to their own accounts, written down in the same transaction."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from moderation.clock import new_id
from moderation.tables import Deed


def record(
    session: Session,
    person_id: uuid.UUID | None,
    action: str,
    subject: str,
    now: datetime,
    site_id: uuid.UUID | None = None,
) -> None:
    """Write down that a person did something (``action``: a past tense, such as "revoked a key") to something."""
    deed = Deed(id=new_id(), person_id=person_id, action=action, subject=subject, site_id=site_id, created_at=now)
    session.add(deed)
    session.flush()
