"""Campaigns: near-identical comments as one thing to decide on, newcomers of the next day included."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from model.neighbours import bands, similarity
from moderation.clock import new_id
from moderation.errors import ConflictError, FieldError, InvalidError
from moderation.people.access import Actor
from moderation.policy.moves import TO_STATUS
from moderation.review.decisions import MAX_REASON, Outcome, decide_many
from moderation.review.queue import get_comment
from moderation.tables import Action, CampaignBand, CampaignVerdict, Comment, Site, Status, Thread

#: How long a verdict covers what comes in.
STANDS = timedelta(hours=24)
#: So many of a campaign are looked at and decided on in one go.
MOST_MEMBERS = 500
#: What is less alike than this is shown before one decides on all.
_ALIKE = 0.95
_MOST_OUTLIERS = 3


@dataclass(frozen=True, slots=True)
class Member:
    """A comment of a campaign, and how alike it is to the campaign's first, 0 to 1."""

    id: uuid.UUID
    version: int
    status: Status
    site: str
    thread: str
    author_name: str
    body: str
    alike: float


@dataclass(frozen=True, slots=True)
class Campaign:
    """Near-identical comments that a person may see.

    ``members``: the ``MOST_MEMBERS`` first, those that wait before others; ``places``: how many there are of each
    status, site and thread, however many.
    """

    id: uuid.UUID
    members: Sequence[Member]
    places: Mapping[tuple[Status, str, str], int]

    @property
    def size(self) -> int:
        """How many there are."""
        return sum(self.places.values())

    @property
    def waiting(self) -> dict[uuid.UUID, int]:
        """Those that wait to be decided, with their versions: what a verdict acts on."""
        return {m.id: m.version for m in self.members if m.status is Status.PENDING}

    @property
    def statuses(self) -> Counter[Status]:
        """How many stand where."""
        found: Counter[Status] = Counter()
        for (status, _, _), count in self.places.items():
            found[status] += count
        return found

    @property
    def sites(self) -> list[str]:
        """The names of the sites that it came to."""
        return sorted({site for _, site, _ in self.places})

    @property
    def threads(self) -> int:
        """How many threads it came to."""
        return len({(site, thread) for _, site, thread in self.places})

    @property
    def outliers(self) -> list[Member]:
        """The members least like the first."""
        unlike = sorted((m for m in self.members if m.alike < _ALIKE), key=lambda m: m.alike)
        return unlike[:_MOST_OUTLIERS]


def campaigns_of(session: Session, actor: Actor, comments: Sequence[Comment]) -> dict[uuid.UUID, Campaign]:
    """Return the campaigns of the comments, by each comment's id. What stands alone is left out."""
    firsts = {comment.campaign_id or comment.id for comment in comments}
    found: dict[uuid.UUID, list[Member]] = {first: [] for first in firsts}
    # One question for all tells which there are: most comments stand alone.
    many = set(session.scalars(select(Comment.campaign_id).where(Comment.campaign_id.in_(firsts)).distinct()))
    for first in many:
        if first is not None:
            found[first] = _members(session, actor, first)
    campaigns = {
        first: Campaign(first, members, _places(session, actor, first, members))
        for first, members in found.items()
        if len(members) > 1
    }
    firsts_of = {comment.id: comment.campaign_id or comment.id for comment in comments}
    return {one: campaigns[first] for one, first in firsts_of.items() if first in campaigns}


def campaign_of(session: Session, actor: Actor, comment_id: uuid.UUID) -> Campaign:
    """Return the campaign that a comment is one of, were it the only one. Raises ``NotFoundError``."""
    comment = get_comment(session, actor, comment_id)
    first = comment.campaign_id or comment.id
    members = _members(session, actor, first)
    return Campaign(first, members, _places(session, actor, first, members))


def _members(session: Session, actor: Actor, first: uuid.UUID) -> list[Member]:
    query = (
        select(Comment, Site.name, Thread.key)
        .join(Site, Site.id == Comment.site_id)
        .join(Thread, Thread.id == Comment.thread_id)
        .where(or_(Comment.campaign_id == first, Comment.id == first), actor.only_theirs(Comment.site_id))
        .order_by(Comment.status != Status.PENDING, Comment.id)
        .limit(MOST_MEMBERS)
    )
    rows = session.execute(query).all()
    pattern = min((comment for comment, _, _ in rows), key=lambda c: c.id).signature if rows else None
    return [
        Member(
            comment.id,
            comment.version,
            comment.status,
            site,
            thread,
            comment.author_name,
            comment.body,
            similarity(pattern, comment.signature) if pattern and comment.signature else 1.0,
        )
        for comment, site, thread in rows
    ]


