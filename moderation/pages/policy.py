"""A site's policy: every rule, what another one would have done, and all its versions."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from flask import g, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from moderation import jobs
from moderation.api import problems
from moderation.api.context import read_id, services
from moderation.errors import ConflictError, FieldError, InvalidError, ModerationError
from moderation.learning.promises import Standing, standing
from moderation.outbox import Kind, enqueue
from moderation.pages import rules_form
from moderation.pages.rooms import admin_blueprint, comments_named, site_named
from moderation.pages.rules_form import Entered
from moderation.pages.shell import show
from moderation.policy.replay import AT_MOST, AT_ONCE, WINDOW, recent, replay, word_hits
from moderation.policy.rules import Rules, current_rules
from moderation.policy.versions import list_versions, put_in_force, restore
from moderation.tables import Job, JobState, Site

blueprint = admin_blueprint("policy", __name__)

#: The kinds of difference that are told with their comments, the gravest first.
FATES = {
    "genuine_lost": "genuine comments would have been lost",
    "spam_published": "spam comments would have been published",
    "genuine_held": "genuine comments would have had to wait",
    "genuine_saved": "genuine comments would have been saved",
    "spam_stopped": "spam comments would have been stopped",
}


@blueprint.get("/admin/sites/<site_id>/policy")
def get_policy(site_id: str) -> Response:
    """Show the policy in force, or the one that a replay tries."""
    with services().database.reading() as session:
        site = site_named(session, site_id)
        job = _replay_job(session, site, request.args.get("replay", ""))
        rules = Rules.model_validate(job.payload["rules"]) if job else current_rules(session, site)
        budget = _budget(session, site)
        if budget is not None and budget.bought is not None:
            rules = rules.model_copy(update=asdict(budget.bought.terms))
        entered = Entered(rules_form.texts_of(rules), rules, {})
        return _show(session, site, entered, job=job, result=job.result if job else None, budget=budget)


@blueprint.post("/admin/sites/<site_id>/policy")
def post_policy(site_id: str) -> Response:
    """Try the policy on the past, or put it in force."""
    parts = services()
    with parts.database.reading() as session:
        site = site_named(session, site_id)
        entered = rules_form.read(request.form, current_rules(session, site))
        if entered.rules is None:
            return _show(session, site, entered, HTTPStatus.UNPROCESSABLE_ENTITY)
        if request.form.get("do") != "save":
            return _try(session, site, entered, entered.rules)
    try:
        with parts.database.writing() as session:
            site = site_named(session, site_id)
            number = put_in_force(session, site, entered.rules, _seen(), g.actor.person_id, parts.clock())
    except ConflictError as error:
        return _again(site_id, entered, error)
    return redirect(url_for("policy.get_policy", site_id=site_id, saved=number), HTTPStatus.SEE_OTHER)


@blueprint.post("/admin/sites/<site_id>/policy/restore")
def post_restore(site_id: str) -> Response:
    """Put an older version in force again."""
    parts = services()
    number = request.form.get("number", "")
    with parts.database.writing() as session:
        site = site_named(session, site_id)
        wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0  # noqa: PLR2004
        now_in_force = restore(session, site, wanted, g.actor.person_id, parts.clock())
    return redirect(url_for("policy.get_policy", site_id=site_id, saved=now_in_force), HTTPStatus.SEE_OTHER)


def _try(session: Session, site: Site, entered: Entered, rules: Rules) -> Response:
    """Replay what is little at once, and order a job for what is much."""
    parts = services()
    now = parts.clock()
    if len(recent(session, site.id, now - WINDOW, AT_ONCE)) <= AT_ONCE:
        scorer = parts.live_model.scorer()
        cuts = (lambda terms: scorer.promise(terms, str(site.id)).cuts) if scorer else None
        found = replay(session, site, rules, current_rules(session, site), cuts, now)
        return _show(session, site, entered, result=found.as_dict())
    with parts.database.writing() as writing:
        payload = {"site_id": str(site.id), "rules": rules.model_dump(mode="json")}
        job_id = enqueue(writing, Kind.POLICY_REPLAY, payload, now, created_by=g.actor.person_id)
    jobs.wake(parts, job_id)
    return redirect(url_for("policy.get_policy", site_id=site.id, replay=job_id, _anchor="replay"), 303)


def _seen() -> int:
    text = request.form.get("number", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004


def _again(site_id: str, entered: Entered, error: ModerationError) -> Response:
    with services().database.reading() as session:
        return _show(session, site_named(session, site_id), entered, problems.status_of(error), problem=error.message)


def _replay_job(session: Session, site: Site, text: str) -> Job | None:
    if not text:
        return None
    job = session.get(Job, read_id(text, "replay"))
    is_ours = job is not None and job.kind == Kind.POLICY_REPLAY and job.payload.get("site_id") == str(site.id)
    if not is_ours:
        message = "This replay is not kept any more; try the policy again."
        raise InvalidError([], message)
    return job


def _show(
    session: Session,
    site: Site,
    entered: Entered,
    status: int = HTTPStatus.OK,
    *,
    job: Job | None = None,
    result: dict[str, Any] | None = None,
    problem: str = "",
    budget: Standing | None = None,
) -> Response:
    rules, now = current_rules(session, site), services().clock()
    named = {fate: comments_named(session, result[fate]["ids"]) for fate in FATES} if result else {}
    hits = result or word_hits(session, site, rules, now).as_dict()
    words = hits["words"]
    examples = {word: comments_named(session, hits["ids"], 3) for word, hits in list(words.items())[:20]}
    return show(
        "admin_policy.html",
        status,
        site=site,
        groups=rules_form.GROUPS,
        kinds=rules_form.Kind,
        texts=entered.texts,
        errors=entered.errors,
        labels={name: field.label for name, field in rules_form.FIELDS.items()},
        problem=problem,
        result=result,
        fates=FATES,
        named=named,
        words=words,
        words_of=f"the newest {hits['n']} comments" if hits["truncated"] else f"the last {WINDOW.days} days",
        examples=examples,
        rules=rules,
        job=job,
        running=job is not None and job.state in (JobState.QUEUED, JobState.RUNNING),
        versions=list_versions(session, site),
        tell=rules_form.tell,
        saved=request.args.get("saved", ""),
        budget=budget,
        asked=request.args.get("budget", ""),
        window=WINDOW.days,
        at_once=AT_ONCE,
        at_most=AT_MOST,
        today=now,
    )


def _budget(session: Session, site: Site) -> Standing | None:
    """Return what a review budget would buy, if the address asks for one."""
    text = request.args.get("budget", "").strip()
    scorer = services().live_model.scorer()
    if not text or scorer is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 7):  # noqa: PLR2004 -- up to a million
        message = "A budget is a whole number of comments a day."
        raise InvalidError([FieldError("budget", "not_a_number", message)], message)
    return standing(session, site, scorer, services().clock(), reviews_per_day=float(text))
