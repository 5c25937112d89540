"""A comment as the desk shows it: everything a moderator wants to see before deciding."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.api.review import blind, present
from moderation.api.schemas import CommentOut, EvidenceOut
from moderation.pages.highlight import KNOWN_BY, STEPS, Piece, pieces
from moderation.people.access import Actor
from moderation.review.campaigns import Campaign, campaigns_of
from moderation.review.claims import claims_on
from moderation.review.notes import Told, notes_on
from moderation.tables import Comment

#: Where the judge starts from, and what it leaves together: no reasons for anybody.
_REST = frozenset({"before reading", "other words", "text"})
MOST_SIGNALS = 4
_SCROLLS, _SCROLLS_LINES = 200, 6
_COPIES = (("published", "published"), ("spam", "spam"), ("other", "undecided or rejected"))


@dataclass(frozen=True, slots=True)
class Known:
    """What the site knew of the author, by one of the ways to recognise them, or of copies of the text."""

    what: str
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A comment with what is worked out for showing it."""

    comment: CommentOut
    body: Sequence[Piece]
    name: Sequence[Piece]
    link: Sequence[Piece]
    known: Sequence[Known]
    #: What speaks of the comment and not of a place in it: the strongest first.
    signals: Sequence[EvidenceOut]
    parent: Comment | None
    notes: Sequence[Told] = ()
    #: The near-identical comments that it stands for, if it does.
    campaign: Campaign | None = None
    #: Who else is looking at it.
    claimed_by: str = ""

    @property
    def scrolls(self) -> bool:
        """Whether the text may be higher than its box on a narrow screen, and so must be reachable by keys."""
        return len(self.comment.body) > _SCROLLS or self.comment.body.count("\n") > _SCROLLS_LINES

    @property
    def stands_for(self) -> dict[uuid.UUID, int]:
        """The comments that a decision on the card acts on, with the versions that are shown."""
        return (self.campaign.waiting if self.campaign else {}) or {self.comment.id: self.comment.version}


def cards(
    session: Session,
    actor: Actor,
    comments: Iterable[Comment],
    now: datetime,
    *,
    unseen: bool = False,
    collapsed: bool = False,
) -> list[Card]:
    """Return the comments as cards, each with what it replies to, the notes on it, and who else looks at it.

    ``unseen``: for the audit lane, without anything that tells how they were judged. ``collapsed``: each stands for
    the campaign that it is one of.
    """
    comments = list(comments)
    ids = [c.id for c in comments]
    parents = _parents(session, {c.parent_id for c in comments if c.parent_id is not None})
    notes = notes_on(session, ids)
    campaigns = campaigns_of(session, actor, comments) if collapsed else {}
    claims = {claim.comment_id: claim for claim in claims_on(session, ids, now)}
    return [
        replace(
            _card(blind(c) if unseen else present(c), parents.get(c.parent_id)),
            # A note may tell what its writer answered.
            notes=[note for note in notes.get(c.id, ()) if not unseen or note.person == actor.email],
            campaign=campaigns.get(c.id),
            claimed_by=claims[c.id].email if c.id in claims and claims[c.id].person_id != actor.person_id else "",
        )
        for c in comments
    ]


def _parents(session: Session, ids: set[uuid.UUID]) -> dict[uuid.UUID | None, Comment]:
    if not ids:
        return {}
    return {c.id: c for c in session.scalars(select(Comment).where(Comment.id.in_(ids)))}


def _card(comment: CommentOut, parent: Comment | None) -> Card:
    return Card(
        comment=comment,
        body=pieces(comment.body, comment.evidence),
        name=pieces(comment.author_name, comment.evidence, "author_name"),
        link=pieces(comment.author_url, comment.evidence, "author_url"),
        known=list(_known(comment.knowledge)),
        signals=[e for e in comment.evidence if _is_signal(e)][:MOST_SIGNALS],
        parent=parent,
    )


def _is_signal(evidence: EvidenceOut) -> bool:
    return evidence.start is None and evidence.feature not in _REST and abs(evidence.weight) >= STEPS[0]


def _known(knowledge: dict[str, float]) -> Iterable[Known]:
    for kind in ("author", "ip", "domain"):
        counts = tuple((name, int(knowledge.get(f"{kind}_{name}", 0))) for name in ("published", "spam"))
        if any(count for _, count in counts):
            yield Known(KNOWN_BY[kind], counts)
    copies = tuple((name, int(knowledge.get(f"copies_{kind}", 0))) for kind, name in _COPIES)
    if any(count for _, count in copies):
        yield Known(KNOWN_BY["copies"], tuple(pair for pair in copies if pair[1]))
