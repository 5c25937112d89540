"""Who did what and when: decisions over all comments, and what was done to models, policies, sites and people."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, literal, not_, select, true, tuple_
from sqlalchemy.orm import Session, aliased, joinedload

from moderation import paging
from moderation.errors import ForbiddenError, NotFoundError
from moderation.people.access import Actor, require_site
from moderation.review.audit import asked_of, is_asked
from moderation.tables import Action, Comment, Decision, Deed, Person, Policy, Promotion, Site

LIMIT = 50

_ITS = aliased(Comment)
#: A decision's site, asked of each: joined, a database would sort all decisions of a site, not walk back in time.
_SITE = select(_ITS.site_id).where(_ITS.id == Decision.comment_id).correlate(Decision).scalar_subquery()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which decisions are asked for. ``judge``: the service's own, too."""

    site_id: uuid.UUID | None = None
    person_id: uuid.UUID | None = None
    action: Action | None = None
    batch_id: uuid.UUID | None = None
    since: datetime | None = None
    judge: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A decision with its comment and the address of who made it (``None``: the service)."""

    decision: Decision
    comment: Comment
    who: str | None

    @property
    def undoable(self) -> bool:
        """Whether it is the comment's latest decision, and a person's."""
        latest = self.decision.number == self.comment.version
        return latest and self.decision.person_id is not None and self.decision.number > 1


def list_decisions(session: Session, actor: Actor, wanted: Wanted, cursor: str = "") -> tuple[list[Entry], str | None]:
    """Return the decisions, the newest first, and where the next ones begin.

    Raises ``NotFoundError`` for a site that is not the person's.
    """
    if wanted.site_id is not None:
        require_site(actor, wanted.site_id, "site")
    query = (
        select(Decision, Comment, Person.email)
        .join(Comment, Comment.id == Decision.comment_id)
        .outerjoin(Person, Person.id == Decision.person_id)
        .options(joinedload(Comment.site), joinedload(Comment.thread))
        # Decisions on what the person is asked to audit blind are told once they have answered.
        .where(true() if actor.is_admin else _SITE.in_(actor.sites), not_(asked_of(actor)), *_conditions(wanted))
        .order_by(Decision.created_at.desc(), Decision.id.desc())
    )
    if cursor:
        query = query.where(tuple_(Decision.created_at, Decision.id) < paging.read_time_cursor(cursor))
    rows = [Entry(*row) for row in session.execute(query.limit(LIMIT + 1))]
    last = rows[LIMIT - 1].decision if len(rows) > LIMIT else None
    return rows[:LIMIT], paging.time_cursor(last.created_at, last.id) if last else None


def get_entry(session: Session, actor: Actor, decision_id: uuid.UUID) -> Entry:
    """Return one decision. Raises ``NotFoundError``, also where its comment is of a site that is not the person's."""
    row = session.execute(
        select(Decision, Comment, Person.email)
        .join(Comment, Comment.id == Decision.comment_id)
        .outerjoin(Person, Person.id == Decision.person_id)
        .options(joinedload(Comment.site), joinedload(Comment.thread))
        .where(Decision.id == decision_id)
    ).one_or_none()
    if row is None:
        message = "There is no such decision."
        raise NotFoundError(message)
    entry = Entry(*row)
    require_site(actor, entry.comment.site_id, "decision")
    if is_asked(actor, entry.comment):
        message = "You are asked to audit this comment without knowing how it was judged. Answer, then look here again."
        raise ForbiddenError(message)
    return entry


def list_deciders(session: Session, actor: Actor) -> Sequence[Person]:
    """Return the people whose decisions may be asked for: for a moderator, those who look after the same sites."""
    people = session.scalars(select(Person).order_by(Person.email)).all()
    if actor.is_admin:
        return people
    decided = select(Decision.id).join(Comment, Comment.id == Decision.comment_id)
    return [
        person
        for person in people
        if person.id == actor.person_id
        or session.scalar(decided.where(Decision.person_id == person.id, actor.only_theirs(Comment.site_id)).limit(1))
        is not None
    ]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done to a model, a policy, a site or a person. ``kind`` and ``key`` say where to look."""

    at: datetime
    who: str | None
    action: str
    subject: str
    kind: str
    key: tuple[Any, ...] = ()


def list_events(session: Session, before: datetime | None = None) -> tuple[list[Event], datetime | None]:
    """Return what was done besides decisions, the newest first, and where the next ones begin. For admins."""
    events = [*_deeds(session, before), *_policies(session, before), *_promotions(session, before)]
    events.sort(key=lambda event: event.at, reverse=True)
    if len(events) <= LIMIT:
        return events, None
    # All of one moment stay together: the next page begins before it.
    edge = events[LIMIT - 1].at
    return [event for event in events if event.at >= edge], edge


def _deeds(session: Session, before: datetime | None) -> list[Event]:
    query = (
        select(Deed, Person.email)
        .outerjoin(Person, Person.id == Deed.person_id)
        .where(Deed.created_at < before if before else literal(value=True))
        .order_by(Deed.created_at.desc(), Deed.id.desc())
        .limit(LIMIT + 1)
    )
    return [
        Event(deed.created_at, who, deed.action, deed.subject, "site" if deed.site_id else "deed", (deed.site_id,))
        for deed, who in session.execute(query)
    ]


def _policies(session: Session, before: datetime | None) -> list[Event]:
    query = (
        select(Policy, Site.name, Person.email)
        .join(Site, Site.id == Policy.site_id)
        .outerjoin(Person, Person.id == Policy.created_by)
        .where(Policy.number > 1, Policy.created_at < before if before else literal(value=True))
        .order_by(Policy.created_at.desc())
        .limit(LIMIT + 1)
    )
    return [
        Event(
            policy.created_at,
            who,
            f"put version {policy.number} of the policy in force"
            + (f" (again {policy.restores})" if policy.restores else ""),
            name,
            "policy",
            (policy.site_id,),
        )
        for policy, name, who in session.execute(query)
    ]


def _promotions(session: Session, before: datetime | None) -> list[Event]:
    query = (
        select(Promotion, Person.email)
        .outerjoin(Person, Person.id == Promotion.person_id)
        .where(Promotion.created_at < before if before else literal(value=True))
        .order_by(Promotion.number.desc())
        .limit(LIMIT + 1)
    )
    return [
        Event(
            promotion.created_at,
            who,
            ("went back to" if promotion.undoes else "promoted") + (" by force" if promotion.forced else ""),
            promotion.version,
            "model",
            (promotion.version,),
        )
        for promotion, who in session.execute(query)
    ]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.site_id is not None:
        conditions.append(_SITE.in_([wanted.site_id]))
    if wanted.person_id is not None:
        conditions.append(Decision.person_id == wanted.person_id)
    elif not wanted.judge:
        conditions.append(Decision.person_id.is_not(None))
    if wanted.action is not None:
        conditions.append(Decision.action == wanted.action)
    if wanted.batch_id is not None:
        conditions.append(Decision.batch_id == wanted.batch_id)
    if wanted.since is not None:
        conditions.append(Decision.created_at >= wanted.since)
    return conditions
