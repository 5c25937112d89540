"""What is refused whoever wrote it: the same comment twice, and floods."""

from __future__ import annotations

import hashlib
import json
import math
import uuid
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from moderation.comments.submission import Submission
from moderation.database import run
from moderation.errors import ConflictError, TooManyError
from moderation.tables import Comment

MINUTE = timedelta(minutes=1)

_SAME = select(Comment.id).where(Comment.thread_id == bindparam("thread_id"), Comment.digest == bindparam("digest"))
_NTH_LATEST = (
    select(Comment.received_at)
    .where(
        Comment.site_id == bindparam("site_id"),
        Comment.ip_network == bindparam("network"),
        Comment.received_at > bindparam("since"),
    )
    .order_by(Comment.received_at.desc())
    .offset(bindparam("skipped"))
    .limit(1)
)


def digest_of(submission: Submission) -> str:
    """Return what makes a comment the same as another of its thread: parent, author and text, spaces apart."""
    author = submission.author_email.lower() or submission.author_name.casefold()
    parts = [str(submission.parent_id or ""), author, " ".join(submission.body.split())]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def refuse_duplicate(session: Session, thread_id: uuid.UUID | None, digest: str) -> None:
    """Raise ``ConflictError`` if the thread holds the same comment already, wherever it stands."""
    if thread_id is None:
        return
    if run(session, _SAME, {"thread_id": thread_id, "digest": digest}).scalar() is not None:
        raise duplicate()


def duplicate() -> ConflictError:
    """Return the refusal of a comment that the thread holds already."""
    return ConflictError("This comment has already been sent.", code="duplicate_comment")


def refuse_flood(session: Session, site_id: uuid.UUID, network: str, limit: int | None, now: datetime) -> None:
    """Raise ``TooManyError`` when the address has sent ``limit`` comments within the last minute.

    Counted from the comments themselves: exact in every process and on every machine, with nothing more to store.
    """
    if limit is None or not network:
        return
    given = {"site_id": site_id, "network": network, "since": now - MINUTE, "skipped": limit - 1}
    oldest_counted = run(session, _NTH_LATEST, given).scalar()
    if oldest_counted is not None:
        wait = max(1, math.ceil((oldest_counted + MINUTE - now).total_seconds()))
        message = f"Too many comments from this address; at most {limit} a minute are taken."
        raise TooManyError(message, retry_after=wait)
