"""A stored comment as the judge sees it: the same for judging it again, for explaining and for training."""

from __future__ import annotations

from model.sample import Sample
from moderation.tables import Comment


def sample_of(comment: Comment, thread_key: str) -> Sample:
    """Return the comment as the judge saw it, with what the site knew then."""
    return Sample(
        body=comment.body,
        author_name=comment.author_name,
        author_email=comment.author_email,
        author_url=comment.author_url,
        ip=comment.ip,
        user_agent=comment.user_agent,
        thread=thread_key,
        site=str(comment.site_id),
        created_at=comment.created_at,
        knowledge=dict(comment.knowledge),
        copied=tuple((begin, end) for begin, end in comment.facts.get("copied", ())),
    )
