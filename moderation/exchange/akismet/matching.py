"""Which comment a call means: no client sends back an id but those of WordPress."""

from __future__ import annotations

import uuid
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.comments import traps
from moderation.comments.judge import text_of
from moderation.exchange.akismet.dialect import Asked
from moderation.people.sites import SiteSettings
from moderation.tables import Band, Comment, Thread

#: How many of the newest comments with the same text are looked through for the one that a report means.
MAX_SAME: Final = 50


def same_comment(session: Session, site: SiteSettings, asked: Asked) -> Comment | None:
    """Return the comment that is already known, by author and text on the same page."""
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


def find_reported(session: Session, site: SiteSettings, asked: Asked) -> uuid.UUID | None:
    """Return the comment that a report means: by its id, else the same on the same page, else the same anywhere."""
    if asked.guid is not None:
        comment = session.get(Comment, asked.guid)
        if comment is not None and comment.site_id == site.id:
            return comment.id
    same = same_comment(session, site, asked)
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
