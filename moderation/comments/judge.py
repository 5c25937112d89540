"""Judging one comment: what the site knows of its author, the model's score, the rules, and all their reasons."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from model.copying import copied_spans
from model.neighbours import bands, signature, similarity
from model.sample import Sample
from model.scoring import Scorer
from moderation.counters import Author
from moderation.database import run
from moderation.policy.first_status import Reason
from moderation.policy.rules import Rules
from moderation.policy.standing_rules import Facts
from moderation.policy.verdict import verdict
from moderation.tables import Band, Comment, Identity, Reputation, Status

log = structlog.get_logger()

#: Copies of a text count for this long.
COPY_WINDOW = timedelta(days=30)
#: A wave may have thousands of copies; the newest few tell as much.
MAX_COPIES = 50
#: Estimated Jaccard similarity from which two texts are copies of one another: at 0.8, no two stories get mixed.
COPY_SIMILARITY = 0.8
#: Published texts that are asked whether they were copied into a longer one, the most alike first ...
_MAX_ORIGINALS = 3
#: ... and were, if so much of what they say is said again.
_COPIED_SHARE = 0.6

_REPUTATION = select(Reputation.kind, Reputation.published, Reputation.spam).where(
    Reputation.site_id == bindparam("site_id"),
    # A digest names its kind, too, so that one question asks for all.
    Reputation.kind.in_(list(Identity)),
    Reputation.digest.in_(bindparam("digests", expanding=True)),
)
_NEAR = (
    select(Band.comment_id)
    .where(Band.value.in_(bindparam("bands", expanding=True)))
    .group_by(Band.comment_id, Band.site_id)
    # The site's own come first: what it knows must not depend on what happens elsewhere.
    .order_by((Band.site_id == bindparam("site_id")).desc(), func.count().desc(), Band.comment_id.desc())
    .limit(MAX_COPIES)
)
_COPIES = select(
    Comment.id, Comment.site_id, Comment.status, Comment.signature, Comment.campaign_id, Comment.received_at
).where(Comment.id.in_(_NEAR))


@dataclass(frozen=True, slots=True)
class Text:
    """A text's signature and its bands, by which near-identical texts are found."""

    signature: bytes
    bands: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Copies:
    """Near-identical comments of late: how many of the site stand where, and the campaign that they all are, if any."""

    counts: Mapping[Status, int]
    #: The site's published ones, of any age, that may have been copied into it; the most alike first.
    published_ids: tuple[uuid.UUID, ...] = ()
    campaign_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was made of a comment, and why."""

    status: Status
    reasons: tuple[Reason, ...]
    knowledge: Mapping[str, float]
    model_version: str | None
    spam_probability: float | None
    #: |log-odds|; 0 where nothing was judged.
    uncertainty: float
    #: Spans of the text that were somebody else's and not judged.
    copied: tuple[tuple[int, int], ...] = ()


def text_of(body: str) -> Text:
    """Return the signature of a comment's text."""
    sign = signature(body)
    return Text(sign, tuple(bands(sign)))


def knowledge_of(
    session: Session,
    author: Author,
    text: Text,
    now: datetime,
    besides: uuid.UUID | None = None,
    copies: Copies | None = None,
) -> dict[str, float]:
    """Return what the site knows of the author and of copies of the text (see ``model.sample.KNOWLEDGE``)."""
    known: dict[str, float] = {}
    names = {Identity.EMAIL: "author", Identity.IP: "ip", Identity.DOMAIN: "domain"}
    digests = [digest for _, digest in author.digests()]
    if digests:
        given = {"site_id": author.site_id, "digests": digests}
        for kind, published, spam in run(session, _REPUTATION, given):
            known[f"{names[kind]}_published"], known[f"{names[kind]}_spam"] = max(published, 0), max(spam, 0)
    copies = copies or copies_of(session, author.site_id, text, now, besides)
    for status, count in copies.counts.items():
        name = {Status.PUBLISHED: "copies_published", Status.SPAM: "copies_spam"}.get(status, "copies_other")
        known[name] = known.get(name, 0) + count
    return {name: float(count) for name, count in known.items() if count}


