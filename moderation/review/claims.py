"""Who looks at which comment, so that two people do not work on the same one; and who leaves which to others."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, not_, select
from sqlalchemy.orm import Session

from moderation.database import Upsert, lock, run
from moderation.errors import NotFoundError
from moderation.people.access import Actor, require_site
from moderation.review.audit import asked_of
from moderation.tables import Claim, Comment, Person, Skip, Status

#: A claim that nobody renews ends by itself: a closed lid must not keep a comment from others.
CLAIM = timedelta(minutes=2)

_CLAIM = Upsert(
    lambda insert: (
        insert(Claim)
        .values(comment_id=bindparam("comment"), person_id=bindparam("person"), until=bindparam("end"))
        .on_conflict_do_update(
            index_elements=["comment_id"],
            set_={"person_id": bindparam("person"), "until": bindparam("end")},
            where=(Claim.until <= bindparam("now")) | (Claim.person_id == bindparam("person")),
        )
    )
)
_SKIP = Upsert(
    lambda insert: (
        insert(Skip)
        .values(
            person_id=bindparam("person"),
            comment_id=bindparam("comment"),
            version=bindparam("seen"),
            created_at=bindparam("now"),
        )
        .on_conflict_do_update(index_elements=["person_id", "comment_id"], set_={"version": bindparam("seen")})
    )
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """Somebody looks at a comment until then, unless they look on."""

    comment_id: uuid.UUID
    person_id: uuid.UUID
    email: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """How a comment stands now."""

    comment_id: uuid.UUID
    status: Status
    version: int


@dataclass(frozen=True, slots=True)
class Presence:
    """What a moderator wants to know of the others: their claims, and what moved of the comments on the screen."""

    mine: Claimed | None
    others: Sequence[Claimed]
    moved: Sequence[Moved]


def look_at(
    session: Session,
    actor: Actor,
    comment_id: uuid.UUID | None,
    seen_versions: Mapping[uuid.UUID, int],
    now: datetime,
) -> Presence:
    """Claim a comment (``None``: none), let go of the one before, and tell of the others.

    A claim is soft: who holds it is told, and may be overruled. One person looks at one comment at a time. Raises
    ``NotFoundError``.
    """
    # Two who exchange their claims would wait for each other in a circle.
    lock(session, ("claims",))
    session.execute(
        delete(Claim).where((Claim.person_id == actor.person_id) & (Claim.comment_id != comment_id))
        if comment_id
        else delete(Claim).where(Claim.person_id == actor.person_id)
    )
    if comment_id is not None:
        _require(session, actor, comment_id)
        row = {"comment": comment_id, "person": actor.person_id, "end": now + CLAIM, "now": now}
        run(session, _CLAIM, row)
    shown = {*seen_versions, *([comment_id] if comment_id else [])}
    claims = claims_on(session, shown, now)
    mine = next((c for c in claims if c.comment_id == comment_id and c.person_id == actor.person_id), None)
    others = [c for c in claims if c.person_id != actor.person_id]
    return Presence(mine, others, _moved(session, actor, seen_versions))


def claims_on(session: Session, comment_ids: Collection[uuid.UUID], now: datetime) -> list[Claimed]:
    """Return the claims on the comments that have not run out."""
    if not comment_ids:
        return []
    query = (
        select(Claim.comment_id, Claim.person_id, Person.email, Claim.until)
        .join(Person, Person.id == Claim.person_id)
        .where(Claim.comment_id.in_(comment_ids), Claim.until > now)
    )
    return [Claimed(*row) for row in session.execute(query)]


def skip(session: Session, actor: Actor, comment_id: uuid.UUID, now: datetime) -> None:
    """Leave a comment to others, until it changes. Raises ``NotFoundError``."""
    version = _require(session, actor, comment_id)
    row = {"person": actor.person_id, "comment": comment_id, "seen": version, "now": now}
    run(session, _SKIP, row)
    session.execute(delete(Claim).where(Claim.comment_id == comment_id, Claim.person_id == actor.person_id))


def unskip(session: Session, actor: Actor, comment_id: uuid.UUID | None = None) -> None:
    """Take a comment, or (``None``) all that one left to others, back."""
    query = delete(Skip).where(Skip.person_id == actor.person_id)
    session.execute(query if comment_id is None else query.where(Skip.comment_id == comment_id))


def _require(session: Session, actor: Actor, comment_id: uuid.UUID) -> int:
    row = session.execute(select(Comment.site_id, Comment.version).where(Comment.id == comment_id)).first()
    if row is None:
        message = "There is no such comment."
        raise NotFoundError(message)
    require_site(actor, row.site_id, "comment")
    version: int = row.version
    return version


def _moved(session: Session, actor: Actor, seen_versions: Mapping[uuid.UUID, int]) -> list[Moved]:
    if not seen_versions:
        return []
    query = select(Comment.id, Comment.status, Comment.version).where(
        Comment.id.in_(seen_versions),
        actor.only_theirs(Comment.site_id),
        # Of what somebody is asked to audit, they are not told what others have answered.
        not_(asked_of(actor)),
    )
    return [Moved(*row) for row in session.execute(query) if row.version != seen_versions[row.id]]
