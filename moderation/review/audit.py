"""The blind audit: unbiased error rates of the automatic decisions, and what happens when they break the promise."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session, joinedload

from model.promise import upper_bound
from model.sample import Label
from moderation import paging
from moderation.people.access import Actor, require_site
from moderation.policy.rules import Rules, current_rules
from moderation.tables import Comment, Decision, Site, Status

WAITING = (Comment.audit_share.is_not(None), Comment.audited_at.is_(None))
#: The same as one column.
IS_WAITING = and_(*WAITING)


@dataclass(frozen=True, slots=True)
class Rate:
    """An error rate of one kind of automatic decision, weighted by inclusion: estimate and exact bounds.

    ``decided``: automatic decisions of this kind; ``audited``: those that a person answered; ``errors``: those that the
    person decided otherwise. ``estimate`` is ``None`` until one is audited.
    """

    decided: int
    audited: int
    errors: int
    estimate: float | None
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What audits say of a site's automatic decisions, and whether the promise stands.

    ``ham_as_spam`` is the share of spam verdicts that were wrong; ``spam_in_published`` that of published comments that
    are spam; ``genuine_lost`` bounds the promised figure, the share of the genuine comments that were kept as spam.
    """

    ham_as_spam: Rate
    spam_in_published: Rate
    genuine_lost: float | None
    promise_kept: bool
    held_since: datetime | None


def list_audits(
    session: Session, actor: Actor, site_id: uuid.UUID | None, *, limit: int = 50, cursor: str = ""
) -> paging.Page[Comment]:
    """Return a page of the decisions that wait to be audited, oldest first."""
    conditions: list[ColumnElement[bool]] = [*WAITING, actor.only_theirs(Comment.site_id)]
    if site_id is not None:
        require_site(actor, site_id, "site")
        conditions.append(Comment.site_id == site_id)
    total = session.scalar(select(func.count()).select_from(Comment).where(*conditions)) or 0
    query = select(Comment).options(joinedload(Comment.thread), joinedload(Comment.site)).where(*conditions)
    if cursor:
        # The id says when a comment came, and nothing of what was made of it.
        query = query.where(Comment.id > paging.read_id_cursor(cursor))
    rows = session.scalars(query.order_by(Comment.id).limit(limit + 1)).all()
    following = paging.id_cursor(rows[limit - 1].id) if len(rows) > limit else None
    return paging.Page(rows[:limit], following, total)


def count_audits(session: Session, actor: Actor, site_id: uuid.UUID | None) -> int:
    """Return how many decisions wait to be audited."""
    query = select(func.count()).select_from(Comment).where(*WAITING, actor.only_theirs(Comment.site_id))
    if site_id is not None:
        require_site(actor, site_id, "site")
        query = query.where(Comment.site_id == site_id)
    return session.scalar(query) or 0


def is_waiting(comment: Comment) -> bool:
    """Whether the verdict on a comment waits to be audited, and so must not be told to who may audit it."""
    return comment.audit_share is not None and comment.audited_at is None


def report(session: Session, site: Site) -> AuditReport:
    """Return the error rates of the site's automatic decisions under its present promise."""
    rules = current_rules(session, site)
    # Two bounds are read together, so each is asked to hold more surely than the promise.
    confidence = 1.0 - (1.0 - rules.confidence) / 2.0
    spam = _rate(session, site.id, Status.SPAM, Label.HAM, confidence)
    published = _rate(session, site.id, Status.PUBLISHED, Label.SPAM, confidence)
    lost = _genuine_lost(spam, published, spam.upper) if spam.audited else None
    kept = not _is_broken(spam, published, rules, confidence)
    return AuditReport(spam, published, lost, kept, site.held_since)


def hold_to_promise(session: Session, site: Site, now: datetime) -> AuditReport:
    """Let the service hold instead of keeping as spam as soon as audits break the promise.

    It stays so until an admin says otherwise (``trust_again``): comments that are held are not audited, so nothing
    would ever show that the judge has become better.
    """
    found = report(session, site)
    if not found.promise_kept and site.held_since is None:
        site.held_since = now
        session.flush()
    return found


def trust_again(session: Session, site: Site) -> None:
    """Let the judge keep comments as spam again."""
    site.held_since = None
    session.flush()


def _rate(session: Session, site_id: uuid.UUID, first: Status, wrong: Label, confidence: float) -> Rate:
    decided = session.scalar(_first_decisions(site_id, first)) or 0
    drawn = (
        select(Comment.audit_share, Comment.label)
        .join(Decision, (Decision.comment_id == Comment.id) & (Decision.number == 1))
        .where(Comment.site_id == site_id, Comment.audited_at.is_not(None), Decision.to_status == first)
    )
    rows = [(share, label is wrong) for share, label in session.execute(drawn) if share]
    audited, errors = len(rows), sum(is_wrong for _, is_wrong in rows)
    # Horvitz-Thompson, in its ratio form: shares may have changed over time, and a row stands for 1 / share decisions.
    weight = sum(1.0 / share for share, _ in rows)
    estimate = sum(1.0 / share for share, is_wrong in rows if is_wrong) / weight if rows else None
    return Rate(
        decided,
        audited,
        errors,
        estimate,
        1.0 - upper_bound(audited - errors, audited, confidence) if audited else 0.0,
        upper_bound(errors, audited, confidence),
    )


def _first_decisions(site_id: uuid.UUID, first: Status) -> Select[int]:
    return (
        select(func.count())
        .select_from(Decision)
        .join(Comment, Comment.id == Decision.comment_id)
        .where(Comment.site_id == site_id, Decision.number == 1, Decision.to_status == first)
    )


def _genuine_lost(spam: Rate, published: Rate, rate: float) -> float:
    """Return the share of genuine comments that were kept as spam, if ``rate`` of the spam verdicts are wrong.

    Genuine comments that people published by hand are left out, which errs on the side of caution.
    """
    lost = spam.decided * rate
    genuine = published.decided * (1.0 - (published.estimate or 0.0)) + lost
    return lost / genuine if genuine else 0.0


def _is_broken(spam: Rate, published: Rate, rules: Rules, confidence: float) -> bool:
    """Whether the upper bound breaks the promise, and not merely for want of audits.

    As long as even faultless audits could not show that the promise is kept, they say nothing against it.
    """
    faultless = upper_bound(0, spam.audited, confidence)
    told = _genuine_lost(spam, published, faultless) <= rules.max_ham_as_spam
    return told and _genuine_lost(spam, published, spam.upper) > rules.max_ham_as_spam
