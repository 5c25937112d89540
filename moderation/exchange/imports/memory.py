"""Which comments of other systems are here already, by what they were called there: texts change, names do not."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.database import Upsert, run
from moderation.exchange.imports.checking import Checked
from moderation.exchange.threads import digest_key
from moderation.tables import Imported

_REMEMBER = Upsert(lambda insert: insert(Imported).on_conflict_do_nothing(index_elements=["site_id", "digest"]))


def name_of(item: Checked) -> str:
    """Return the digest of thread, time and key by which the comment is known; empty where that is not enough.

    Two systems may both have a comment 1, in a thread of the same path; not written at the same second.
    """
    source, thread = item.source, item.submission.thread
    if not source.key or source.created_at is None:
        return ""
    second = source.created_at.replace(microsecond=0)
    return digest_key(f"{thread}\n{second.timestamp():.0f}\n{source.key}")


def recall(session: Session, site_id: uuid.UUID, items: Iterable[Checked]) -> dict[str, uuid.UUID]:
    """Return, by their names, which of the comments are here."""
    names = {name_of(item) for item in items} - {""}
    found = select(Imported.digest, Imported.comment_id).where(Imported.site_id == site_id, Imported.digest.in_(names))
    return dict(session.execute(found).all()) if names else {}


def remember(session: Session, site_id: uuid.UUID, places: Iterable[tuple[Checked, uuid.UUID]]) -> None:
    """Note where comments are now."""
    rows = {name: place for item, place in places if (name := name_of(item))}
    if rows:
        values = [{"site_id": site_id, "digest": name, "comment_id": place} for name, place in rows.items()]
        run(session, _REMEMBER, values)
