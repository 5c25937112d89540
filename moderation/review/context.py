"""What a moderator wants to know of the comment at hand beyond itself; worked out for that one, not for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import not_, select
from sqlalchemy.orm import Session

from model.counterfactual import Change, counterfactual
from model.scoring import Scorer
from moderation.people.access import Actor
from moderation.people.sites import get_site
from moderation.policy.first_status import OF_JUDGE, cuts_in_force, gravest
from moderation.policy.rules import current_rules
from moderation.review.audit import asked_of
from moderation.samples import sample_of
from moderation.tables import Comment, Status

MOST_EARLIER = 5


@dataclass(frozen=True, slots=True)
class Context:
    """``change``: the least that would have led to another status; ``earlier``: the author's latest others."""

    change: Change | None
    earlier: Sequence[Comment]


def context_of(session: Session, actor: Actor, comment: Comment, scorer: Scorer | None) -> Context:
    """Return what there is to know. ``scorer``: that of the model that judged the comment, if it is still there."""
    change = None
    if scorer is not None and comment.model_version == scorer.version:
        rules = current_rules(session, get_site(session, comment.site_id))
        cuts = cuts_in_force(rules, scorer.promise(rules.terms, str(comment.site_id)).cuts)
        change = counterfactual(scorer, sample_of(comment, comment.thread.key), cuts)
        if change is not None and not _turns(comment, Status(change.status)):
            change = None
    return Context(change, _earlier(session, actor, comment))


def _turns(comment: Comment, verdict: Status) -> bool:
    """Return whether another verdict would have been heard: a rule may ask for more than it, and trust for less."""
    if any(reason["code"].startswith("trusted") for reason in comment.reasons):
        return False
    asked = [Status(reason["effect"]) for reason in comment.reasons if reason["code"] not in OF_JUDGE]
    before = [Status(reason["effect"]) for reason in comment.reasons]
    return bool(before) and gravest([*asked, verdict]) is not gravest(before)


def _earlier(session: Session, actor: Actor, comment: Comment) -> Sequence[Comment]:
    """Return the author's latest other comments at the site, known by the e-mail address."""
    if not comment.author_email:
        return []
    query = (
        select(Comment)
        .where(
            Comment.author_email == comment.author_email,
            Comment.site_id == comment.site_id,
            Comment.id != comment.id,
            # A verdict that the person is asked to audit is told nowhere.
            not_(asked_of(actor)),
        )
        .order_by(Comment.id.desc())
        .limit(MOST_EARLIER)
    )
    return session.scalars(query).all()