def copies_of(
    session: Session, site_id: uuid.UUID, text: Text, now: datetime, besides: uuid.UUID | None = None
) -> Copies:
    """Return what is near-identical to a text: the site's own counted, and the campaign, which may span sites."""
    if not text.bands:
        return Copies({})
    rows = run(session, _COPIES, {"site_id": site_id, "bands": list(text.bands)})
    counts: dict[Status, int] = {}
    firsts = []
    published: list[tuple[float, uuid.UUID]] = []
    for comment_id, of_site, status, sign, campaign_id, received_at in rows:
        alike = similarity(sign, text.signature) if comment_id != besides and sign is not None else 0.0
        if alike and of_site == site_id and status is Status.PUBLISHED:
            published.append((alike, comment_id))
        if alike >= COPY_SIMILARITY and received_at >= now - COPY_WINDOW:
            firsts.append(campaign_id or comment_id)
            if of_site == site_id:
                counts[status] = counts.get(status, 0) + 1
    originals = tuple(comment_id for _, comment_id in sorted(published, reverse=True)[:_MAX_ORIGINALS])
    return Copies(counts, originals, min(firsts, default=None))


def copied_from(session: Session, copies: Copies, author: Author, body: str) -> tuple[tuple[int, int], ...]:
    """Return the spans of the body that were taken from somebody else's published comment.

    Spam likes to hide in a genuine comment, copied with something added; judged is then what was added. Who says their
    own words again is no thief.
    """
    if not copies.published_ids:
        return ()
    known = {one.id: one for one in session.scalars(select(Comment).where(Comment.id.in_(copies.published_ids)))}
    originals = [known[one] for one in copies.published_ids if one in known and _is_in(known[one].body, body)]
    if not originals or any(_is_by(original, author) for original in originals):
        return ()
    return copied_spans(body, originals[0].body)


def _is_in(original: str, body: str) -> bool:
    """Whether most of what a text says is said again in another, which may say much more."""
    again = sum(end - start for start, end in copied_spans(original, body))
    return again >= _COPIED_SHARE * len(original.strip())


def _is_by(comment: Comment, author: Author) -> bool:
    theirs = (comment.author_email, author.email), (comment.ip_network, author.ip_network)
    return any(one and one.lower() == other.lower() for one, other in theirs)


def judge(
    scorer: Scorer | None,
    sample: Sample,
    facts: Facts,
    rules: Rules,
    *,
    trusted: bool = False,
    hold_spam: bool = False,
    more: Sequence[Reason] = (),
) -> Judgement:
    """Score the sample and apply the rules. A scorer that is missing or fails holds the comment, never passes it.

    ``hold_spam``: audits have broken the site's promise, so the judge's spam verdict only holds. ``more``: reasons that
    lie in the way the comment came.
    """
    score = None
    if scorer is not None:
        try:
            score = scorer.score(sample, explain=False)
        except Exception as error:  # noqa: BLE001 -- whatever a model does wrong, the comment must be kept
            log.error("scoring_failed", model=scorer.version, error=type(error).__name__)  # noqa: TRY400 -- the message may quote the comment
    probability = None if score is None or not math.isfinite(score.probability) else score.probability
    cuts = scorer.promise(rules.terms, sample.site).cuts if scorer else None
    if score is not None and not sample.copied:
        facts = replace(facts, links=score.links)
    found = verdict(probability, cuts, facts, rules, trusted=trusted, hold_spam=hold_spam, more=more)
    judged = score is not None and probability is not None
    return Judgement(
        status=found.status,
        reasons=found.reasons,
        knowledge=sample.knowledge,
        model_version=score.version if score and judged else None,
        spam_probability=probability,
        uncertainty=abs(score.log_odds) if score and judged else 0.0,
        copied=sample.copied,
    )
