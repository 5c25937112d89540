"""What another policy would have made of a site's past comments, before it goes live.

The score is the one that was recorded when a comment came, so nothing is judged anew: rules and cuts alone are asked
again, with the facts that were known then. Both policies are asked in the same way, so that all that differs is theirs.
"""

from __future__ import annotations

import heapq
import itertools
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from model.promise import Cuts, Terms
from model.sample import Label
from moderation.policy.rules import Rules
from moderation.policy.verdict import facts_of, verdict
from moderation.policy.words import listed_words
from moderation.tables import Comment, Site, Status, Thread

WINDOW = timedelta(days=30)
#: Up to so many comments are replayed while the admin waits, more by a job, and never more than this at all.
AT_ONCE = 1_000
AT_MOST = 50_000
#: Comments that are named for each kind of difference.
NAMED = 50
_BATCH = 500
#: What a policy may make of a comment: a first status, or no entry at all since the thread is closed.
REFUSED = "refused"
OUTCOMES = (Status.PUBLISHED.value, Status.PENDING.value, Status.SPAM.value, REFUSED)

Progress = Callable[[float, str], None]
#: From a promise to the cuts that keep it at the site.
CutsFor = Callable[[Terms], Cuts]


@dataclass(slots=True)
class Group:
    """How many comments share a fate, and the newest of them."""

    n: int = 0
    ids: list[str] = field(default_factory=list)

    def add(self, comment: Comment) -> None:
        """Count one more."""
        self.n += 1
        if len(self.ids) < NAMED:
            self.ids.append(str(comment.id))


@dataclass(slots=True)
class Replay:
    """Two policies side by side. ``before`` and ``after``: comments by outcome; ``would_be``: under log-only rules.

    Genuine is what people called so, or what stands published; spam what people called so, or what stands as spam.
    """

    n: int = 0
    truncated: bool = False
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    would_be: Counter[str] = field(default_factory=Counter)
    genuine_lost: Group = field(default_factory=Group)
    genuine_saved: Group = field(default_factory=Group)
    genuine_held: Group = field(default_factory=Group)
    spam_published: Group = field(default_factory=Group)
    spam_stopped: Group = field(default_factory=Group)
    genuine: int = 0
    spam: int = 0
    #: For each listed word: genuine comments and spam with it, and the newest genuine ones.
    words: dict[str, dict[str, Any]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the replay as JSON has it."""
        groups = ("genuine_lost", "genuine_saved", "genuine_held", "spam_published", "spam_stopped")
        return {
            "n": self.n,
            "truncated": self.truncated,
            "genuine": self.genuine,
            "spam": self.spam,
            **{name: {o: getattr(self, name)[o] for o in OUTCOMES} for name in ("before", "after", "would_be")},
            **{name: {"n": getattr(self, name).n, "ids": getattr(self, name).ids} for name in groups},
            "words": self.words,
        }


def recent(session: Session, site_id: uuid.UUID, since: datetime, at_most: int) -> list[uuid.UUID]:
    """Return the newest comments of the site since then, at most one more than ``at_most``, the newest first."""
    # One question for each status: together they would have to sort the whole window.
    lists = [
        session.execute(
            select(Comment.created_at, Comment.id)
            .where(Comment.site_id == site_id, Comment.status == status, Comment.created_at >= since)
            .order_by(Comment.created_at.desc(), Comment.id.desc())
            .limit(at_most + 1)
        ).all()
        for status in Status
    ]
    newest = heapq.merge(*lists, reverse=True)
    return [comment_id for _, comment_id in itertools.islice(newest, at_most + 1)]


def replay(
    session: Session,
    site: Site,
    rules: Rules,
    present: Rules,
    cuts_for: CutsFor | None,
    now: datetime,
    *,
    at_most: int = AT_ONCE,
    progress: Progress = lambda _share, _what: None,
) -> Replay:
    """Ask ``rules`` and the ``present`` ones about the site's comments of the last 30 days, at most the newest few.

    ``cuts_for`` are the live model's; ``None`` where none is loaded. Comments that no model has judged (imported ones,
    say) are left out: what they would have scored is not known.
    """
    cuts = (cuts_for(rules.terms), cuts_for(present.terms)) if cuts_for else (None, None)
    ids = recent(session, site.id, now - WINDOW, at_most)
    found = Replay(truncated=len(ids) > at_most, words=_no_hits(rules))
    for place, (comment, opened) in enumerate(_load(session, ids[:at_most])):
        if place % 100 == 0:
            progress(place / max(len(ids), 1), f"{place} of {len(ids)} comments replayed")
        if comment.model_version is not None and comment.erased_at is None:
            _compare(found, site, comment, opened, rules, present, cuts)
    found.words = _sorted(found.words)
    return found


def word_hits(session: Session, site: Site, rules: Rules, now: datetime, at_most: int = AT_ONCE) -> Replay:
    """Return for each listed word how many of the site's recent genuine comments it stands in."""
    ids = recent(session, site.id, now - WINDOW, at_most) if rules.hold_words or rules.spam_words else []
    found = Replay(truncated=len(ids) > at_most, words=_no_hits(rules))
    for comment, _ in _load(session, ids[:at_most]):
        found.n += 1
        _count_words(found, comment, rules)
    found.words = _sorted(found.words)
    return found


