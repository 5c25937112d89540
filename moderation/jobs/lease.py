"""Who works on a job: a lease with a token, so that no job is done by two at once or lost with its worker."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, and_, or_, select, update
from sqlalchemy.orm import Session

from moderation.clock import new_id
from moderation.tables import Job, JobState

#: A worker that was killed is missed after this long; one that lives renews its lease three times as often.
LEASE = timedelta(seconds=30)
MAX_ATTEMPTS = 5
FIRST_PAUSE = timedelta(seconds=5)
#: What is put off again and again is looked at ever more seldom, but never more seldom than this.
LONGEST_DEFERRAL = timedelta(hours=1)


class LeaseLostError(Exception):
    """Another worker holds the job now; whoever meets this must leave no trace."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a job and to write to its row."""

    job_id: uuid.UUID
    token: uuid.UUID
    kind: str
    payload: dict[str, Any]
    attempts: int
    created_by: uuid.UUID | None
    subject_id: uuid.UUID | None = None
    deferrals: int = 0


def due(session: Session, now: datetime, limit: int = 100) -> list[uuid.UUID]:
    """Return the jobs that may be taken now, the longest waiting first."""
    return list(session.scalars(select(Job.id).where(_free(now)).order_by(Job.run_after, Job.id).limit(limit)))


def take(session: Session, job_id: uuid.UUID, now: datetime) -> Lease | None:
    """Take the job, or return ``None``: another has it, it is done, not due, unknown, or has failed too often."""
    token = new_id()
    row = session.execute(
        update(Job)
        .where(Job.id == job_id, _free(now))
        .values(state=JobState.RUNNING, lease_token=token, lease_until=now + LEASE, attempts=Job.attempts + 1)
        .returning(Job.kind, Job.payload, Job.attempts, Job.created_by, Job.subject_id, Job.deferrals)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        return None
    lease = Lease(job_id, token, *row)
    if lease.attempts > MAX_ATTEMPTS:
        fail(session, lease, "Its worker died each time it was tried.", now)
        return None
    return lease


def renew(session: Session, lease: Lease, now: datetime) -> None:
    """Keep the lease for another while."""
    _write(session, lease, lease_until=now + LEASE)


def report(session: Session, lease: Lease, progress: float, message: str) -> None:
    """Note how far the work is."""
    _write(session, lease, progress=min(max(progress, 0.0), 1.0), message=message)


def succeed(session: Session, lease: Lease, result: dict[str, Any], now: datetime, message: str = "Done.") -> None:
    """End the job. In the transaction of the work itself, both happen or neither."""
    _settle(session, lease, JobState.SUCCEEDED, message, now, progress=1.0, result=result)


def fail(session: Session, lease: Lease, message: str, now: datetime) -> None:
    """End the job: it cannot be done."""
    _settle(session, lease, JobState.FAILED, message, now)


def retry(session: Session, lease: Lease, message: str, now: datetime) -> None:
    """Have the job tried again, each time later; after the last attempt it has failed."""
    if lease.attempts >= MAX_ATTEMPTS:
        fail(session, lease, message, now)
    else:
        _requeue(session, lease, message, now + FIRST_PAUSE * 4 ** (lease.attempts - 1), lease.attempts)


def give_back(session: Session, lease: Lease, message: str, now: datetime, delay: timedelta = timedelta(0)) -> None:
    """Have the job done by another or later; this attempt does not count."""
    _requeue(session, lease, message, now + delay, lease.attempts - 1)


def defer(session: Session, lease: Lease, message: str, now: datetime, delay: timedelta, ceiling: timedelta) -> None:
    """Put the job off, each time for twice as long up to ``ceiling``; this attempt does not count."""
    delay = min(delay * 2 ** min(lease.deferrals, 20), max(ceiling, delay))
    _requeue(session, lease, message, now + delay, lease.attempts - 1, deferrals=lease.deferrals + 1)


def is_worked_on(session: Session, lease: Lease, now: datetime) -> bool:
    """Tell whether another job about the same subject is being worked on."""
    others = select(Job.id).where(
        Job.subject_id == lease.subject_id,
        Job.state == JobState.RUNNING,
        Job.lease_until >= now,
        Job.id != lease.job_id,
    )
    return session.scalar(others.limit(1)) is not None


def is_queued_by(session: Session, lease: Lease, moment: datetime) -> bool:
    """Tell whether another job about the same subject will be taken up by then anyway."""
    others = select(Job.id).where(
        Job.subject_id == lease.subject_id,
        Job.state == JobState.QUEUED,
        Job.run_after <= moment,
        Job.id != lease.job_id,
    )
    return session.scalar(others.limit(1)) is not None


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(Job.state == JobState.QUEUED, Job.run_after <= now),
        and_(Job.state == JobState.RUNNING, Job.lease_until < now),
    )


def _settle(session: Session, lease: Lease, state: JobState, message: str, now: datetime, **values: object) -> None:
    released = {"lease_token": None, "lease_until": None}
    _write(session, lease, state=state, message=message, finished_at=now, **released, **values)


def _requeue(
    session: Session, lease: Lease, message: str, run_after: datetime, attempts: int, **values: object
) -> None:
    _write(
        session,
        lease,
        state=JobState.QUEUED,
        message=message,
        run_after=run_after,
        attempts=attempts,
        progress=0.0,
        lease_token=None,
        lease_until=None,
        **values,
    )


def _write(session: Session, lease: Lease, **values: object) -> None:
    done = session.execute(
        update(Job)
        .where(Job.id == lease.job_id, Job.lease_token == lease.token)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if not isinstance(done, CursorResult) or done.rowcount != 1:
        raise LeaseLostError(lease.job_id)
