"""The review queue, decisions and undo."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from apiflask import APIBlueprint

from model.scoring import Scorer
from moderation.api.context import current_actor, read_id, services
from moderation.api.schemas import (
    Age,
    AuditOut,
    CommentOut,
    CommentWithHistoryOut,
    DecidedOut,
    DecisionIn,
    DecisionOut,
    DecisionsIn,
    DecisionsOut,
    EvidenceOut,
    NoteOut,
    QueueOut,
    QueueQuery,
    ReasonOut,
)
from moderation.comments.caller import network_of
from moderation.comments.rendering import render
from moderation.people.access import Actor, require_admin, require_site
from moderation.people.sites import get_site
from moderation.review import audit, queue
from moderation.review.decisions import Outcome, batch_of, decide, decide_many, undo
from moderation.review.filters import Filter
from moderation.review.notes import notes_on
from moderation.samples import sample_of
from moderation.tables import Action, Comment, Decision, Status

blueprint = APIBlueprint("review", __name__, url_prefix="/api/v1", tag="Moderators")
_WITHIN: dict[str, timedelta] = {
    Age.HOUR: timedelta(hours=1),
    Age.DAY: timedelta(days=1),
    Age.WEEK: timedelta(weeks=1),
    Age.MONTH: timedelta(days=30),
}
_OVER: dict[str, timedelta] = {
    Age.OVER_DAY: timedelta(days=1),
    Age.OVER_WEEK: timedelta(weeks=1),
    Age.OVER_MONTH: timedelta(days=30),
}
SECURITY: list[str | dict[str, list[Any]]] = ["PersonalToken", "Session"]


@blueprint.get("/queue")
@blueprint.input(QueueQuery, location="query", arg_name="query")
@blueprint.output(QueueOut)
@blueprint.doc(security=SECURITY, responses=[401, 404, 422])
def get_queue(query: QueueQuery) -> dict[str, Any]:
    """List comments by where they stand."""
    actor, wanted = current_actor(), filter_of(query, services().clock())
    with services().database.reading() as session:
        if query.status == "audit":
            newest = query.order == queue.Order.NEWEST
            audits = audit.list_audits(session, actor, wanted, newest=newest, limit=query.limit, cursor=query.cursor)
            return {"comments": [blind(c) for c in audits.items], "next": audits.next, "total": audits.total}
        page = queue.list_queue(session, actor, wanted, order=query.order, limit=query.limit, cursor=query.cursor)
        return {"comments": [present(c) for c in page.items], "next": page.next, "total": page.total}


def filter_of(query: QueueQuery, now: datetime) -> Filter:
    """Return what of the queue a query asks for."""
    within, over = _WITHIN.get(query.age), _OVER.get(query.age)
    return Filter(
        status=Status.PENDING if query.status == "audit" else Status(query.status),
        site_id=query.site,
        search=query.q,
        author=query.author,
        domain=query.domain,
        ip_network=network_of(query.ip),
        reason=query.reason,
        script=query.script,
        after=now - within if within else None,
        before=now - over if over else None,
        campaign_id=query.campaign,
        skipped=query.skipped,
        collapsed=query.collapse,
    )


@blueprint.get("/sites/<site>/audit")
@blueprint.output(AuditOut)
@blueprint.doc(security=SECURITY, responses=[401, 404])
def get_audit(site: str) -> AuditOut:
    """Tell the error rates that blind audits have shown, and whether the promise stands."""
    actor, site_id = current_actor(), read_id(site, "site")
    require_site(actor, site_id, "site")
    with services().database.reading() as session:
        return AuditOut.model_validate(audit.report(session, get_site(session, site_id)))


@blueprint.post("/sites/<site>/audit/trust")
@blueprint.output(AuditOut)
@blueprint.doc(security=SECURITY, responses=[401, 403, 404])
def post_trust(site: str) -> AuditOut:
    """Let the judge keep comments as spam again after audits had broken the promise (admins only)."""
    actor = current_actor()
    require_admin(actor)
    with services().database.writing() as session:
        found = get_site(session, read_id(site, "site"))
        audit.trust_again(session, found)
        return AuditOut.model_validate(audit.report(session, found))


@blueprint.get("/comments/<comment_id>")
@blueprint.output(CommentWithHistoryOut)
@blueprint.doc(security=SECURITY, responses=[401, 404])
def get_comment(comment_id: str) -> dict[str, Any]:
    """Show a comment with its history."""
    actor = current_actor()
    with services().database.reading() as session:
        comment = queue.get_comment(session, actor, read_id(comment_id, "comment"))
        history = [present_decision(d, who) for d, who in queue.history_of(session, comment.id)]
        notes = notes_on(session, [comment.id]).get(comment.id, [])
        told = [NoteOut.model_validate(note) for note in notes]
        return {**present(comment).model_dump(), "history": history, "notes": told}


@blueprint.post("/comments/<comment_id>/decision")
@blueprint.input(DecisionIn, location="json", arg_name="wanted")
@blueprint.output(DecidedOut)
@blueprint.doc(security=SECURITY, responses=[400, 401, 403, 404, 409, 422])
def post_decision(comment_id: str, wanted: DecisionIn) -> dict[str, Any]:
    """Decide on a comment. 409 if someone else decided since ``version``; the answer tells how it stands now."""
    actor, parts = current_actor(), services()
    with parts.database.writing() as session:
        decision = decide(
            session,
            actor,
            read_id(comment_id, "comment"),
            Action(wanted.action),
            parts.clock(),
            seen_version=wanted.version,
            reason=wanted.reason,
            blind=wanted.blind,
        )
        return _decided(session.get_one(Comment, decision.comment_id), decision, actor)


@blueprint.post("/decisions")
@blueprint.input(DecisionsIn, location="json", arg_name="wanted")
@blueprint.output(DecisionsOut)
@blueprint.doc(security=SECURITY, responses=[400, 401, 403, 422])
def post_decisions(wanted: DecisionsIn) -> dict[str, Any]:
    """Decide on many comments at once. What changed since it was looked at is skipped and reported."""
    actor, parts = current_actor(), services()
    with parts.database.writing() as session:
        outcomes = decide_many(
            session,
            actor,
            wanted.ids,
            Action(wanted.action),
            parts.clock(),
            seen_versions=wanted.versions,
            reason=wanted.reason,
            blind=wanted.blind,
        )
        return present_outcomes(outcomes, actor.email)


@blueprint.post("/decisions/<decision_id>/undo")
@blueprint.output(DecidedOut)
@blueprint.doc(security=SECURITY, responses=[401, 403, 404, 409])
def post_undo(decision_id: str) -> dict[str, Any]:
    """Take a decision back, with its lesson."""
    actor, parts = current_actor(), services()
    with parts.database.writing() as session:
        decision = undo(session, actor, read_id(decision_id, "decision"), parts.clock())
        return _decided(session.get_one(Comment, decision.comment_id), decision, actor)


def _decided(comment: Comment, decision: Decision, actor: Actor) -> dict[str, Any]:
    told = present_decision(decision, actor.email)
    if audit.is_asked(actor, comment):
        hidden = dict.fromkeys(("from_status", "to_status", "label", "spam_probability"))
        return {"decision": told.model_copy(update=hidden), "comment": blind(comment)}
    return {"decision": told, "comment": present(comment)}


def present_decision(decision: Decision, who: str | None) -> DecisionOut:
    """Return a decision as it goes over the wire."""
    return DecisionOut.model_validate(decision).model_copy(update={"person": who})


def present_outcomes(outcomes: Sequence[Outcome], who: str) -> dict[str, Any]:
    """Return what became of several comments: the decisions on them, and what was left alone, with the reason why."""
    problems = [(o.comment_id, o.problem) for o in outcomes if o.problem]
    return {
        "decided": [present_decision(o.decision, who) for o in outcomes if o.decision],
        "skipped": [{"id": one, "code": p.code, "detail": p.message, **p.extra} for one, p in problems],
        "batch_id": batch_of(outcomes),
    }


def present(comment: Comment, *, explained: bool = True) -> CommentOut:
    """Return a comment as a moderator sees it."""
    return CommentOut(
        id=comment.id,
        site=comment.site_id,
        site_name=comment.site.name,
        thread=comment.thread.key,
        thread_url=comment.thread.url,
        thread_title=comment.thread.title,
        parent_id=comment.parent_id,
        author_name=comment.author_name,
        author_email=comment.author_email,
        author_url=comment.author_url,
        author_role=comment.author_role,
        body=comment.body,
        body_html=render(comment.body),
        ip=comment.ip,
        user_agent=comment.user_agent,
        referrer=comment.referrer,
        created_at=comment.created_at,
        received_at=comment.received_at,
        status=comment.status,
        version=comment.version,
        spam_probability=comment.spam_probability,
        model=comment.model_version,
        reasons=[ReasonOut.model_validate(reason) for reason in comment.reasons],
        knowledge=comment.knowledge,
        evidence=evidence_of(comment) if explained else [],
        label=comment.label,
        campaign=comment.campaign_id,
    )


def blind(comment: Comment) -> CommentOut:
    """Return a comment without anything that tells how it was judged."""
    hidden = {"status": None, "spam_probability": None, "model": None, "label": None}
    return present(comment, explained=False).model_copy(update={**hidden, "reasons": [], "knowledge": {}})


def scorer_of(comment: Comment) -> Scorer | None:
    """Return the scorer of the model that judged the comment; ``None`` where none did, or it is gone."""
    return services().live_model.scorer_for(comment.model_version) if comment.model_version else None


def evidence_of(comment: Comment) -> list[EvidenceOut]:
    """Return what spoke for and against spam, as the model that judged the comment saw it.

    Judged again from what was recorded, since a model is deterministic; empty where that model is gone.
    """
    scorer = scorer_of(comment)
    if scorer is None:
        return []
    score = scorer.score(sample_of(comment, comment.thread.key))
    return [
        EvidenceOut(feature=e.feature, field=e.field, weight=e.weight, start=e.start, end=e.end) for e in score.evidence
    ]
