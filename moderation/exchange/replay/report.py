"""What became of a replayed history, held against its labels."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from model.sample import Label
from moderation.exchange.replay.service import Answer, Outcome

JUDGED = (Outcome.PUBLISHED, Outcome.HELD, Outcome.SPAM)
#: What each outcome means for a comment with this label.
NAMES = {
    Label.SPAM: {Outcome.SPAM: "kept_as_spam", Outcome.HELD: "held", Outcome.PUBLISHED: "published"},
    Label.HAM: {Outcome.PUBLISHED: "published", Outcome.HELD: "held", Outcome.SPAM: "lost_as_spam"},
}


@dataclass(slots=True)
class Report:
    """The counts of one run."""

    outcomes: Counter[tuple[Label, Outcome]] = field(default_factory=Counter)
    reasons: Counter[tuple[str, Label, Outcome]] = field(default_factory=Counter)
    models: set[str] = field(default_factory=set)
    seconds: float = 0.0
    #: Why the run ended before the file did.
    stopped: str = ""

    def add(self, label: Label | None, answer: Answer) -> None:
        """Count an answer to a comment with this label."""
        if label is None:
            return
        self.outcomes[label, answer.outcome] += 1
        if answer.reason:
            self.reasons[answer.reason, label, answer.outcome] += 1
        if answer.model:
            self.models.add(answer.model)

    def count(self, outcome: Outcome) -> int:
        """Return how many comments met this outcome, whatever their label."""
        return sum(self.outcomes[label, outcome] for label in Label)

    @property
    def sent(self) -> int:
        """How many comments were sent."""
        return sum(self.outcomes.values())

    @property
    def speed(self) -> float:
        """Comments a second."""
        return self.sent / self.seconds if self.seconds else 0.0

    def judged(self, label: Label) -> int:
        """Return how many comments with this label were taken in."""
        return sum(self.outcomes[label, outcome] for outcome in JUDGED)

    def share(self, label: Label, outcome: Outcome) -> float | None:
        """Return the outcome's share in what was taken in of a label; ``None`` where nothing was."""
        judged = self.judged(label)
        return self.outcomes[label, outcome] / judged if judged else None

    def as_json(self) -> dict[str, Any]:
        """Return all of it."""
        return {
            "sent": self.sent,
            "spam": self._of(Label.SPAM),
            "genuine": self._of(Label.HAM),
            "duplicates": self.count(Outcome.DUPLICATE),
            "refused": self.count(Outcome.REFUSED),
            "failed": self.count(Outcome.FAILED),
            "reasons": [
                {"reason": reason, "label": label, "outcome": outcome, "count": count}
                for (reason, label, outcome), count in sorted(
                    self.reasons.items(), key=lambda item: (-item[1], item[0])
                )
            ],
            "models": sorted(self.models),
            "seconds": round(self.seconds, 3),
            "comments_per_second": round(self.speed, 1),
            "complete": not self.stopped,
            "stopped": self.stopped or None,
        }

    def _of(self, label: Label) -> dict[str, Any]:
        names = NAMES[label]
        counts = {name: self.outcomes[label, outcome] for outcome, name in names.items()}
        others = {
            "refused": self.outcomes[label, Outcome.REFUSED],
            "duplicates": self.outcomes[label, Outcome.DUPLICATE],
            "failed": self.outcomes[label, Outcome.FAILED],
        }
        total = sum(counts.values()) + sum(others.values())
        rates = {name: self.share(label, outcome) for outcome, name in names.items()}
        return {"total": total, **counts, **others, "rates": rates}
