"""The blind audit: unbiased error rates of the automatic decisions, and what happens when they break the promise."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from model.sample import Label
from moderation import paging
from moderation.people.access import Actor, require_site
from moderation.policy.audit import Rate, genuine_lost, is_broken, rate_of
from moderation.policy.rules import current_rules
from moderation.review.filters import Filter, not_skipped, told_blind, without_index
from moderation.tables import Comment, Decision, EarlierText, Site, Status, StatusCount


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
    session: Session, actor: Actor, wanted: Filter, *, newest: bool = False, limit: int = 50, cursor: str = ""
) -> paging.Page[Comment]:
    """Return a page of the decisions that the person is asked to audit, in the order in which they came.

    What of ``wanted`` would tell a verdict (status, reason, campaign) is left out.
    """
    conditions = [*_asked(session, actor, wanted.site_id), *told_blind(session, wanted)]
    if not wanted.skipped:
        conditions.append(not_skipped(actor))
    total = session.scalar(select(func.count()).select_from(Comment).where(*conditions)) or 0
    query = select(Comment).options(joinedload(Comment.thread), joinedload(Comment.site)).where(*conditions)
    if cursor:
        # The id says when a comment came, and nothing of what was made of it.
        last = paging.read_id_cursor(cursor)
        query = query.where(Comment.id < last if newest else Comment.id > last)
    rows = session.scalars(query.order_by(Comment.id.desc() if newest else Comment.id).limit(limit + 1)).all()
    following = paging.id_cursor(rows[limit - 1].id) if len(rows) > limit else None
    return paging.Page(rows[:limit], following, total)


def count_audits(session: Session, actor: Actor, site_id: uuid.UUID | None) -> int:
    """Return how many decisions the person is asked to audit."""
    query = select(func.count()).select_from(Comment).where(*_asked(session, actor, site_id), not_skipped(actor))
    return session.scalar(query) or 0


def _asked(session: Session, actor: Actor, site_id: uuid.UUID | None) -> list[ColumnElement[bool]]:
    # Comments that wait to be audited are few, those of a site may be millions.
    site = without_index(session, Comment.site_id)
    if site_id is None:
        return [asked_of(actor), actor.only_theirs(site)]
    require_site(actor, site_id, "site")
    return [asked_of(actor), site == site_id]


def is_asked(actor: Actor, comment: Comment) -> bool:
    """Whether the person is asked to audit the verdict on a comment, and so must not be told of it."""
    unanswered = comment.audit_share is not None and comment.audited_at is None
    return unanswered or comment.audit_repeats not in (None, actor.person_id)


def asked_of(actor: Actor) -> ColumnElement[bool]:
    """Return ``is_asked`` as a condition on comments."""
    unanswered = and_(Comment.audit_share.is_not(None), Comment.audited_at.is_(None))
    # The first half is word for word the condition of the lane's index, so that databases see that it does.
    return and_(
        or_(unanswered, Comment.audit_repeats.is_not(None)),
        or_(Comment.audit_repeats.is_(None), Comment.audit_repeats != actor.person_id),
    )


def report(session: Session, site: Site) -> AuditReport:
    """Return the error rates of the site's automatic decisions under its present promise."""
    rules = current_rules(session, site)
    # Two bounds are read together, so each is asked to hold more surely than the promise.
    confidence = 1.0 - (1.0 - rules.confidence) / 2.0
    decided, answered = _came(session, site.id), _answered(session, site.id)
    spam, published = (
        rate_of(
            decided.get(first, 0), [(share, label is wrong) for share, label in answered.get(first, ())], confidence
        )
        for first, wrong in ((Status.SPAM, Label.HAM), (Status.PUBLISHED, Label.SPAM))
    )
    lost = genuine_lost(spam, published, spam.upper) if spam.audited else None
    kept = not is_broken(spam, published, decided.get(Status.PENDING, 0), rules)
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


def _answered(session: Session, site_id: uuid.UUID) -> dict[Status, list[tuple[float, Label | None]]]:
    """Return of each audit that a person answered the chance with which it was drawn, and what it is taken for.

    By where the service had put it.
    """
    # Asked of each: joined, SQLite would walk through all decisions.
    first = select(Decision.to_status).where(Decision.comment_id == Comment.id, Decision.number == 1)
    put = first.correlate(Comment).scalar_subquery().label("put")
    answered = (
        select(put, Comment.audit_share, Comment.label, func.count())
        .where(without_index(session, Comment.site_id) == site_id, Comment.audited_at.is_not(None))
        .group_by(put, Comment.audit_share, Comment.label)
    )
    found: dict[Status, list[tuple[float, Label | None]]] = {}
    for status, share, label, count in session.execute(answered):
        if share:
            found.setdefault(status, []).extend([(share, label)] * count)
    return found


def _came(session: Session, site_id: uuid.UUID) -> dict[Status, int]:
    """Return how many of the site's comments the service itself put where when they came."""
    query = select(StatusCount.status, StatusCount.came).where(StatusCount.site_id == site_id)
    return {row.status: row.came for row in session.execute(query)}


def text_changed(session: Session, comment_id: uuid.UUID, seen_version: int) -> bool:
    """Whether a comment's text is another one than at that version of it."""
    later = (EarlierText.comment_id == comment_id, EarlierText.number >= seen_version)
    return session.scalar(select(EarlierText.number).where(*later).limit(1)) is not None
