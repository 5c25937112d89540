"""Where links in mail lead. A GET only ever shows: programs that look through mail open every link."""

from __future__ import annotations

import uuid
from http import HTTPStatus

from flask import g, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from moderation.api import problems
from moderation.api.context import check_csrf, current_actor, services
from moderation.api.writer_tokens import address_token
from moderation.errors import ConflictError, FieldError, InvalidError, NotFoundError
from moderation.mail import addresses
from moderation.mail.digest import CHOICES, NEVER, choose, plan_of
from moderation.mail.links import Links, Purpose
from moderation.mail.post import known_author
from moderation.pages.shell import page_blueprint, show
from moderation.people.access import require_site
from moderation.people.sites import get_site, origin_of
from moderation.people.users import actor_of
from moderation.review.decisions import decide
from moderation.tables import Action, Comment, Decision, Person, ReplyNotice, Site, Thread

blueprint = page_blueprint("mail", __name__)

_DECIDED = {
    Action.PUBLISH: "Published.",
    Action.SPAM: "Kept as spam.",
    Action.REJECT: "Rejected.",
    Action.HOLD: "Held.",
}


def links() -> Links:
    """Return who makes and reads links."""
    parts = services()
    return Links(parts.settings.base_url(), parts.secret_key, parts.clock)


@blueprint.get("/mail/confirm/<token>")
def get_confirm(token: str) -> Response:
    """Ask once more whether the address is the reader's."""
    with services().database.reading() as session:
        _, site, thread = _comment(session, token)
    _may_lead_to(site)
    return show("mail_confirm.html", site=site, thread=thread)


@blueprint.post("/mail/confirm/<token>")
def post_confirm(token: str) -> Response:
    """Take the address as proved, and lead this browser back to the page, where it is known by it from now on."""
    parts = services()
    with parts.database.writing() as session:
        comment, site, thread = _comment(session, token)
        author = known_author(comment)
        if author is None:
            raise _gone()
        digest = addresses.confirm(session, author, comment.id, parts.clock())
    _may_lead_to(site)
    if thread.url and origin_of(thread.url) in site.origins:
        # In the fragment, which no server sees or logs: the page's own script keeps it in the browser.
        page = thread.url.partition("#")[0]
        return redirect(f"{page}#comment-address={address_token(parts, site.id, digest)}", HTTPStatus.SEE_OTHER)
    return show("mail_done.html", title="Thank you", message="Your address is confirmed.", site=site)


@blueprint.get("/mail/unsubscribe/<token>")
def get_unsubscribe(token: str) -> Response:
    """Offer to end the mail."""
    comment_id, everything = links().read(Purpose.UNSUBSCRIBE, token)
    with services().database.reading() as session:
        comment = session.get(Comment, uuid.UUID(comment_id))
        site = session.get(Site, comment.site_id) if comment is not None else None
    return show("mail_unsubscribe.html", site=site, everything=everything == "all")


@blueprint.post("/mail/unsubscribe/<token>")
def post_unsubscribe(token: str) -> Response:
    """End the mail: with one click of a mail program's own button (RFC 8058), or from our page."""
    parts = services()
    comment_id, everything = links().read(Purpose.UNSUBSCRIBE, token)
    with parts.database.writing() as session:
        notice = session.get(ReplyNotice, uuid.UUID(comment_id))
        if notice is not None:
            session.delete(notice)
        comment = session.get(Comment, uuid.UUID(comment_id))
        author = known_author(comment) if comment is not None else None
        if comment is not None and author is not None and (everything == "all" or "all" in request.form):
            addresses.refuse(session, author, comment.id, parts.clock())
    return show("mail_done.html", title="Done", message="You get no more of this mail.", site=None)


@blueprint.get("/mail/review/<token>")
def get_review(token: str) -> Response:
    """Show a comment that waits, with what can be done to it."""
    with services().database.reading() as session:
        _, comment, version = _to_review(session, token)
        return show("mail_review.html", comment=comment, site=comment.site, thread=comment.thread, version=version)


@blueprint.post("/mail/review/<token>")
def post_review(token: str) -> Response:
    """Decide on the one comment that the link is for, as it was when the mail was written."""
    parts = services()
    try:
        action = Action(request.form.get("action", ""))
    except ValueError as error:
        raise InvalidError([FieldError("action", "bad_action", f"One of {', '.join(_DECIDED)}.")]) from error
    try:
        with parts.database.writing() as session:
            person, comment, version = _to_review(session, token)
            decision: Decision = decide(
                session, actor_of(session, person), comment.id, action, parts.clock(), seen_version=version
            )
    except ConflictError as error:
        return show(
            "mail_done.html", problems.status_of(error), title="Decided already", message=error.message, site=None
        )
    return show("mail_done.html", title="Done", message=_DECIDED[decision.action], site=None)


@blueprint.get("/mail/digest")
def get_digest() -> Response:
    """Show how often the person who is signed in is told what waits."""
    g.actor = current_actor()
    parts = services()
    with parts.database.writing() as session:
        plan = plan_of(session, g.actor.person_id, parts.clock())
    return show(
        "mail_digest.html",
        plan=plan,
        choices=CHOICES,
        sends_mail=parts.settings.sends_mail,
        changed="changed" in request.args,
    )


@blueprint.post("/mail/digest")
def post_digest() -> Response:
    """Change how often."""
    g.actor = current_actor()
    check_csrf()
    hours = request.form.get("every_hours", "")
    with services().database.writing() as session:
        choose(session, g.actor.person_id, int(hours) if hours.isdecimal() else -1, services().clock())
    return redirect(url_for("mail.get_digest", changed=1), HTTPStatus.SEE_OTHER)


@blueprint.get("/mail/digest-off/<token>")
def get_digest_off(token: str) -> Response:
    """Offer to end the digest."""
    links().read(Purpose.DIGEST_OFF, token)
    return show("mail_unsubscribe.html", site=None, everything=True)


@blueprint.post("/mail/digest-off/<token>")
def post_digest_off(token: str) -> Response:
    """End the digest."""
    (person_id,) = links().read(Purpose.DIGEST_OFF, token)
    with services().database.writing() as session:
        if session.get(Person, uuid.UUID(person_id)) is not None:
            choose(session, uuid.UUID(person_id), NEVER, services().clock())
    return show("mail_done.html", title="Done", message="You get no more of this mail.", site=None)


def _comment(session: Session, token: str) -> tuple[Comment, Site, Thread]:
    (comment_id,) = links().read(Purpose.CONFIRM, token)
    comment = session.get(Comment, uuid.UUID(comment_id))
    if comment is None or known_author(comment) is None:
        raise _gone()
    return comment, get_site(session, comment.site_id), session.get_one(Thread, comment.thread_id)


def _to_review(session: Session, token: str) -> tuple[uuid.UUID, Comment, int]:
    person, comment_id, version = links().read(Purpose.REVIEW, token)
    actor = actor_of(session, uuid.UUID(person))
    comment = session.get(Comment, uuid.UUID(comment_id))
    if comment is None:
        raise _gone()
    require_site(actor, comment.site_id, "comment")
    return actor.person_id, comment, int(version)


def _gone() -> NotFoundError:
    return NotFoundError("The comment is not there any more.", code="comment_gone")


def _may_lead_to(site: Site) -> None:
    # Browsers hold the policy of the page with the button against the redirect that follows.
    g.form_targets = tuple(site.origins)
