"""Judging a comment that could not be judged when it came."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from model.scoring import Scorer
from moderation.clock import new_id
from moderation.comments.judge import Judgement, judge, knowledge_of, text_of
from moderation.counters import author_of, count_move
from moderation.mail.notices import announce_publication
from moderation.people.sites import get_site
from moderation.policy.moves import REJUDGED_FROM
from moderation.policy.rules import current_rules
from moderation.policy.verdict import facts_of
from moderation.samples import sample_of
from moderation.tables import Action, Comment, Decision, Status, Thread
from moderation.webhooks.announce import announce_decision


def rejudge(session: Session, comment_id: uuid.UUID, scorer: Scorer, now: datetime) -> bool:
    """Judge the comment now and move it if nobody has decided on it meanwhile. Returns whether it is judged.

    Repeating it is harmless: a comment that has been judged, or is gone, is left as it is. ``False`` means that the
    model failed again.
    """
    comment = session.get(Comment, comment_id, with_for_update=True)
    if comment is None or comment.model_version is not None or comment.erased_at is not None:
        return True
    judgement = _judge_now(session, comment, scorer, now)
    if judgement.model_version is None:
        return False
    comment.knowledge = dict(judgement.knowledge)
    comment.model_version = judgement.model_version
    comment.spam_probability = judgement.spam_probability
    comment.uncertainty = judgement.uncertainty
    comment.reasons = [reason.as_json() for reason in judgement.reasons]
    decided = select(Decision.id).where(Decision.comment_id == comment.id, Decision.person_id.is_not(None)).limit(1)
    if session.scalar(decided) is None and comment.status in REJUDGED_FROM:
        _move(session, comment, judgement.status, now)
    session.flush()
    return True


def _judge_now(session: Session, comment: Comment, scorer: Scorer, now: datetime) -> Judgement:
    site = get_site(session, comment.site_id)
    rules = current_rules(session, site)
    knowledge = knowledge_of(session, author_of(comment), text_of(comment.body), now, besides=comment.id)
    facts = facts_of(comment, knowledge)
    sample = sample_of(comment, session.get_one(Thread, comment.thread_id).key)
    return judge(
        scorer,
        replace(sample, knowledge=knowledge),
        facts,
        rules,
        trusted=comment.author_role in rules.trusted_roles,
        hold_spam=site.held_since is not None,
    )


def _move(session: Session, comment: Comment, new: Status, now: datetime) -> None:
    old = comment.status
    comment.status, comment.version = new, comment.version + 1
    comment.policy_number = get_site(session, comment.site_id).policy_number
    decision = Decision(
        id=new_id(),
        comment_id=comment.id,
        number=comment.version,
        action=Action.JUDGE,
        from_status=old,
        to_status=new,
        origin="rejudge",
        reason="",
        reasons=comment.reasons,
        model_version=comment.model_version,
        spam_probability=comment.spam_probability,
        policy_number=comment.policy_number,
        created_at=now,
    )
    session.add(decision)
    session.flush()
    announce_decision(session, comment, decision)
    count_move(session, author_of(comment), comment.thread_id, old, new, comment.facts.get("thread_url"))
    if new is Status.PUBLISHED:
        announce_publication(session, author_of(comment), comment.id, comment.parent_id, now)
