"""Publishing a held comment and answering it in one go."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from moderation.clock import new_id
from moderation.comments.judge import Judgement, Text
from moderation.comments.store import Draft, Moderator, store
from moderation.comments.submission import parse_submission
from moderation.comments.traps import digest_of
from moderation.people.access import Actor
from moderation.policy.first_status import Reason
from moderation.review.decisions import decide
from moderation.review.queue import get_comment
from moderation.tables import Action, Decision, Site, Status

#: The role under which a moderator's words appear.
ROLE = "moderator"
_REASON = Reason("moderator_reply", "A moderator wrote it at the review desk.", Status.PUBLISHED)


def publish_and_reply(
    session: Session,
    actor: Actor,
    comment_id: uuid.UUID,
    name: str,
    body: str,
    now: datetime,
    *,
    seen_version: int | None = None,
) -> tuple[Decision, uuid.UUID, uuid.UUID]:
    """Publish a comment and put an answer under it. Returns the decision, the answer's id and their batch.

    ``name``: what the answer is signed with; the moderator's own address appears nowhere. Both are one batch, so that
    taking it back (``undo_batch``) takes both back. Raises ``NotFoundError``, ``InvalidError`` and ``ConflictError``.
    """
    comment = get_comment(session, actor, comment_id)
    fields = {"thread": comment.thread.key, "author_name": name, "body": body, "author_role": ROLE}
    submission = parse_submission(fields, by_server=True, name_required=True, email_required=False, now=now)
    submission = submission.model_copy(update={"parent_id": comment.id})
    batch_id = new_id()
    decision = decide(
        session, actor, comment.id, Action.PUBLISH, now, seen_version=seen_version, batch_id=batch_id, blind=False
    )
    site = session.get_one(Site, comment.site_id)
    draft = Draft(
        id=new_id(),
        site_id=site.id,
        policy_number=site.policy_number,
        submission=submission,
        thread_url=None,
        thread_title=None,
        ip="",
        ip_network="",
        user_agent="",
        referrer="",
        created_at=now,
        digest=digest_of(submission),
        # Nobody's campaign, and nothing for the judge to compare with.
        text=Text(b"", ()),
        judgement=Judgement(Status.PUBLISHED, (_REASON,), {}, None, None, 0.0),
        audit_share=None,
        idempotency=None,
        flood_limit=None,
        by_server=True,
        has_webhooks=site.has_webhooks,
        origin="reply",
        moderator=Moderator(actor.person_id, batch_id),
    )
    store(session, draft, now)
    return decision, draft.id, batch_id