def _no_hits(rules: Rules) -> dict[str, dict[str, Any]]:
    return {word: {"genuine": 0, "spam": 0, "ids": []} for word in [*rules.spam_words, *rules.hold_words]}


def _sorted(words: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return dict(sorted(words.items(), key=lambda pair: (-pair[1]["genuine"], -pair[1]["spam"], pair[0])))


def is_genuine(comment: Comment) -> bool:
    """Whether people called the comment genuine or, where nobody did, whether it stands published."""
    return comment.label is Label.HAM or (comment.label is None and comment.status is Status.PUBLISHED)


def is_spam(comment: Comment) -> bool:
    """Whether people called the comment spam or, where nobody did, whether it stands as spam."""
    return comment.label is Label.SPAM or (comment.label is None and comment.status is Status.SPAM)


def _load(session: Session, ids: Sequence[uuid.UUID]) -> Iterator[tuple[Comment, datetime]]:
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        query = (
            select(Comment, Thread.created_at)
            .join(Thread, Thread.id == Comment.thread_id)
            .where(Comment.id.in_(batch))
            .order_by(Comment.created_at.desc(), Comment.id.desc())
        )
        rows = session.execute(query).all()
        for comment, _ in rows:
            session.expunge(comment)
        yield from rows


def _compare(
    found: Replay,
    site: Site,
    comment: Comment,
    opened: datetime,
    rules: Rules,
    present: Rules,
    cuts: tuple[Cuts | None, Cuts | None],
) -> None:
    old, _ = _outcome(site, comment, opened, present, cuts[1])
    new, would_be = _outcome(site, comment, opened, rules, cuts[0])
    found.n += 1
    found.before[old] += 1
    found.after[new] += 1
    found.would_be[would_be] += 1
    genuine, spam = is_genuine(comment), is_spam(comment)
    found.genuine += genuine
    found.spam += spam
    _count_words(found, comment, rules)
    lost = (Status.SPAM.value, REFUSED)
    if genuine and new in lost and old not in lost:
        found.genuine_lost.add(comment)
    elif genuine and old in lost and new not in lost:
        found.genuine_saved.add(comment)
    elif genuine and new == Status.PENDING and old == Status.PUBLISHED:
        found.genuine_held.add(comment)
    if spam and new == Status.PUBLISHED and old != Status.PUBLISHED:
        found.spam_published.add(comment)
    elif spam and old == Status.PUBLISHED and new != Status.PUBLISHED:
        found.spam_stopped.add(comment)


def _outcome(site: Site, comment: Comment, opened: datetime, rules: Rules, cuts: Cuts | None) -> tuple[str, str]:
    """Return what the rules make of the comment, and what they would but for log-only mode."""
    if rules.close_after_days is not None and (comment.created_at - opened).days >= rules.close_after_days:
        return REFUSED, REFUSED
    made = verdict(
        comment.spam_probability,
        cuts,
        facts_of(comment, comment.knowledge),
        rules,
        trusted=comment.author_role in rules.trusted_roles,
        hold_spam=site.held_since is not None,
    )
    return made.status.value, made.would_be.value


def _count_words(found: Replay, comment: Comment, rules: Rules) -> None:
    text = f"{comment.author_name}\n{comment.author_email}\n{comment.author_url}\n{comment.body}"
    words = dict.fromkeys([*listed_words(text, rules.spam_words), *listed_words(text, rules.hold_words)])
    for word in words:
        hits = found.words.setdefault(word, {"genuine": 0, "spam": 0, "ids": []})
        hits["spam"] += is_spam(comment)
        if is_genuine(comment):
            hits["genuine"] += 1
            if len(hits["ids"]) < NAMED:
                hits["ids"].append(str(comment.id))
