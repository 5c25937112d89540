"""Taking in a comment that is asked about, as every other is; or finding that it is known."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.orm import Session

from model.scoring import Scorer
from moderation.clock import Clock, new_id
from moderation.comments import traps
from moderation.comments.caller import Caller, network_of
from moderation.comments.intake import Way, judged
from moderation.comments.store import Draft, store
from moderation.database import Database
from moderation.errors import ConflictError
from moderation.exchange.akismet import usage
from moderation.exchange.akismet.answers import BLATANT, Standing
from moderation.exchange.akismet.dialect import Asked
from moderation.exchange.akismet.matching import same_comment
from moderation.people.sites import SiteSettings
from moderation.policy.audit import Chance
from moderation.policy.first_status import Reason
from moderation.tables import Comment, KeyPurpose, Status

ORIGIN: Final = "akismet"
_TEST_SPAM: Final = Reason("akismet_test", "Akismet's test value for spam.", Status.SPAM)
#: Reasons of the judge, apart from which whatever holds a comment is a rule.
_OF_JUDGE: Final = frozenset({"model_unsure", "model_spam_held"})


@dataclass(frozen=True, slots=True)
class Parts:
    """What the calls need of the service."""

    database: Database
    find_scorer: Callable[[], Scorer | None]
    clock: Clock
    secret_key: str
    chance: Chance = random.random


@dataclass(frozen=True, slots=True)
class Found:
    """How a comment stands that was asked about; ``draft`` and ``job_id`` only where it was taken in just now."""

    standing: Standing
    draft: Draft | None = None
    job_id: uuid.UUID | None = None


def look_up_or_take_in(
    parts: Parts, site: SiteSettings, asked: Asked, told: uuid.UUID | None, *, is_check: bool
) -> Found:
    """Take in the comment, unless it is known already or this is a test.

    ``told``: the webhook by which later decisions go back. A check is counted, and a flood of them from one address
    refused with ``TooManyError``; a report is somebody's work and always taken.
    """
    scorer = parts.find_scorer()
    with parts.database.turn():
        with parts.database.reading() as session:
            # A test asks what would be said of it, whatever is known.
            known = None if asked.is_test else same_comment(session, site, asked)
            draft = None if known else _draft(session, parts, scorer, site, asked, told, is_check=is_check)
        if draft is not None:
            standing = _standing_of_draft(draft, asked)
            if asked.is_test:
                return Found(standing)
            try:
                with parts.database.writing() as session:
                    job_id = store(session, draft, parts.clock())
                    if is_check:
                        _count_check(session, site, standing, parts)
                return Found(standing, draft, job_id)
            except ConflictError:
                # The same comment, asked about twice at once: by now the first one is there to be found.
                with parts.database.reading() as session:
                    known = same_comment(session, site, asked)
        if known is None:
            message = "The comment came and went within a moment."
            raise ConflictError(message)
        standing = _standing_of_comment(known, asked)
        if is_check:
            with parts.database.writing() as session:
                _count_check(session, site, standing, parts)
        return Found(standing)


def _count_check(session: Session, site: SiteSettings, standing: Standing, parts: Parts) -> None:
    spam = standing.status in {Status.SPAM, Status.REJECTED}
    usage.count(session, site.id, parts.clock(), "calls", "spam" if spam else "ham")


def _draft(
    session: Session,
    parts: Parts,
    scorer: Scorer | None,
    site: SiteSettings,
    asked: Asked,
    told: uuid.UUID | None,
    *,
    is_check: bool,
) -> Draft:
    now, submission = parts.clock(), asked.submission
    if submission.created_at is not None and submission.created_at > now:
        submission = submission.model_copy(update={"created_at": None})
    # The page itself says whether it takes comments; only floods are stopped here, too.
    network, limit = network_of(submission.ip), site.rules.comments_per_minute
    if is_check and not asked.is_test:
        traps.refuse_flood(session, site.id, network, limit, now)
    facts = {"webhook": str(told) if told else None, "post": asked.post, "parent": asked.parent, **asked.unusable}
    way = Way(
        KeyPurpose.AKISMET,
        ORIGIN,
        reasons=(_TEST_SPAM,) if asked.is_guaranteed_spam else (),
        trusted=asked.is_administrator,
        facts={"akismet": {name: value for name, value in facts.items() if value}},
    )
    caller = Caller(honeypot=asked.honeypot)
    draft = judged(session, scorer, site, submission, caller, way, now, parts.chance)
    return replace(draft, flood_limit=limit if is_check else None)


def _standing_of_draft(draft: Draft, asked: Asked) -> Standing:
    judgement = draft.judgement
    guid = new_id() if asked.is_test else draft.id
    codes = {reason.code for reason in draft.reasons if reason.effect is Status.PENDING}
    discards = asked.is_guaranteed_spam and asked.wants_discard
    sure = not asked.is_guaranteed_spam and (judgement.spam_probability or 0.0) >= BLATANT
    return Standing(
        guid,
        draft.status,
        judgement.spam_probability,
        held_by_rule=bool(codes - _OF_JUDGE),
        is_blatant=draft.status is Status.SPAM and (discards or sure),
    )


def _standing_of_comment(comment: Comment, asked: Asked) -> Standing:
    codes = {reason.get("code") for reason in comment.reasons if reason.get("effect") == Status.PENDING}
    status = comment.status
    # What the protocol promises of these holds for the same text by anybody else, too.
    if asked.is_administrator:
        status = Status.PUBLISHED
    elif asked.is_guaranteed_spam:
        status = Status.SPAM
    # Where the promise is not how the comment stands, later news of the comment are none of this answer.
    guid = comment.id if status is comment.status else new_id()
    return Standing(guid, status, comment.spam_probability, held_by_rule=bool(codes - _OF_JUDGE))
