"""What mail a comment causes when it is published, written down in the transaction that publishes it."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from moderation.counters import Author
from moderation.mail import addresses
from moderation.outbox import Kind, enqueue
from moderation.tables import Decision, ReplyNotice, Status


def announce_publication(
    session: Session, author: Author, comment_id: uuid.UUID, parent_id: uuid.UUID | None, now: datetime
) -> None:
    """Write the jobs that a comment causes by being published: once, however often it comes and goes.

    Its own writer, who wants to be told of replies, is asked whether the address is theirs; the writer of the comment
    it replies to is told. Whether there is still something to tell is looked at again when the mail is sent.
    """
    wanted = session.get(ReplyNotice, comment_id) is not None
    awaited = parent_id is not None and session.get(ReplyNotice, parent_id) is not None
    if not (wanted or awaited) or _was_published_before(session, comment_id):
        return
    job = {"comment_id": str(comment_id)}
    if wanted and addresses.may_ask(addresses.find(session, author), now):
        addresses.note_asked(session, author, comment_id, now)
        enqueue(session, Kind.CONFIRM_ADDRESS, job, now)
    if awaited:
        enqueue(session, Kind.TELL_OF_REPLY, job, now)


def _was_published_before(session: Session, comment_id: uuid.UUID) -> bool:
    session.flush()
    query = select(func.count()).where(Decision.comment_id == comment_id, Decision.to_status == Status.PUBLISHED)
    # The decision that publishes it now is there already.
    return (session.scalar(query) or 0) > 1
