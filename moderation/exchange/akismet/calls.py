"""What each call of the protocol does. One function a call: from fields to a reply."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from model.scoring import Scorer
from moderation.clock import Clock, new_id
from moderation.comments import traps
from moderation.comments.caller import Caller, network_of
from moderation.comments.intake import Way, judged
from moderation.comments.judge import text_of
from moderation.comments.store import Draft, store
from moderation.database import Database
from moderation.errors import ConflictError, NotFoundError
from moderation.exchange.akismet import usage
from moderation.exchange.akismet.answers import BLATANT, THANKS, Reply, Standing, problem, verdict
from moderation.exchange.akismet.dialect import Asked, is_blog, parse_asked
from moderation.exchange.akismet.wire import Fields
from moderation.people.sites import site_of_akismet_key
from moderation.policy.audit import Chance
from moderation.policy.first_status import Reason
from moderation.policy.rules import current_rules
from moderation.review.decisions import decide_for_site
from moderation.tables import Action, Band, Comment, KeyPurpose, Site, Status, Thread
from moderation.webhooks.endpoints import find_callback, has_key, keep_callback, may_call_back

ORIGIN: Final = "akismet"
#: How many of the newest comments with the same text are looked through for the one that a report means.
MAX_SAME: Final = 50
_REPORTS: Final = {
    "submit-spam": (Action.SPAM, "missed_spam"),
    "submit-ham": (Action.PUBLISH, "false_positives"),
}
_BAD_KEY: Final = "The key is unknown or has ended. Each site has its own."
_NO_BLOG: Final = 'Empty "blog" value'
_BAD_BLOG: Final = "We were unable to parse your blog URI"
_TEST_SPAM: Final = Reason("akismet_test", "Akismet's test value for spam.", Status.SPAM)
#: Reasons of the judge, apart from which whatever holds a comment is a rule.
_OF_JUDGE: Final = frozenset({"model_unsure", "model_spam_held"})


@dataclass(frozen=True, slots=True)
class Parts:
    """What the calls need of the service."""

    database: Database
    find_scorer: Callable[[], Scorer | None]
    clock: Clock
    secret_key: str
    chance: Chance = random.random


@dataclass(frozen=True, slots=True)
class Outcome:
    """A reply, with the job that the comment waits for, and its status if it was taken in."""

    reply: Reply
    job_id: uuid.UUID | None = None
    taken_in: Status | None = None


Call = Callable[[Parts, str, Fields], Outcome]


def verify_key(parts: Parts, key: str, fields: Fields) -> Outcome:
    """Tell whether the key is one."""
    if _site(parts, key) is None:
        return Outcome(problem(_BAD_KEY))
    blog = fields.get("blog", "").strip()
    if not blog or not is_blog(blog):
        return Outcome(problem(_BAD_BLOG if blog else _NO_BLOG))
    return Outcome(Reply("valid"))


def comment_check(parts: Parts, key: str, fields: Fields) -> Outcome:
    """Judge a comment, and keep it like any other; one that is known already is told of as it stands now."""
    site = _site(parts, key)
    if site is None:
        return Outcome(problem(_BAD_KEY))
    asked = parse_asked(fields, site.origins)
    if not asked.blog:
        return Outcome(problem(_NO_BLOG, "Missing required field: blog."))
    if not is_blog(asked.blog):
        return Outcome(problem(_BAD_BLOG))
    told = None if asked.is_test else _callback(parts, site, asked, key)
    standing, draft, job_id = _look_up_or_take_in(parts, site, asked, told, limited=True)
    reply = verdict(
        standing,
        will_be_told=told is not None,
        is_recheck=asked.recheck_reason not in {"", "edit"},
        wants_class=asked.wants_class,
    )
    return Outcome(reply, job_id, draft.judgement.status if draft and not asked.is_test else None)


def submit_spam(parts: Parts, key: str, fields: Fields) -> Outcome:
    """Take in the report that a comment is spam."""
    return _submit(parts, key, fields, "submit-spam")


def submit_ham(parts: Parts, key: str, fields: Fields) -> Outcome:
    """Take in the report that a comment is none."""
    return _submit(parts, key, fields, "submit-ham")


def key_sites(parts: Parts, key: str, fields: Fields) -> Outcome:
    """Tell which sites used the key."""
    site = _site(parts, key)
    if site is None:
        return Outcome(problem(_BAD_KEY))
    with parts.database.reading() as session:
        text, is_csv = usage.key_sites(session, site, fields, parts.clock())
    return Outcome(Reply(text, mimetype="text/csv" if is_csv else "application/json"))


def usage_limit(parts: Parts, key: str, _fields: Fields) -> Outcome:
    """Tell how much the key may be used: without limit."""
    site = _site(parts, key)
    if site is None:
        return Outcome(problem(_BAD_KEY))
    with parts.database.reading() as session:
        return _as_json(usage.usage_limit(session, site, parts.clock()))


def get_stats(parts: Parts, key: str, _fields: Fields) -> Outcome:
    """Tell what was checked and reported, for the settings page of WordPress's plugin."""
    site = _site(parts, key)
    if site is None:
        return Outcome(problem(_BAD_KEY))
    with parts.database.reading() as session:
        return _as_json(usage.stats(session, site))


