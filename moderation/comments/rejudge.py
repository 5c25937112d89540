"""Judging a comment that could not be judged when it came."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from model.scoring import Scorer
from moderation.clock import new_id
from moderation.comments.judge import judge, knowledge_of, sample_of, text_of
from moderation.counters import author_of, count_move
from moderation.people.sites import get_site
from moderation.policy.moves import REJUDGED_FROM
from moderation.policy.rules import current_rules
from moderation.policy.standing_rules import Facts
from moderation.tables import Action, Comment, Decision, Thread


def rejudge(session: Session, comment_id: uuid.UUID, scorer: Scorer, now: datetime) -> bool:
    """Judge the comment now and move it if nobody has decided on it meanwhile. Returns whether it is judged.

    Repeating it is harmless: a comment that has been judged, or is gone, is left as it is. ``False`` means that the
    model failed again.
    """
    comment = session.get(Comment, comment_id, with_for_update=True)
    if comment is None or comment.model_version is not None or comment.erased_at is not None:
        return True
    site = get_site(session, comment.site_id)
    rules = current_rules(session, site)
    text = text_of(comment.body)
    knowledge = knowledge_of(session, author_of(comment), text, now, besides=comment.id)
    comment.knowledge = knowledge
    thread_key = session.get_one(Thread, comment.thread_id).key
    facts = Facts(
        author_name=comment.author_name,
        author_email=comment.author_email,
        author_url=comment.author_url,
        body=comment.body,
        author_published=int(knowledge.get("author_published", 0)),
        honeypot_filled=bool(comment.facts.get("honeypot")),
        form_seconds=comment.facts.get("form_seconds"),
    )
    trusted = comment.author_role in rules.trusted_roles
    judgement = judge(
        scorer, sample_of(comment, thread_key), facts, rules, trusted=trusted, hold_spam=site.held_since is not None
    )
    if judgement.model_version is None:
        return False
    reasons = [reason.as_json() for reason in judgement.reasons]
    comment.model_version = judgement.model_version
    comment.spam_probability = judgement.spam_probability
    comment.uncertainty = judgement.uncertainty
    comment.reasons = reasons
    decided = session.scalar(
        select(Decision.id).where(Decision.comment_id == comment.id, Decision.person_id.is_not(None)).limit(1)
    )
    if decided is None and comment.status in REJUDGED_FROM:
        old, new = comment.status, judgement.status
        comment.status, comment.version, comment.policy_number = new, comment.version + 1, site.policy_number
        session.add(
            Decision(
                id=new_id(),
                comment_id=comment.id,
                number=comment.version,
                action=Action.JUDGE,
                from_status=old,
                to_status=new,
                origin="rejudge",
                reason="",
                reasons=reasons,
                model_version=judgement.model_version,
                spam_probability=judgement.spam_probability,
                policy_number=site.policy_number,
                created_at=now,
            )
        )
        count_move(session, author_of(comment), comment.thread_id, old, new)
    session.flush()
    return True
