"""Work for later, written in the same transaction as what caused it, so that nothing is lost whatever dies."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moderation.clock import new_id
from moderation.tables import Job, JobState


class Kind(StrEnum):
    """The kinds of job there are; ``moderation.jobs`` knows how to do each."""

    REJUDGE = "rejudge"
    POLICY_REPLAY = "policy_replay"
    COUNT_DAYS = "count_days"
    RETRAIN = "retrain"
    CONFIRM_ADDRESS = "confirm_address"
    TELL_OF_REPLY = "tell_of_reply"
    SEND_DIGEST = "send_digest"
    DELIVER = "deliver"


def enqueue(
    session: Session,
    kind: Kind,
    payload: dict[str, Any],
    now: datetime,
    *,
    delay: timedelta = timedelta(0),
    created_by: uuid.UUID | None = None,
    subject_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Add a job to be run once ``delay`` has passed and the transaction is committed. Returns its id."""
    job = Job(
        id=new_id(),
        kind=kind,
        payload=payload,
        run_after=now + delay,
        created_at=now,
        created_by=created_by,
        subject_id=subject_id,
    )
    session.add(job)
    return job.id


def count_unfinished(session: Session) -> dict[tuple[Kind, JobState], int]:
    """Return how many jobs of each kind wait and run."""
    unfinished = (JobState.QUEUED, JobState.RUNNING)
    query = select(Job.kind, Job.state, func.count()).where(Job.state.in_(unfinished)).group_by(Job.kind, Job.state)
    found = {(kind, state): count for kind, state, count in session.execute(query)}
    return {(kind, state): found.get((kind, state), 0) for kind in Kind for state in unfinished}
