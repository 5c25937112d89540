"""What each call of the protocol does. One function a call: from fields to a reply."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from moderation.errors import NotFoundError
from moderation.exchange.akismet import usage
from moderation.exchange.akismet.answers import THANKS, Reply, problem, verdict
from moderation.exchange.akismet.dialect import Asked, is_blog, parse_asked
from moderation.exchange.akismet.matching import find_reported
from moderation.exchange.akismet.taking_in import ORIGIN, Parts, look_up_or_take_in
from moderation.exchange.akismet.wire import Fields
from moderation.people.sites import SiteSettings, settings_of_akismet_key
from moderation.review.decisions import decide_for_site
from moderation.tables import Action, Status
from moderation.webhooks.endpoints import find_callback, has_key, keep_callback, may_call_back

_REPORTS: Final = {
    "submit-spam": (Action.SPAM, "missed_spam"),
    "submit-ham": (Action.PUBLISH, "false_positives"),
}
_BAD_KEY: Final = "The key is unknown or has ended. Each site has its own."
_NO_BLOG: Final = 'Empty "blog" value'
_BAD_BLOG: Final = "We were unable to parse your blog URI"


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
    found = look_up_or_take_in(parts, site, asked, told, is_check=True)
    reply = verdict(
        found.standing,
        will_be_told=told is not None,
        is_recheck=asked.recheck_reason not in {"", "edit"},
        wants_class=asked.wants_class,
    )
    return Outcome(reply, found.job_id, found.draft.status if found.draft else None)


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


def token(parts: Parts, key: str, _fields: Fields) -> Outcome:
    """Give a token for Akismet's own pages of statistics. It opens nothing here, and tells those pages nothing."""
    return Outcome(Reply(secrets.token_hex(16)) if _site(parts, key) else problem(_BAD_KEY))


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
    "token": token,
    "test": test,
}
#: What clients may also ask for with GET.
READ: Final = frozenset({"key-sites", "usage-limit", "test"})


def _submit(parts: Parts, key: str, fields: Fields, call: str) -> Outcome:
    site = _site(parts, key)
    if site is None:
        return Outcome(problem(_BAD_KEY))
    asked = parse_asked(fields, site.origins)
    if asked.is_test:
        return Outcome(Reply(THANKS))
    with parts.database.reading() as session:
        meant = find_reported(session, site, asked)
    job_id, taken_in = None, None
    if meant is None:
        # Nobody asked about this comment, or it has gone since: it is taken in, so that its lesson is not lost.
        found = look_up_or_take_in(parts, site, asked, None, is_check=False)
        meant, job_id, taken_in = (
            found.standing.guid,
            found.job_id,
            found.draft.status if found.draft else None,
        )
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


def _site(parts: Parts, key: str) -> SiteSettings | None:
    if not key:
        return None
    with parts.database.reading() as session:
        return settings_of_akismet_key(session, key, parts.clock())


def _as_json(document: Mapping[str, object]) -> Outcome:
    return Outcome(Reply(json.dumps(document), mimetype="application/json"))


def _callback(parts: Parts, site: SiteSettings, asked: Asked, key: str) -> uuid.UUID | None:
    """Return the webhook by which this client is told of later decisions, if it is one of the site's own."""
    if not asked.callback or not may_call_back(site.origins, asked.callback):
        return None
    with parts.database.reading() as session:
        known = find_callback(session, site.id, asked.callback)
    if known is not None and has_key(known, key, parts.secret_key):
        return known.id if known.enabled else None
    with parts.database.writing() as session:
        kept = keep_callback(session, site.id, asked.callback, key, parts.secret_key, parts.clock())
        return kept.id if kept is not None and kept.enabled else None
