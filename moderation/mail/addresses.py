"""Authors' e-mail addresses: which have been proved to be their owners', and which are not to be written to.

An address is kept here as the digest by which its site knows the author; the comment alone holds it in clear.
"""

from __future__ import annotations

import hmac
import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Executable, bindparam
from sqlalchemy.orm import Session

from moderation.counters import Author
from moderation.database import InsertOf, Upsert, run
from moderation.tables import AuthorAddress, Identity

#: Whoever types in somebody else's address cannot have us write to it more often than this.
ASK_AGAIN = timedelta(days=30)


def _asked(insert: InsertOf) -> Executable:
    # Two comments under one new address may be published at once.
    values: dict[str, BindParameter[Any]] = {
        name: bindparam(name) for name in ("site_id", "digest", "comment_id", "asked_at")
    }
    again: dict[str, BindParameter[Any]] = {name: bindparam(name) for name in ("comment_id", "asked_at")}
    return insert(AuthorAddress).values(values).on_conflict_do_update(index_elements=["site_id", "digest"], set_=again)


_ASKED = Upsert(_asked)


def digest_of(author: Author) -> str:
    """Return the digest by which the site knows the author's address; empty where they gave none."""
    return dict(author.digests()).get(Identity.EMAIL, "")


def find(session: Session, author: Author) -> AuthorAddress | None:
    """Return what is known of the author's address."""
    digest = digest_of(author)
    return session.get(AuthorAddress, (author.site_id, digest)) if digest else None


def is_proved(session: Session, author: Author, proof: str) -> bool:
    """Tell whether a browser's proof (the digest that it was told) is for this very address, and still stands."""
    if not hmac.compare_digest(digest_of(author).encode(), proof.encode()):
        return False
    known = find(session, author)
    return known is not None and known.verified_at is not None


def may_ask(known: AuthorAddress | None, now: datetime) -> bool:
    """Tell whether an address may be asked to confirm itself."""
    if known is None:
        return True
    return known.verified_at is None and known.refused_at is None and known.asked_at + ASK_AGAIN <= now


def note_asked(session: Session, author: Author, comment_id: uuid.UUID, now: datetime) -> None:
    """Remember that the address is asked now."""
    row = {"site_id": author.site_id, "digest": digest_of(author), "comment_id": comment_id, "asked_at": now}
    run(session, _ASKED, row)


def confirm(session: Session, author: Author, comment_id: uuid.UUID, now: datetime) -> str:
    """Record that the address is its author's. Returns its digest, which is what the browser's proof holds."""
    known = find(session, author)
    if known is None:
        known = AuthorAddress(site_id=author.site_id, digest=digest_of(author), comment_id=comment_id, asked_at=now)
        session.add(known)
    known.verified_at = known.verified_at or now
    # Who confirms after having refused has changed their mind.
    known.refused_at = None
    session.flush()
    return known.digest


def refuse(session: Session, author: Author, comment_id: uuid.UUID, now: datetime) -> None:
    """Record that the site's mail is not wanted at this address, whoever types it in."""
    known = find(session, author)
    if known is None:
        known = AuthorAddress(site_id=author.site_id, digest=digest_of(author), comment_id=comment_id, asked_at=now)
        session.add(known)
    known.refused_at = now
    session.flush()