def get_subscription(parts: Parts, key: str, _fields: Fields) -> Outcome:
    """Tell that the account is in order; WordPress's plugin nags otherwise."""
    site = _site(parts, key)
    if site is None:
        return Outcome(problem(_BAD_KEY))
    return _as_json(
        {
            # A number is what clients take; nothing is looked up by it.
            "account_id": site.id.int % 10**9,
            "account_type": "self-hosted",
            "account_name": site.name,
            "status": "active",
            "next_billing_date": False,
            "limit_reached": False,
        }
    )


def deactivate(parts: Parts, key: str, _fields: Fields) -> Outcome:
    """Take note that a website uses the key no more. It may any time again."""
    return Outcome(Reply("deactivated") if _site(parts, key) else problem(_BAD_KEY))


def test(_parts: Parts, _key: str, _fields: Fields) -> Outcome:
    """Tell that the connection works."""
    return Outcome(Reply("connected"))


CALLS: Final[dict[str, Call]] = {
    "verify-key": verify_key,
    "comment-check": comment_check,
    "submit-spam": submit_spam,
    "submit-ham": submit_ham,
    "key-sites": key_sites,
    "usage-limit": usage_limit,
    "get-stats": get_stats,
    "get-key-stats": get_stats,
    "get-subscription": get_subscription,
    "deactivate": deactivate,
    "test": test,
}


def _submit(parts: Parts, key: str, fields: Fields, call: str) -> Outcome:
    site = _site(parts, key)
    if site is None:
        return Outcome(problem(_BAD_KEY))
    asked = parse_asked(fields, site.origins)
    if asked.is_test:
        return Outcome(Reply(THANKS))
    with parts.database.reading() as session:
        meant = _find_reported(session, site, asked)
    job_id, taken_in = None, None
    if meant is None:
        # Nobody asked about this comment, or it has gone since: it is taken in, so that its lesson is not lost.
        standing, draft, job_id = _look_up_or_take_in(parts, site, asked, None, limited=False)
        meant, taken_in = standing.guid, draft.judgement.status if draft else None
    action, counted = _REPORTS[call]
    reason = f"Reported by {asked.reporter}." if asked.reporter else ""
    with parts.database.writing() as session:
        try:
            decide_for_site(session, meant, action, ORIGIN, parts.clock(), reason=reason)
        except NotFoundError:
            # Erased or purged at this very moment: there is nothing left to learn from.
            return Outcome(Reply(THANKS))
        usage.count(session, site.id, parts.clock(), counted)
    return Outcome(Reply(THANKS), job_id, taken_in)


def _site(parts: Parts, key: str) -> Site | None:
    if not key:
        return None
    with parts.database.reading() as session:
        return site_of_akismet_key(session, key, parts.clock())


def _as_json(document: Mapping[str, object]) -> Outcome:
    return Outcome(Reply(json.dumps(document), mimetype="application/json"))


def _callback(parts: Parts, site: Site, asked: Asked, key: str) -> uuid.UUID | None:
    """Return the webhook by which this client is told of later decisions, if it is one of the site's own."""
    if not asked.callback or not may_call_back(site, asked.callback):
        return None
    with parts.database.reading() as session:
        known = find_callback(session, site, asked.callback)
    if known is not None and has_key(known, key, parts.secret_key):
        return known.id if known.enabled else None
    with parts.database.writing() as session:
        kept = keep_callback(session, site.id, asked.callback, key, parts.secret_key, parts.clock())
        return kept.id if kept is not None and kept.enabled else None


