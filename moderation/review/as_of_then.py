"""A decision replayed as of then: the same model, facts and rules must give the same score and the same status."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError
from sqlalchemy.orm import Session

from model.sample import Evidence
from model.scoring import Scorer
from moderation.policy.rules import Rules
from moderation.policy.verdict import facts_of, verdict
from moderation.samples import sample_of
from moderation.tables import Action, Comment, Decision, Policy, Status


@dataclass(frozen=True, slots=True)
class Replayed:
    """What comes out today. ``status`` is ``None`` where the decision was a person's, or its policy is not kept.

    ``problem`` says why nothing, or something else, comes out.
    """

    score: float | None = None
    identical: bool = False
    status: Status | None = None
    evidence: tuple[Evidence, ...] = ()
    problem: str = ""


def replay_decision(session: Session, decision: Decision, comment: Comment, scorer: Scorer | None) -> Replayed:
    """Judge the comment again with the model named by the decision (``scorer``; ``None``: it is not kept any more)."""
    if decision.model_version is None or decision.spam_probability is None:
        return Replayed(problem="No model had judged the comment when this was decided.")
    if scorer is None:
        return Replayed(
            problem=f"The model {decision.model_version} is not kept any more, so it cannot be asked again."
        )
    if comment.erased_at is not None:
        return Replayed(problem="The author’s data have been erased, so that nothing is left to judge.")
    score = scorer.score(sample_of(comment, comment.thread.key))
    identical = score.probability == decision.spam_probability
    return Replayed(
        score=score.probability,
        identical=identical,
        status=_status(session, decision, comment, score.probability, scorer),
        evidence=score.evidence,
        problem="" if identical else _why(comment, decision),
    )


def _status(
    session: Session, decision: Decision, comment: Comment, probability: float, scorer: Scorer
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
        facts_of(comment, comment.knowledge),
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
