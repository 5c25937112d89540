"""The label log: what people last said of each comment, as training reads it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from model.sample import LabelledSample
from moderation.samples import sample_of
from moderation.tables import Comment, Thread

_BATCH = 1000


def labelled_comments(session: Session, ids: list[uuid.UUID] | None = None) -> Iterator[LabelledSample]:
    """Yield the comments that carry a label, in the order of their ids, so that training can be repeated.

    ``ids`` gathers whose they are: samples themselves do not name their comment.

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
            if ids is not None:
                ids.append(comment.id)
            # One verdict on a campaign is one lesson, however many comments it covered.
            group = str(comment.campaign_id or comment.id)
            yield LabelledSample(sample_of(comment, thread), comment.label, group=group, source="service")
        session.expunge(comment)
