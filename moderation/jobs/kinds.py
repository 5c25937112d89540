"""What each kind of job does. Each may be run again from the start, whatever became of it the first time."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from moderation.comments.rejudge import rejudge
from moderation.jobs import lease as leases
from moderation.jobs.lease import LONGEST_DEFERRAL, Lease
from moderation.jobs.mail import FIRST_PAUSE, LONGEST_PAUSE, WRITE, post_letter
from moderation.learning.retrain import retrain
from moderation.outbox import Kind
from moderation.people.sites import get_site
from moderation.policy.replay import AT_MOST, replay
from moderation.policy.rules import Rules, current_rules
from moderation.review.numbers import close_days
from moderation.services import Services
from moderation.webhooks.postman import Postman
from moderation.webhooks.transport import Transport

Report = Callable[[float, str], None]
Work = Callable[[Services, Lease, Report], None]


class NotNowError(Exception):
    """The job cannot be done at present, which is not its fault. It is put off for ``delay``, then for ever longer.

    Never for longer than ``ceiling``: what the job waits for may come at any time.
    """

    def __init__(self, message: str, delay: timedelta, ceiling: timedelta = LONGEST_DEFERRAL) -> None:
        super().__init__(message)
        self.delay = delay
        self.ceiling = ceiling


def _rejudge(services: Services, lease: Lease, _report: Report) -> None:
    scorer = services.live_model.scorer()
    if scorer is None:
        message = "Waiting for a model that can be loaded."
        raise NotNowError(message, timedelta(seconds=10), timedelta(minutes=5))
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


def _deliver(services: Services, lease: Lease, report: Report) -> None:
    database, clock = services.database, services.clock
    with database.reading() as session:
        if leases.is_worked_on(session, lease, clock()):
            # Two that meet would put each other off for ever if both came back at the same time.
            delay = timedelta(seconds=random.uniform(1.0, 3.0))  # noqa: S311 -- no secret
            message = "Another worker delivers to this webhook."
            raise NotNowError(message, delay, ceiling=delay)

    def keep(session: Session) -> None:
        leases.renew(session, lease, clock())

    postman = Postman(database, clock, services.secret_key, Transport(allow_private=services.settings.private_webhooks))
    wait = postman.go_round(uuid.UUID(lease.payload["webhook_id"]), keep, lambda: report(0.0, "Delivering."))
    with database.writing() as session:
        if wait is None or leases.is_queued_by(session, lease, clock() + wait):
            leases.succeed(session, lease, {}, clock())
            return
        leases.give_back(session, lease, "Waiting to deliver more.", clock(), wait)


def _mail(services: Services, lease: Lease, _report: Report) -> None:
    if not post_letter(services, lease):
        message = "Waiting for the mail server."
        raise NotNowError(message, FIRST_PAUSE, LONGEST_PAUSE)


def _replay_policy(services: Services, lease: Lease, report: Report) -> None:
    scorer = services.live_model.scorer()
    with services.database.reading() as session:
        site = get_site(session, uuid.UUID(lease.payload["site_id"]))
        found = replay(
            session,
            site,
            Rules.model_validate(lease.payload["rules"]),
            current_rules(session, site),
            (lambda terms: scorer.promise(terms, str(site.id)).cuts) if scorer else None,
            services.clock(),
            at_most=AT_MOST,
            progress=report,
        )
    with services.database.writing() as session:
        leases.succeed(session, lease, found.as_dict(), services.clock())


def _count_days(services: Services, lease: Lease, report: Report) -> None:
    closed = close_days(services.database, services.clock, report)
    with services.database.writing() as session:
        leases.succeed(session, lease, {"days": closed}, services.clock())


WORK: dict[str, Work] = {
    Kind.REJUDGE: _rejudge,
    Kind.RETRAIN: _retrain,
    Kind.DELIVER: _deliver,
    **dict.fromkeys(WRITE, _mail),
    Kind.POLICY_REPLAY: _replay_policy,
    Kind.COUNT_DAYS: _count_days,
}