def _look_up_or_take_in(
    parts: Parts, site: Site, asked: Asked, told: uuid.UUID | None, *, limited: bool
) -> tuple[Standing, Draft | None, uuid.UUID | None]:
    now = parts.clock()
    with parts.database.reading() as session:
        # A test asks what would be said of it, whatever is known.
        known = None if asked.is_test else _same_comment(session, site, asked)
        draft = None if known else _draft(session, parts, site, asked, told, limited=limited)
    if draft is not None and asked.is_test:
        return _standing_of_draft(draft, asked), draft, None
    job_id = None
    if draft is not None:
        standing = _standing_of_draft(draft, asked)
        try:
            with parts.database.writing() as session:
                job_id = store(session, draft, now)
                _count_check(session, site, standing, parts)
        except ConflictError:
            # The same comment, asked about twice at once: by now the first one is there to be found.
            draft = None
            with parts.database.reading() as session:
                known = _same_comment(session, site, asked)
        else:
            return standing, draft, job_id
    if known is None:
        # It came and went within a moment.
        message = "The comment has just been removed."
        raise ConflictError(message)
    standing = _standing_of_comment(known, asked)
    with parts.database.writing() as session:
        _count_check(session, site, standing, parts)
    return standing, None, None


def _count_check(session: Session, site: Site, standing: Standing, parts: Parts) -> None:
    spam = standing.status in {Status.SPAM, Status.REJECTED}
    usage.count(session, site.id, parts.clock(), "calls", "spam" if spam else "ham")


def _draft(session: Session, parts: Parts, site: Site, asked: Asked, told: uuid.UUID | None, *, limited: bool) -> Draft:
    now, submission = parts.clock(), asked.submission
    if submission.created_at is not None and submission.created_at > now:
        submission = submission.model_copy(update={"created_at": None})
    # The page itself says whether it takes comments; only floods are stopped here, too.
    rules = current_rules(session, site)
    network, limit = network_of(submission.ip), rules.comments_per_minute
    if limited and not asked.is_test:
        traps.refuse_flood(session, site.id, network, limit, now)
    facts = {"webhook": str(told) if told else None, "post": asked.post, "parent": asked.parent, **asked.unusable}
    way = Way(
        KeyPurpose.AKISMET,
        ORIGIN,
        reasons=(_TEST_SPAM,) if asked.is_guaranteed_spam else (),
        trusted=asked.is_administrator,
        facts={"akismet": {name: value for name, value in facts.items() if value}},
    )
    caller = Caller(honeypot=asked.honeypot)
    draft = judged(session, parts.find_scorer(), site, rules, submission, caller, way, now, parts.chance)
    return replace(draft, flood_limit=limit if limited else None)


def _standing_of_draft(draft: Draft, asked: Asked) -> Standing:
    judgement = draft.judgement
    guid = new_id() if asked.is_test else draft.id
    codes = {reason.code for reason in judgement.reasons if reason.effect is Status.PENDING}
    discards = asked.is_guaranteed_spam and asked.wants_discard
    sure = not asked.is_guaranteed_spam and (judgement.spam_probability or 0.0) >= BLATANT
    return Standing(
        guid,
        judgement.status,
        judgement.spam_probability,
        held_by_rule=bool(codes - _OF_JUDGE),
        is_blatant=judgement.status is Status.SPAM and (discards or sure),
    )


def _standing_of_comment(comment: Comment, asked: Asked) -> Standing:
    codes = {reason.get("code") for reason in comment.reasons if reason.get("effect") == Status.PENDING}
    status = comment.status
    # What the protocol promises of these holds for the same text by anybody else, too.
    if asked.is_administrator:
        status = Status.PUBLISHED
    elif asked.is_guaranteed_spam:
        status = Status.SPAM
    return Standing(comment.id, status, comment.spam_probability, held_by_rule=bool(codes - _OF_JUDGE))


def _same_comment(session: Session, site: Site, asked: Asked) -> Comment | None:
    query = (
        select(Comment)
        .join(Thread, Thread.id == Comment.thread_id)
        .where(
            Thread.site_id == site.id,
            Thread.key == asked.submission.thread,
            Comment.digest == traps.digest_of(asked.submission),
        )
    )
    return session.scalars(query).one_or_none()


def _find_reported(session: Session, site: Site, asked: Asked) -> uuid.UUID | None:
    """Return the comment that a report means: by its id, else the same on the same page, else the same anywhere."""
    if asked.guid is not None:
        comment = session.get(Comment, asked.guid)
        if comment is not None and comment.site_id == site.id:
            return comment.id
    same = _same_comment(session, site, asked)
    if same is not None:
        return same.id
    bands = text_of(asked.submission.body).bands
    if not bands:
        return None
    # A report may leave out what a check told of the page. The same text has the same bands.
    near = select(Band.comment_id).where(Band.site_id == site.id, Band.value == bands[0])
    newest = near.order_by(Band.comment_id.desc()).limit(MAX_SAME)
    alike = select(Comment).where(Comment.id.in_(newest)).order_by(Comment.id.desc())
    digest = traps.digest_of(asked.submission)
    return next((comment.id for comment in session.scalars(alike) if comment.digest == digest), None)
