"""From a job to a letter: what was worth telling when the job was written is looked at again, and may be no more."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from email.message import EmailMessage

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moderation.clock import Clock
from moderation.counters import Author, author_of
from moderation.errors import UnauthenticatedError
from moderation.mail import addresses
from moderation.mail.letters import Envelope, Waiting, confirm_letter, digest_letter, reply_letter
from moderation.mail.links import Links, Purpose
from moderation.people.users import actor_of
from moderation.tables import Comment, Person, ReplyNotice, Site, Status, StatusCount, Thread

#: Comments told one by one; of more, only the number.
IN_A_DIGEST = 10


@dataclass(frozen=True, slots=True)
class Desk:
    """What every letter is written with."""

    sender: str
    links: Links
    clock: Clock

    def envelope(self, recipient: str, letter_id: uuid.UUID) -> Envelope:
        """Return the envelope of a letter that is written now."""
        return Envelope(self.sender, recipient, letter_id, self.clock())


def write_confirm(session: Session, desk: Desk, letter_id: uuid.UUID, comment_id: uuid.UUID) -> EmailMessage | None:
    """Return the letter that asks whether the comment's address is its author's; ``None``: no longer wanted."""
    comment = _published(session, comment_id)
    if comment is None or session.get(ReplyNotice, comment_id) is None:
        return None
    known = addresses.find(session, author_of(comment))
    if known is None or known.verified_at is not None or known.refused_at is not None:
        return None
    site = session.get_one(Site, comment.site_id)
    link = desk.links.make(Purpose.CONFIRM, comment.id)
    way_out = desk.links.make(Purpose.UNSUBSCRIBE, comment.id, "all")
    return confirm_letter(desk.envelope(comment.author_email, letter_id), site.name, link, way_out)


def write_reply(session: Session, desk: Desk, letter_id: uuid.UUID, comment_id: uuid.UUID) -> EmailMessage | None:
    """Return the letter that tells of a reply; ``None``: it, or whom it answers, is not published or wants no mail."""
    reply = _published(session, comment_id)
    answered = _published(session, reply.parent_id) if reply is not None else None
    if reply is None or answered is None or session.get(ReplyNotice, answered.id) is None:
        return None
    if reply.author_email.lower() == answered.author_email.lower():
        return None
    known = addresses.find(session, author_of(answered))
    if known is None or known.verified_at is None or known.refused_at is not None:
        return None
    site, thread = session.get_one(Site, reply.site_id), session.get_one(Thread, reply.thread_id)
    return reply_letter(
        desk.envelope(answered.author_email, letter_id),
        site.name,
        reply.author_name,
        reply.body,
        f"{thread.url.partition('#')[0]}#comment-{reply.id}" if thread.url else None,
        desk.links.make(Purpose.UNSUBSCRIBE, answered.id, "one"),
    )


def write_digest(session: Session, desk: Desk, letter_id: uuid.UUID, person_id: uuid.UUID) -> EmailMessage | None:
    """Return what waits for a person; ``None``: nothing, or nobody."""
    try:
        actor = actor_of(session, person_id)
    except UnauthenticatedError:
        return None
    theirs = actor.only_theirs(Comment.site_id)
    query = (
        select(Comment, Site.name, func.coalesce(Thread.title, Thread.key))
        .join(Site, Site.id == Comment.site_id)
        .join(Thread, Thread.id == Comment.thread_id)
        .where(Comment.status == Status.PENDING, theirs)
        .order_by(Comment.created_at, Comment.id)
        .limit(IN_A_DIGEST)
    )
    waiting = [
        Waiting(
            site,
            page,
            comment.author_name,
            comment.body,
            comment.created_at,
            desk.links.make(Purpose.REVIEW, person_id, comment.id, comment.version),
        )
        for comment, site, page in session.execute(query)
    ]
    counted = select(func.sum(StatusCount.count)).where(
        StatusCount.status == Status.PENDING, actor.only_theirs(StatusCount.site_id)
    )
    if not waiting:
        return None
    email = session.get_one(Person, person_id).email
    return digest_letter(
        desk.envelope(email, letter_id),
        max(int(session.scalar(counted) or 0), len(waiting)),
        waiting,
        f"{desk.links.base_url}/review",
        f"{desk.links.base_url}/mail/digest",
        desk.links.make(Purpose.DIGEST_OFF, person_id),
    )


def known_author(comment: Comment) -> Author | None:
    """Return who wrote the comment, if there is still an address to write to."""
    return author_of(comment) if comment.author_email and comment.erased_at is None else None


def _published(session: Session, comment_id: uuid.UUID | None) -> Comment | None:
    comment = session.get(Comment, comment_id) if comment_id is not None else None
    usable = comment is not None and comment.status is Status.PUBLISHED and known_author(comment) is not None
    return comment if usable else None
