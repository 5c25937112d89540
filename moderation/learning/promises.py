"""What the live model promises a site, what that leaves for people to read, and what a review budget would buy."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from model.budget import Offer, best, offers
from model.promise import Promise
from model.scoring import Scorer
from moderation.policy.first_status import cuts_in_force
from moderation.policy.rules import current_rules
from moderation.tables import Comment, Site, Status

#: Comments of so many days say how many come a day, and how they are judged.
WINDOW = timedelta(days=30)
#: Of a site with more, the newest of each status tell as much.
MOST = 5_000


@dataclass(frozen=True, slots=True)
class Traffic:
    """A site's recent comments: their spam probabilities, and over how many days they came."""

    probabilities: tuple[float, ...]
    days: float


@dataclass(frozen=True, slots=True)
class Standing:
    """The promise in force at a site. ``reviews_per_day`` counts what the judge leaves undecided, not what rules hold.

    ``offers`` are the promises to choose from, the strictest first; ``bought`` is the one that fits a budget.
    """

    model: str
    promise: Promise
    publish_below: float
    spam_above: float
    comments: int
    days: float
    reviews_per_day: float | None
    offers: tuple[Offer, ...]
    bought: Offer | None

    def as_dict(self) -> dict[str, Any]:
        """Return the record as the API answers and the command line prints it."""
        return asdict(self)


def standing(
    session: Session, site: Site, scorer: Scorer, now: datetime, *, reviews_per_day: float | None = None
) -> Standing:
    """Return how the promise stands at the site, and what ``reviews_per_day`` would buy if it is given."""
    rules = current_rules(session, site)
    promise = scorer.promise(rules.terms, str(site.id))
    cuts = cuts_in_force(rules, promise.cuts)
    traffic = traffic_of(session, site, now)
    held = sum(cuts.publish_below <= one < cuts.spam_above for one in traffic.probabilities)
    ladder = offers(scorer.held_out, str(site.id), traffic.probabilities, traffic.days)
    seen = bool(traffic.probabilities)
    return Standing(
        model=scorer.version,
        promise=promise,
        publish_below=cuts.publish_below,
        spam_above=cuts.spam_above,
        comments=len(traffic.probabilities),
        days=traffic.days,
        reviews_per_day=held / traffic.days if seen else None,
        offers=tuple(ladder) if seen else (),
        bought=best(ladder, reviews_per_day) if seen and reviews_per_day is not None else None,
    )


def traffic_of(session: Session, site: Site, now: datetime) -> Traffic:
    """Return the site's judged comments of the last `WINDOW`, or of as many days as `MOST` of a status reach back."""
    since = max(now - WINDOW, site.created_at)
    found = {status: _newest(session, site.id, status, since) for status in Status}
    full = [rows[-1][0] for rows in found.values() if len(rows) == MOST]
    since = max([since, *full])
    days = max((now - since) / timedelta(days=1), 1.0)
    rows = [row for some in found.values() for row in some]
    return Traffic(tuple(given for when, given in rows if when >= since and given is not None), days)


def _newest(
    session: Session, site_id: uuid.UUID, status: Status, since: datetime
) -> list[tuple[datetime, float | None]]:
    rows = session.execute(
        select(Comment.created_at, Comment.spam_probability)
        .where(Comment.site_id == site_id, Comment.status == status, Comment.created_at >= since)
        .order_by(Comment.created_at.desc(), Comment.id.desc())
        .limit(MOST)
    )
    return [(when, given) for when, given in rows]
