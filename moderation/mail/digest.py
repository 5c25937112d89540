"""How often a moderator is told what waits: one letter for all of it, and none where nothing waits."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moderation.database import Upsert, run
from moderation.errors import FieldError, InvalidError
from moderation.outbox import Kind, enqueue
from moderation.people.users import actor_of
from moderation.tables import DigestPlan, Person, Status, StatusCount

NEVER = 0
DAILY = 24
#: Hours between two letters, and what they are called.
CHOICES = {1: "At most once an hour", 4: "At most every four hours", DAILY: "At most once a day"}
CHOICES |= {168: "At most once a week", NEVER: "Never"}
# Several workers plan, and a person may look at the plan at the same moment.
_ADD = Upsert(lambda insert: insert(DigestPlan).on_conflict_do_nothing(index_elements=["person_id"]))


def plan_of(session: Session, person_id: uuid.UUID, now: datetime) -> DigestPlan:
    """Return a person's plan; who has not chosen is told once a day."""
    plan = session.get(DigestPlan, person_id)
    if plan is None:
        run(session, _ADD, {"person_id": person_id, "every_hours": DAILY, "next_at": now})
        plan = session.get_one(DigestPlan, person_id)
    return plan


def choose(session: Session, person_id: uuid.UUID, every_hours: int, now: datetime) -> None:
    """Change how often a person is told. Raises ``InvalidError``."""
    if every_hours not in CHOICES:
        raise InvalidError([FieldError("every_hours", "not_a_choice", f"One of {', '.join(map(str, CHOICES))}.")])
    plan = plan_of(session, person_id, now)
    last = plan.next_at - timedelta(hours=plan.every_hours)
    plan.every_hours = every_hours
    plan.next_at = max(now, last + timedelta(hours=every_hours))
    session.flush()


def plan_digests(session: Session, now: datetime) -> list[uuid.UUID]:
    """Write a job for each person for whom something waits and whose time has come. Returns the jobs' ids."""
    unplanned = (
        select(Person.id)
        .outerjoin(DigestPlan, DigestPlan.person_id == Person.id)
        .where(DigestPlan.person_id.is_(None), Person.disabled_at.is_(None))
    )
    for person_id in session.scalars(unplanned).all():
        plan_of(session, person_id, now)
    due = (
        select(DigestPlan)
        .join(Person, Person.id == DigestPlan.person_id)
        .where(DigestPlan.every_hours > NEVER, DigestPlan.next_at <= now, Person.disabled_at.is_(None))
        .order_by(DigestPlan.person_id)
        # Of two workers that plan at once, one plans each person.
        .with_for_update(of=DigestPlan, skip_locked=True)
    )
    jobs = []
    for plan in session.scalars(due).all():
        # While nothing waits, the plan stays due: the first comment is told at once, the next ones an interval later.
        if _something_waits(session, plan.person_id):
            plan.next_at = now + timedelta(hours=plan.every_hours)
            jobs.append(enqueue(session, Kind.SEND_DIGEST, {"person_id": str(plan.person_id)}, now))
    session.flush()
    return jobs


def _something_waits(session: Session, person_id: uuid.UUID) -> bool:
    theirs = actor_of(session, person_id).only_theirs(StatusCount.site_id)
    query = select(func.sum(StatusCount.count)).where(StatusCount.status == Status.PENDING, theirs)
    return (session.scalar(query) or 0) > 0
