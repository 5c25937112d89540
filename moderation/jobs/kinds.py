"""What each kind of job does. Each may be run again from the start, whatever became of it the first time."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from moderation.comments.rejudge import rejudge
from moderation.jobs import lease as leases
from moderation.jobs.lease import Lease
from moderation.jobs.mail import WRITE, post_letter
from moderation.learning.retrain import retrain
from moderation.outbox import Kind
from moderation.services import Services

Report = Callable[[float, str], None]
Work = Callable[[Services, Lease, Report], None]


class NotNowError(Exception):
    """The job cannot be done at present, which is not its fault."""

    def __init__(self, message: str, delay: timedelta = timedelta(seconds=10)) -> None:
        super().__init__(message)
        self.delay = delay


def _rejudge(services: Services, lease: Lease, _report: Report) -> None:
    scorer = services.live_model.scorer()
    if scorer is None:
        message = "Waiting for a model that can be loaded."
        raise NotNowError(message)
    with services.database.writing() as session:
        if not rejudge(session, uuid.UUID(lease.payload["comment_id"]), scorer, services.clock()):
            message = "The model fails on this comment; waiting for another."
            raise NotNowError(message, timedelta(seconds=60))
        leases.succeed(session, lease, {"model": scorer.version}, services.clock())


def _retrain(services: Services, lease: Lease, report: Report) -> None:
    def settle(session: Session, result: dict[str, Any]) -> None:
        leases.succeed(session, lease, result, services.clock())

    retrain(
        services.database,
        services.settings.models,
        services.clock,
        created_by=lease.created_by,
        progress=report,
        settle=settle,
    )


def _mail(services: Services, lease: Lease, _report: Report) -> None:
    pause = post_letter(services, lease)
    if pause is not None:
        message = "Waiting for the mail server."
        raise NotNowError(message, pause)


WORK: dict[str, Work] = {Kind.REJUDGE: _rejudge, Kind.RETRAIN: _retrain, **dict.fromkeys(WRITE, _mail)}