def _places(
    session: Session, actor: Actor, first: uuid.UUID, members: Sequence[Member]
) -> Mapping[tuple[Status, str, str], int]:
    if len(members) < MOST_MEMBERS:
        return Counter((m.status, m.site, m.thread) for m in members)
    query = (
        select(Comment.status, Site.name, Thread.key, func.count())
        .join(Site, Site.id == Comment.site_id)
        .join(Thread, Thread.id == Comment.thread_id)
        .where(or_(Comment.campaign_id == first, Comment.id == first), actor.only_theirs(Comment.site_id))
        .group_by(Comment.status, Site.name, Thread.key)
    )
    return {(status, site, thread): count for status, site, thread, count in session.execute(query)}


def _rest(session: Session, actor: Actor, first: uuid.UUID, seen: Mapping[uuid.UUID, int]) -> dict[uuid.UUID, int]:
    """Return what waits of a campaign beyond the ``MOST_MEMBERS`` that could be looked at, with its versions."""
    query = (
        select(Comment.id, Comment.version)
        .where(or_(Comment.campaign_id == first, Comment.id == first), actor.only_theirs(Comment.site_id))
        .where(Comment.status == Status.PENDING)
    )
    return {one: version for one, version in session.execute(query) if one not in seen}


def decide_campaign(
    session: Session,
    actor: Actor,
    comment_id: uuid.UUID,
    action: Action,
    now: datetime,
    *,
    seen_versions: Mapping[uuid.UUID, int],
    reason: str = "",
) -> list[Outcome]:
    """Decide on those members of a comment's campaign that were looked at.

    Spam and rejection also cover what comes in for ``STANDS``, and of a campaign that is larger than can be looked at
    what waits beyond.

    Members that changed since are skipped and reported, others that were not looked at are left alone. Raises
    ``NotFoundError``, ``InvalidError``, and ``ConflictError`` where nothing of what was looked at could be decided.
    """
    if action not in TO_STATUS or action is Action.HOLD:
        raise InvalidError([FieldError("action", "bad_action", "One of publish, spam, reject.")])
    if len(reason) > MAX_REASON:
        raise InvalidError([FieldError("reason", "too_long", f"At most {MAX_REASON} characters.")])
    comment = get_comment(session, actor, comment_id)
    first = comment.campaign_id or comment.id
    query = select(Comment.id).where(
        Comment.id.in_(seen_versions), or_(Comment.campaign_id == first, Comment.id == first)
    )
    members = session.scalars(query).all()
    if action is not Action.PUBLISH and len(members) >= MOST_MEMBERS:
        rest = _rest(session, actor, first, seen_versions)
        members, seen_versions = [*members, *rest], {**seen_versions, **rest}
    batch_id = new_id()
    outcomes = decide_many(
        session, actor, members, action, now, seen_versions=seen_versions, reason=reason, batch_id=batch_id, blind=False
    )
    if not any(outcome.decision for outcome in outcomes):
        message = "Nothing was decided: every comment of the campaign has changed since you looked at it."
        raise ConflictError(message, code="version_conflict")
    # The same verdict again, sent twice by a browser that got no answer, changes nothing and stands once.
    is_new = any(outcome.decision and outcome.decision.batch_id == batch_id for outcome in outcomes)
    if is_new and action is not Action.PUBLISH:
        # Near-identical texts may differ in their links: what is published stays a decision on what was seen.
        _let_stand(session, actor, comment, action, reason, batch_id, now)
    return outcomes


def _let_stand(
    session: Session, actor: Actor, comment: Comment, action: Action, reason: str, batch_id: uuid.UUID, now: datetime
) -> None:
    if comment.signature is None:
        return
    verdict = CampaignVerdict(
        id=new_id(),
        campaign_id=comment.campaign_id or comment.id,
        batch_id=batch_id,
        action=action,
        reason=reason,
        person_id=actor.person_id,
        sites=[] if actor.is_admin else sorted(str(site) for site in actor.sites),
        signature=comment.signature,
        created_at=now,
        until=now + STANDS,
    )
    session.add(verdict)
    session.flush()
    session.add_all(CampaignBand(value=value, verdict_id=verdict.id) for value in bands(comment.signature))
    session.flush()
