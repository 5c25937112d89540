"""Two models on the same recent comments: how often they would decide otherwise, and on which."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from model.sample import Label
from model.scoring import Scorer
from moderation.policy.first_status import cuts_in_force, reason_of_score
from moderation.policy.rules import Rules, current_rules
from moderation.samples import sample_of
from moderation.tables import Comment, Site, Status, Thread

#: The newest comments that are judged again, by both.
SAMPLE = 400
NAMED = 50


@dataclass(frozen=True, slots=True)
class Difference:
    """A comment of which the models make different things."""

    comment: Comment
    live: float
    candidate: float
    live_status: Status
    candidate_status: Status

    @property
    def right(self) -> str | None:
        """Which of the two agrees with what a person said: ``live`` or ``candidate``; ``None`` where nobody knows."""
        wanted = (
            {Label.SPAM: Status.SPAM, Label.HAM: Status.PUBLISHED}.get(self.comment.label)
            if self.comment.label
            else None
        )
        if self.live_status is wanted:
            return "live"
        return "candidate" if self.candidate_status is wanted else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """``moves``: comments by "from → to"; ``differences``: the widest apart first, at most ``NAMED``."""

    n: int
    moves: dict[str, int]
    differences: list[Difference]


def compare(session: Session, live: Scorer, candidate: Scorer, at_most: int = SAMPLE) -> Comparison:
    """Let both models judge the newest comments, each with its own cuts unless a site states its own.

    Only the scores are compared: what word lists and other rules add is the same under both.
    """
    query = (
        select(Comment, Thread.key)
        .join(Thread, Thread.id == Comment.thread_id)
        .where(Comment.erased_at.is_(None))
        .order_by(Comment.id.desc())
        .limit(at_most)
    )
    rows = session.execute(query).all()
    samples = [sample_of(comment, key) for comment, key in rows]
    rules: dict[uuid.UUID, Rules] = {}
    moves: Counter[str] = Counter()
    found = []
    scores = zip(rows, live.score_many(samples), candidate.score_many(samples), strict=True)
    for (comment, _), before, after in scores:
        if comment.site_id not in rules:
            rules[comment.site_id] = current_rules(session, session.get_one(Site, comment.site_id))
        site = rules[comment.site_id]
        old = _status(live, before, site, comment)
        new = _status(candidate, after, site, comment)
        if old is not new:
            moves[f"{old.value} → {new.value}"] += 1
            found.append(Difference(comment, before, after, old, new))
    found.sort(key=lambda one: -abs(one.live - one.candidate))
    return Comparison(len(rows), dict(sorted(moves.items())), found[:NAMED])


def _status(scorer: Scorer, probability: float, rules: Rules, comment: Comment) -> Status:
    cuts = scorer.promise(rules.terms, str(comment.site_id)).cuts
    return reason_of_score(probability, cuts_in_force(rules, cuts)).effect
