"""What a site's policy makes of a comment: its first status with all reasons, from score, facts and rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from model.promise import Cuts
from moderation.policy.first_status import Reason, cuts_in_force, first_status, hold_instead, reason_of_score
from moderation.policy.rules import Rules
from moderation.policy.standing_rules import Facts, is_trusted, reasons_of_rules
from moderation.tables import Comment, Status

#: What earned trust does not outweigh: the site has named the words itself, and people fill in no hidden field.
ABOVE_TRUST = frozenset({"spam_words", "hold_words", "honeypot"})
LOG_ONLY = {
    Status.PUBLISHED: "Log-only: this would have been published.",
    Status.PENDING: "Log-only: this would have been held.",
    Status.SPAM: "Log-only: this would have been kept as spam.",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A first status and every reason that fired. ``would_be`` is what log-only mode has only recorded."""

    status: Status
    reasons: tuple[Reason, ...]
    would_be: Status


def verdict(
    probability: float | None,
    model_cuts: Cuts | None,
    facts: Facts,
    rules: Rules,
    *,
    trusted: bool = False,
    hold_spam: bool = False,
    more: Iterable[Reason] = (),
) -> Verdict:
    """Apply the rules to a probability (``None``: no model could judge).

    ``trusted``: the site vouches for the author. ``hold_spam``: audits have broken the site's promise, so the judge's
    spam verdict only holds. ``more`` are reasons that the way by which the comment came brings along.
    """
    of_score = reason_of_score(probability, cuts_in_force(rules, model_cuts) if model_cuts else None)
    reasons = [hold_instead(of_score) if hold_spam else of_score, *reasons_of_rules(facts, rules), *more]
    if trusted:
        reasons.append(Reason("trusted_role", "The site vouches for the author.", Status.PUBLISHED))
        status = Status.PUBLISHED
    elif is_trusted(facts, rules):
        earned = f"{facts.author_published} published comments under an address that the site vouches for."
        reasons.append(Reason("trusted_author", earned, Status.PUBLISHED))
        counting = [one for one in reasons if one.code in ABOVE_TRUST or one.code == "trusted_author"]
        status = first_status(counting, trusted=False)
    else:
        status = first_status(reasons, trusted=False)
    if not rules.log_only:
        return Verdict(status, tuple(reasons), status)
    reasons.append(Reason(f"log_only_{status.value}", LOG_ONLY[status], Status.PUBLISHED))
    return Verdict(Status.PUBLISHED, tuple(reasons), status)


def facts_of(comment: Comment, knowledge: Mapping[str, Any]) -> Facts:
    """Return what the rules looked at, from a stored comment and what its site knew of the author."""
    return Facts(
        author_name=comment.author_name,
        author_email=comment.author_email,
        author_url=comment.author_url,
        body=comment.body,
        author_published=int(knowledge.get("author_published", 0)),
        honeypot_filled=bool(comment.facts.get("honeypot")),
        form_seconds=comment.facts.get("form_seconds"),
        author_spam=int(knowledge.get("author_spam", 0)),
        address_verified=bool(comment.facts.get("verified")),
    )
