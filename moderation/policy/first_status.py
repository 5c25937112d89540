"""From a score and the rules to a comment's first status, with every reason that fired."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from model.promise import Cuts
from moderation.policy.rules import Rules
from moderation.tables import Status


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a comment stands where it stands: ``effect`` is the status it asks for."""

    code: str
    message: str
    effect: Status

    def as_json(self) -> dict[str, Any]:
        """Return the reason as it is stored and answered."""
        return asdict(self)


#: A graver reason outweighs a lighter one.
GRAVITY = (Status.PUBLISHED, Status.PENDING, Status.SPAM)
#: The codes of what the judge says; all other reasons are of rules.
OF_JUDGE = frozenset({"not_judged", "model_spam", "model_spam_held", "model_clean", "model_unsure"})


def cuts_in_force(rules: Rules, model_cuts: Cuts) -> Cuts:
    """Return the site's own cuts where it states some, else the model's; never crossed."""
    publish_below = model_cuts.publish_below if rules.publish_below is None else rules.publish_below
    spam_above = model_cuts.spam_above if rules.spam_above is None else rules.spam_above
    if publish_below > spam_above:
        # One cut is the site's and it crosses the model's other: the stated one holds.
        if rules.publish_below is None:
            publish_below = spam_above
        else:
            spam_above = publish_below
    return Cuts(publish_below, spam_above)


def reason_of_score(probability: float | None, cuts: Cuts | None) -> Reason:
    """Return what the judge's probability says. No judgement (``None``) holds the comment, it never lets it pass."""
    if probability is None or cuts is None:
        return Reason("not_judged", "The model could not answer; the comment waits to be judged.", Status.PENDING)
    percent = _percent(probability)
    if probability >= cuts.spam_above:
        return Reason("model_spam", f"Spam with a probability of {percent}.", Status.SPAM)
    if probability < cuts.publish_below:
        return Reason("model_clean", f"Spam with a probability of {percent}.", Status.PUBLISHED)
    message = f"Spam with a probability of {percent}, which is between the cuts."
    return Reason("model_unsure", message, Status.PENDING)


def _percent(probability: float) -> str:
    # Nothing is certain: a rounded 0 or 100 would say so.
    if probability > 0.999:  # noqa: PLR2004 -- what rounds to 100.0 %
        return "more than 99.9 %"
    return "less than 0.1 %" if probability < 0.001 else f"{100 * probability:.1f} %"  # noqa: PLR2004


def hold_instead(reason: Reason) -> Reason:
    """Return what the judge's spam verdict asks for where audits have shown that the promise is broken."""
    if reason.code != "model_spam":
        return reason
    message = f"{reason.message} Held, since audits show that too many genuine comments are kept as spam."
    return Reason("model_spam_held", message, Status.PENDING)


def first_status(reasons: Sequence[Reason], *, trusted: bool) -> Status:
    """Return the gravest effect of the reasons. A trusted author (the site vouches) is published whatever they say."""
    if trusted:
        return Status.PUBLISHED
    return gravest(reason.effect for reason in reasons)


def gravest(effects: Iterable[Status]) -> Status:
    """Return the effect that outweighs the others."""
    return max(effects, key=GRAVITY.index)
