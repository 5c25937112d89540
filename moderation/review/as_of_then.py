"""A decision replayed as of then: the same model, facts and rules must give the same score and the same status."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from model.sample import Evidence, Sample
from model.scoring import Scorer
from moderation.policy.rules import Rules
from moderation.policy.verdict import facts_of, verdict
from moderation.samples import sample_of
from moderation.tables import Action, Comment, Decision, EarlierText, Policy, Status


@dataclass(frozen=True, slots=True)
class Replayed:
    """What comes out today. ``status`` is ``None`` where the decision was a person's, or its policy is not kept.

    ``problem`` says why nothing, or something else, comes out; ``body`` is what the comment said then.
    """

    body: str
    score: float | None = None
    identical: bool = False
    status: Status | None = None
    evidence: tuple[Evidence, ...] = ()
    problem: str = ""


def replay_decision(session: Session, decision: Decision, comment: Comment, scorer: Scorer | None) -> Replayed:
    """Judge the comment again with the model named by the decision (``scorer``; ``None``: it is not kept any more)."""
    earlier = _earlier(session, decision, comment)
    body = comment.body if earlier is None else earlier.body
    if decision.model_version is None or decision.spam_probability is None:
        return Replayed(body, problem="No model had judged the comment when this was decided.")
    if scorer is None:
        problem = f"The model {decision.model_version} is not kept any more, so it cannot be asked again."
        return Replayed(body, problem=problem)
    if comment.erased_at is not None:
        return Replayed(body, problem="The author’s data have been erased, so that nothing is left to judge.")
    sample = sample_of(comment, comment.thread.key)
    if earlier is not None:
        sample = replace(sample, body=body, copied=tuple((begin, end) for begin, end in earlier.copied or ()))
    if earlier is not None and earlier.knowledge is not None:
        sample = replace(sample, knowledge=earlier.knowledge)
    score = scorer.score(sample)
    identical = score.probability == decision.spam_probability
    return Replayed(
        body,
        score=score.probability,
        identical=identical,
        status=_status(session, decision, comment, sample, score.probability, scorer),
        evidence=score.evidence,
        problem="" if identical else _why(comment, decision),
    )


def _earlier(session: Session, decision: Decision, comment: Comment) -> EarlierText | None:
    """Return what the comment said when it was decided on, if it was changed since."""
    return session.scalar(
        select(EarlierText)
        .where(EarlierText.comment_id == comment.id, EarlierText.number >= decision.number)
        .order_by(EarlierText.number)
        .limit(1)
    )


def _status(
    session: Session, decision: Decision, comment: Comment, sample: Sample, probability: float, scorer: Scorer
) -> Status | None:
    if decision.action is not Action.JUDGE or decision.policy_number is None:
        return None
    policy = session.get(Policy, (comment.site_id, decision.policy_number))
    try:
        rules = Rules.model_validate(policy.rules) if policy else None
    except ValidationError:
        return None
    if rules is None:
        return None
    codes = {reason["code"] for reason in decision.reasons}
    return verdict(
        probability,
        scorer.promise(rules.terms, str(comment.site_id)).cuts,
        replace(facts_of(comment, sample.knowledge or {}), body=sample.body),
        rules,
        trusted="trusted_role" in codes,
        hold_spam="model_spam_held" in codes,
    ).status


def _why(comment: Comment, decision: Decision) -> str:
    if comment.model_version != decision.model_version:
        return (
            "The comment has been judged again since, by another model or with another text, and what the site knew of "
            "the author was written down anew."
        )
    if not comment.ip and not comment.user_agent:
        return "Address and browser have been removed since, as retention asks, and the model had looked at them."
    return "Something of the comment has been changed since, its text for example."
