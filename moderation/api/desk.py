"""The desk beyond single decisions: batches, campaigns, claims, skips, notes, replies."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from moderation.api.context import current_actor, read_id, services
from moderation.api.desk_schemas import (
    CampaignDecisionIn,
    CampaignOut,
    CountsOut,
    DoneOut,
    NoteIn,
    PresenceIn,
    PresenceOut,
    PreviewIn,
    PreviewOut,
    RepliedOut,
    ReplyIn,
    UndoneOut,
)
from moderation.api.review import SECURITY, present_decision, present_outcomes
from moderation.api.schemas import DecisionsOut, NoteOut, QueueSite
from moderation.review.audit import count_audits
from moderation.review.batches import preview, undo_batch
from moderation.review.campaigns import campaign_of, decide_campaign
from moderation.review.claims import CLAIM, look_at, skip, unskip
from moderation.review.notes import add_note
from moderation.review.queue import counts
from moderation.review.reply import publish_and_reply
from moderation.tables import Action

blueprint = APIBlueprint("batches", __name__, url_prefix="/api/v1", tag="Moderators")


@blueprint.get("/queue/counts")
@blueprint.input(QueueSite, location="query", arg_name="query")
@blueprint.output(CountsOut)
@blueprint.doc(security=SECURITY, responses=[401, 404, 422])
def get_counts(query: QueueSite) -> dict[str, Any]:
    """Tell how many comments stand where."""
    actor = current_actor()
    with services().database.reading() as session:
        found = {status.value: count for status, count in counts(session, actor, query.site).items()}
        return {"counts": {**found, "audit": count_audits(session, actor, query.site)}}


@blueprint.post("/decisions/preview")
@blueprint.input(PreviewIn, location="json", arg_name="wanted")
@blueprint.output(PreviewOut)
@blueprint.doc(security=SECURITY, responses=[400, 401, 403, 422])
def post_preview(wanted: PreviewIn) -> PreviewOut:
    """Tell what a decision on many comments would do, and do nothing."""
    actor = current_actor()
    with services().database.reading() as session:
        found = preview(session, actor, list(wanted.versions), Action(wanted.action), wanted.versions)
        return PreviewOut.model_validate(found)


@blueprint.post("/batches/<batch_id>/undo")
@blueprint.output(UndoneOut)
@blueprint.doc(security=SECURITY, responses=[401, 403, 404])
def post_undo(batch_id: str) -> dict[str, Any]:
    """Take back all decisions that were made in one go. What somebody decided on since is left alone and reported."""
    actor, parts = current_actor(), services()
    with parts.database.writing() as session:
        outcomes = undo_batch(session, actor, read_id(batch_id, "batch"), parts.clock())
        told = present_outcomes(outcomes, actor.email)
        return {"undone": told["decided"], "skipped": told["skipped"], "batch_id": told["batch_id"]}


@blueprint.get("/comments/<comment_id>/campaign")
@blueprint.output(CampaignOut)
@blueprint.doc(security=SECURITY, responses=[401, 404])
def get_campaign(comment_id: str) -> CampaignOut:
    """Show the near-identical comments that a comment is one of; at least itself."""
    actor = current_actor()
    with services().database.reading() as session:
        return CampaignOut.model_validate(
            campaign_of(session, actor, read_id(comment_id, "comment")), from_attributes=True
        )


@blueprint.post("/comments/<comment_id>/campaign/decision")
@blueprint.input(CampaignDecisionIn, location="json", arg_name="wanted")
@blueprint.output(DecisionsOut)
@blueprint.doc(security=SECURITY, responses=[400, 401, 403, 404, 409, 422])
def post_campaign_decision(comment_id: str, wanted: CampaignDecisionIn) -> dict[str, Any]:
    """Decide on a campaign as it was looked at. Spam and rejection also cover what comes in for 24 hours."""
    actor, parts = current_actor(), services()
    with parts.database.writing() as session:
        outcomes = decide_campaign(
            session,
            actor,
            read_id(comment_id, "comment"),
            Action(wanted.action),
            parts.clock(),
            seen_versions=wanted.versions,
            reason=wanted.reason,
        )
        return present_outcomes(outcomes, actor.email)


@blueprint.post("/claims")
@blueprint.input(PresenceIn, location="json", arg_name="wanted")
@blueprint.output(PresenceOut)
@blueprint.doc(security=SECURITY, responses=[400, 401, 403, 404, 422])
def post_claims(wanted: PresenceIn) -> PresenceOut:
    """Say what you look at, so that others look at something else, and hear of them. Repeat it to keep the claim."""
    actor, parts = current_actor(), services()
    with parts.database.writing() as session:
        found = look_at(session, actor, wanted.comment, wanted.shown, parts.clock())
        return PresenceOut(
            mine=found.mine,
            others=found.others,
            moved=found.moved,
            lasts=int(CLAIM.total_seconds()),
        )


@blueprint.post("/comments/<comment_id>/skip")
@blueprint.output(DoneOut)
@blueprint.doc(security=SECURITY, responses=[401, 403, 404])
def post_skip(comment_id: str) -> dict[str, Any]:
    """Leave a comment to others: it is not in your queue until it changes."""
    actor, parts = current_actor(), services()
    with parts.database.writing() as session:
        skip(session, actor, read_id(comment_id, "comment"), parts.clock())
    return {"done": True}


@blueprint.post("/comments/<comment_id>/unskip")
@blueprint.output(DoneOut)
@blueprint.doc(security=SECURITY, responses=[401, 403])
def post_unskip(comment_id: str) -> dict[str, Any]:
    """Take a comment that you left to others back."""
    actor, parts = current_actor(), services()
    with parts.database.writing() as session:
        unskip(session, actor, read_id(comment_id, "comment"))
    return {"done": True}


@blueprint.post("/comments/<comment_id>/notes")
@blueprint.input(NoteIn, location="json", arg_name="wanted")
@blueprint.output(NoteOut, status_code=201)
@blueprint.doc(security=SECURITY, responses=[400, 401, 403, 404, 422])
def post_note(comment_id: str, wanted: NoteIn) -> NoteOut:
    """Write a note for the other moderators."""
    actor, parts = current_actor(), services()
    with parts.database.writing() as session:
        note = add_note(session, actor, read_id(comment_id, "comment"), wanted.text, parts.clock())
        return NoteOut.model_validate(note)


@blueprint.post("/comments/<comment_id>/reply")
@blueprint.input(ReplyIn, location="json", arg_name="wanted")
@blueprint.output(RepliedOut, status_code=201)
@blueprint.doc(security=SECURITY, responses=[400, 401, 403, 404, 409, 422])
def post_reply(comment_id: str, wanted: ReplyIn) -> dict[str, Any]:
    """Publish a comment and put an answer under it."""
    actor, parts = current_actor(), services()
    with parts.database.writing() as session:
        decision, reply_id, batch_id = publish_and_reply(
            session,
            actor,
            read_id(comment_id, "comment"),
            wanted.name,
            wanted.body,
            parts.clock(),
            seen_version=wanted.version,
        )
        told = present_decision(decision, actor.email)
        return {"decision": told, "reply_id": reply_id, "batch_id": batch_id}
