"""The label log: what people last said of each comment, as training reads it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from model.sample import LabelledSample, Sample
from moderation.tables import Comment, Thread

_BATCH = 1000


def labelled_comments(session: Session) -> Iterator[LabelledSample]:
    """Yield the comments that carry a label, in the order of their ids, so that training can be repeated.

    The knowledge is the one recorded when the comment was judged: what later became of its author must not leak
    into what the judge learns to expect.
    """
    query = (
        select(Comment, Thread.key)
        .join(Thread, Thread.id == Comment.thread_id)
        .where(Comment.label.is_not(None), Comment.erased_at.is_(None))
        .order_by(Comment.id)
        .execution_options(yield_per=_BATCH)
    )
    for comment, thread in session.execute(query):
        if comment.label is not None:
            yield LabelledSample(_sample(comment, thread), comment.label, source="service")
        session.expunge(comment)


def _sample(comment: Comment, thread: str) -> Sample:
    return Sample(
        body=comment.body,
        author_name=comment.author_name,
        author_email=comment.author_email,
        author_url=comment.author_url,
        ip=comment.ip,
        user_agent=comment.user_agent,
        thread=thread,
        site=str(comment.site_id),
        created_at=comment.created_at,
        knowledge=dict(comment.knowledge),
    )
