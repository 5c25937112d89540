"""The blind audit: drawn with a known chance, shown without the verdict, and a broken promise ends automatic spam."""

from __future__ import annotations

import json
import random
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Connection, select, update
from sqlalchemy.event import listen
from sqlalchemy.orm import Session

from moderation.clock import new_id
from moderation.comments.caller import Caller
from moderation.comments.intake import submit
from moderation.errors import ForbiddenError
from moderation.exchange.export import export_site
from moderation.policy.audit import draw, is_repeated
from moderation.policy.rules import Rules
from moderation.review.audit import count_audits, hold_to_promise, list_audits, report
from moderation.review.filters import Filter
from moderation.review.journal import Wanted, get_entry, list_decisions
from moderation.services import Services
from moderation.tables import Comment, Decision, EarlierText, Role, Site, Status
from tests.conftest import FakeClock
from tests.exchange.histories import bring_in
from tests.factories import CLEAN, ORIGIN, SPAM, MadePerson, MadeSite, different, make_person, make_site, post_id

EVERY = Rules(
    publish_below=0.5, spam_above=0.5, audit_spam=1.0, audit_published=1.0, audit_repeated=0.0, max_links=None
)
TWICE = EVERY.model_copy(update={"audit_repeated": 1.0})


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site that decides everything by itself and audits all of it."""
    return make_site(services, rules=EVERY)


@pytest.fixture
def admin(services: Services) -> MadePerson:
    """An admin."""
    return make_person(services)


def queue(client: FlaskClient, admin: MadePerson, site: MadeSite) -> dict[str, Any]:
    """Return the audit lane."""
    response = client.get(f"/api/v1/queue?status=audit&site={site.id}", headers=admin.bearer)
    assert response.status_code == 200
    found: dict[str, Any] = response.get_json()
    return found


def decide(client: FlaskClient, admin: MadePerson, comment: uuid.UUID, action: str) -> str:
    """Decide, and return the decision's id."""
    response = client.post(f"/api/v1/comments/{comment}/decision", json={"action": action}, headers=admin.bearer)
    assert response.status_code == 200
    return str(response.get_json()["decision"]["id"])


def test_the_lot_falls_as_often_as_stated() -> None:
    chance = random.Random(7).random
    rules = Rules(audit_spam=0.02, audit_published=0.005)
    for status, share in ((Status.SPAM, 0.02), (Status.PUBLISHED, 0.005), (Status.PENDING, 0.0)):
        drawn = [draw(status, rules, chance) for _ in range(20_000)]
        assert {d for d in drawn if d is not None} <= {share}
        assert sum(d is not None for d in drawn) == pytest.approx(20_000 * share, abs=4 * (20_000 * share) ** 0.5)


def test_the_chance_is_stored_with_the_comment(services: Services) -> None:
    site = make_site(services, rules=EVERY.model_copy(update={"audit_published": 0.25}))
    for number, luck in enumerate((0.24, 0.25)):
        submit(
            services.database,
            services.live_model.scorer,
            services.clock,
            site.id,
            different(number),
            Caller(key=site.key),
            chance=lambda luck=luck: luck,  # type: ignore[misc]
        )
    with services.database.reading() as session:
        assert list(session.scalars(select(Comment.audit_share).order_by(Comment.id))) == [0.25, None]


def test_an_audit_shows_nothing_of_the_verdict(client: FlaskClient, site: MadeSite, admin: MadePerson) -> None:
    ids = [str(post_id(client, site, fields)) for fields in (CLEAN, SPAM)]
    lane = queue(client, admin, site)
    assert ([c["id"] for c in lane["comments"]], lane["total"], lane["next"]) == (ids, 2, None)
    for comment in lane["comments"]:
        hidden = ("status", "spam_probability", "model", "label")
        assert all(comment[name] is None for name in hidden)
        assert (comment["reasons"], comment["evidence"], comment["knowledge"]) == ([], [], {})
        assert comment["body"]


def test_the_lane_is_read_in_pages(client: FlaskClient, site: MadeSite, admin: MadePerson) -> None:
    ids = [str(post_id(client, site, different(n))) for n in range(3)]
    first = client.get("/api/v1/queue?status=audit&limit=2", headers=admin.bearer).get_json()
    rest = client.get(f"/api/v1/queue?status=audit&limit=2&cursor={first['next']}", headers=admin.bearer).get_json()
    assert [c["id"] for c in first["comments"] + rest["comments"]] == ids
    assert rest["next"] is None


def test_a_verdict_answers_and_taking_it_back_asks_again(
    client: FlaskClient, site: MadeSite, admin: MadePerson
) -> None:
    comment = post_id(client, site)
    decide(client, admin, comment, "hold")
    assert queue(client, admin, site)["total"] == 1
    decision = decide(client, admin, comment, "publish")
    assert queue(client, admin, site)["total"] == 0
    client.post(f"/api/v1/decisions/{decision}/undo", headers=admin.bearer)
    assert queue(client, admin, site)["total"] == 1


def test_a_rejection_answers_too(client: FlaskClient, site: MadeSite, admin: MadePerson) -> None:
    comment = post_id(client, site)
    rejection = decide(client, admin, comment, "reject")
    assert queue(client, admin, site)["total"] == 0
    undone = client.post(f"/api/v1/decisions/{rejection}/undo", headers=admin.bearer).get_json()
    assert queue(client, admin, site)["total"] == 1
    client.post(f"/api/v1/decisions/{undone['decision']['id']}/undo", headers=admin.bearer)
    assert queue(client, admin, site)["total"] == 0


def test_who_saw_the_verdict_has_not_answered(
    client: FlaskClient, services: Services, site: MadeSite, admin: MadePerson
) -> None:
    """Else whoever tidies up the published comments would make the judge look as good, or as bad, as they like."""
    spam, genuine = post_id(client, site, SPAM), post_id(client, site, CLEAN)
    seen = {"action": "publish", "blind": False}
    assert client.post(f"/api/v1/comments/{spam}/decision", json=seen, headers=admin.bearer).status_code == 200
    many = {"ids": [str(genuine)], **seen}
    assert client.post("/api/v1/decisions", json=many, headers=admin.bearer).status_code == 200
    assert queue(client, admin, site)["total"] == 2
    # The same answer, given blind, is an answer.
    decide(client, admin, spam, "publish")
    assert [comment["id"] for comment in queue(client, admin, site)["comments"]] == [str(genuine)]
    with services.database.reading() as session:
        found = report(session, session.get_one(Site, site.id))
    assert (found.ham_as_spam.audited, found.spam_in_published.audited) == (1, 0)


def test_some_audits_are_asked_of_two(client: FlaskClient, services: Services, admin: MadePerson) -> None:
    site = make_site(services, rules=TWICE)
    ben, cleo = (make_person(services, Role.MODERATOR, site) for _ in range(2))
    comment = post_id(client, site)
    decide(client, ben, comment, "publish")
    # Who has answered is not asked again, and decides like anybody else from now on.
    assert (queue(client, ben, site)["total"], queue(client, cleo, site)["total"]) == (0, 1)
    assert queue(client, cleo, site)["comments"][0]["status"] is None
    counts = [
        client.get("/api/v1/queue/counts", headers=who.bearer).get_json()["counts"]["audit"] for who in (ben, cleo)
    ]
    assert counts == [0, 1]
    second = decide(client, cleo, comment, "spam")
    assert [queue(client, who, site)["total"] for who in (ben, cleo, admin)] == [0, 0, 0]
    # The later word stands, and the comment is one audit in the rates.
    with services.database.reading() as session:
        found = report(session, session.get_one(Site, site.id))
    assert (found.spam_in_published.audited, found.spam_in_published.errors) == (1, 1)
    undone = client.post(f"/api/v1/decisions/{second}/undo", headers=cleo.bearer).get_json()
    assert [queue(client, who, site)["total"] for who in (ben, cleo, admin)] == [0, 1, 1]
    # ... who is not told what stands now, since that is what Ben said.
    assert (undone["decision"]["to_status"], undone["decision"]["label"], undone["comment"]["status"]) == (None,) * 3
    decide(client, admin, comment, "hold")
    # Whatever was said before, a comment that is held is nobody's answer.
    assert [queue(client, who, site)["total"] for who in (ben, cleo, admin)] == [1, 1, 1]


def test_as_many_audits_are_repeated_as_stated() -> None:
    rules, ids = Rules(audit_repeated=0.1), [new_id() for _ in range(20_000)]
    assert sum(is_repeated(one, rules) for one in ids) == pytest.approx(2_000, abs=4 * 2_000**0.5)
    every, none = (Rules(audit_repeated=share) for share in (1.0, 0.0))
    assert all(is_repeated(one, every) for one in ids)
    assert not any(is_repeated(one, none) for one in ids)


def test_an_answer_is_not_repeated_by_who_saw_the_verdict(
    client: FlaskClient, services: Services, admin: MadePerson
) -> None:
    site = make_site(services, rules=TWICE)
    ben = make_person(services, Role.MODERATOR, site)
    comment = post_id(client, site)
    decide(client, ben, comment, "publish")
    seen = {"action": "spam", "blind": False}
    client.post(f"/api/v1/comments/{comment}/decision", json=seen, headers=admin.bearer)
    assert queue(client, admin, site)["total"] == 1
    # Ben changes his mind with the verdict in view: that is not what another repeats.
    decide(client, ben, comment, "spam")
    assert queue(client, ben, site)["total"] == 0
    decide(client, admin, comment, "publish")
    assert queue(client, admin, site)["total"] == 0


def test_an_answer_waits_for_no_other_and_tells_it_nothing(
    client: FlaskClient, services: Services, admin: MadePerson
) -> None:
    site = make_site(services, rules=TWICE)
    ben, cleo = (make_person(services, Role.MODERATOR, site) for _ in range(2))
    comments = [post_id(client, site, different(number)) for number in range(2)]
    shown = {str(one): 1 for one in comments}
    decided = [decide(client, ben, one, "spam") for one in comments]
    # Cleo has had the lane open since before Ben answered.
    told = client.post("/api/v1/claims", json={"comment": None, "shown": shown}, headers=cleo.bearer).get_json()
    assert told["moved"] == []
    preview = {"action": "publish", "versions": shown}
    found = client.post("/api/v1/decisions/preview", json=preview, headers=cleo.bearer).get_json()
    assert (found["audits"], found["changed"]) == (2, [])
    held = {"action": "hold", "version": 1}
    refused = client.post(f"/api/v1/comments/{comments[0]}/decision", json=held, headers=cleo.bearer)
    assert refused.status_code == 409
    assert "spam" not in refused.text
    assert ben.actor.email not in refused.text
    sent = {"action": "publish", "version": 1}
    first = client.post(f"/api/v1/comments/{comments[0]}/decision", json=sent, headers=cleo.bearer)
    assert (first.status_code, first.get_json()["decision"]["origin"]) == (200, "audit")
    many = {"ids": [str(comments[1])], "versions": {str(comments[1]): 1}, "action": "publish"}
    answer = client.post("/api/v1/decisions", json=many, headers=cleo.bearer).get_json()
    assert [one["origin"] for one in answer["decided"]] == ["audit"]
    # Whoever is asked no more is told as ever.
    assert client.post(f"/api/v1/comments/{comments[0]}/decision", json=sent, headers=admin.bearer).status_code == 409
    with services.database.reading() as session:
        listed = {str(one.decision.id) for one in list_decisions(session, cleo.actor, Wanted())[0]}
    assert set(decided) <= listed


def test_what_others_answered_is_not_in_the_history_of_who_is_asked(
    client: FlaskClient, services: Services, site: MadeSite, admin: MadePerson
) -> None:
    twice = make_site(services, rules=TWICE)
    ben, cleo = (make_person(services, Role.MODERATOR, twice) for _ in range(2))
    decision = uuid.UUID(decide(client, ben, post_id(client, twice), "spam"))
    every = Wanted(judge=True)
    with services.database.reading() as session:
        assert next(one.decision.id for one in list_decisions(session, ben.actor, every)[0]) == decision
        for who in (cleo, admin):
            assert list_decisions(session, who.actor, every)[0] == []
            with pytest.raises(ForbiddenError):
                get_entry(session, who.actor, decision)


def test_a_changed_text_is_answered_anew(client: FlaskClient, services: Services, admin: MadePerson) -> None:
    site = make_site(services, rules=EVERY)
    comment = post_id(client, site)
    with services.database.writing() as session:
        stored = session.get_one(Comment, comment)
        session.add(EarlierText(comment_id=comment, number=1, body=stored.body, replaced_at=services.clock()))
        stored.body, stored.version = "Something else.", 2
        last = session.scalars(select(Decision).where(Decision.comment_id == comment)).one()
        fields = {c.key: getattr(last, c.key) for c in Decision.__table__.columns}
        session.add(Decision(**fields | {"id": new_id(), "number": 2}))
    sent = {"action": "publish", "version": 1}
    refused = client.post(f"/api/v1/comments/{comment}/decision", json=sent, headers=admin.bearer)
    assert refused.status_code == 409
    assert "current" not in refused.get_json()
    again = client.post(f"/api/v1/comments/{comment}/decision", json=sent | {"version": 2}, headers=admin.bearer)
    assert again.status_code == 200


def test_nobody_is_asked_of_what_its_writer_took_back(
    client: FlaskClient, site: MadeSite, admin: MadePerson, clock: FakeClock
) -> None:
    home = {"Origin": ORIGIN}
    form = client.get(f"/api/v1/sites/{site.id}/form?thread=/bread", headers=home).get_json()
    clock.advance(20)
    sent = CLEAN | {"form_token": form["form_token"]}
    answer = client.post(f"/api/v1/sites/{site.id}/comments", json=sent, headers=home).get_json()
    assert queue(client, admin, site)["total"] == 1
    token = home | {"Edit-Token": answer["edit_token"]}
    taken = client.delete(f"/api/v1/sites/{site.id}/comments/{answer['id']}", headers=token)
    assert taken.status_code == 204, taken.text
    assert queue(client, admin, site)["total"] == 0


def test_who_skips_an_audit_leaves_it_to_others(client: FlaskClient, services: Services, site: MadeSite) -> None:
    ben, cleo = (make_person(services, Role.MODERATOR, site) for _ in range(2))
    comment = post_id(client, site)
    assert client.post(f"/api/v1/comments/{comment}/skip", headers=ben.bearer).status_code == 200
    assert (queue(client, ben, site)["total"], queue(client, cleo, site)["total"]) == (0, 1)
    counts = [
        client.get("/api/v1/queue/counts", headers=who.bearer).get_json()["counts"]["audit"] for who in (ben, cleo)
    ]
    assert counts == [0, 1]


def test_a_batch_of_answers_is_held_to_the_promise_once(
    client: FlaskClient, services: Services, site: MadeSite, admin: MadePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def counted(session: Session, at: Site, now: datetime) -> None:
        asked.append(at.id)
        hold_to_promise(session, at, now)

    monkeypatch.setattr("moderation.review.decisions.hold_to_promise", counted)
    ids = [str(post_id(client, site, different(number))) for number in range(3)]
    client.post("/api/v1/decisions", json={"ids": ids, "action": "publish"}, headers=admin.bearer)
    assert asked == [site.id]


def test_what_audits_have_shown_comes_with_an_export(
    client: FlaskClient, services: Services, site: MadeSite, admin: MadePerson, tmp_path: Path
) -> None:
    for number in range(4):
        comment = post_id(client, site, different(number))
        decide(client, admin, comment, "spam" if number == 0 else "publish")
    other = make_site(services, rules=EVERY)
    with services.database.reading() as session:
        lines = [json.loads(line) for line in export_site(session, site.id)]
    bring_in(services.database, other.id, services.clock, tmp_path, lines)
    with services.database.reading() as session:
        here, there = (report(session, session.get_one(Site, one.id)) for one in (site, other))
    assert (there.spam_in_published.decided, there.spam_in_published.errors) == (4, 1)
    assert there == here


def test_the_lane_is_searched_by_what_tells_no_verdict(client: FlaskClient, site: MadeSite, admin: MadePerson) -> None:
    ids = [str(post_id(client, site, different(n), body=f"A {word} note.")) for n, word in enumerate(("red", "blue"))]
    for query, found in {
        "q=BLUE": ids[1:],
        "q=a+note": ids,
        "q=green": [],
        "order=newest": ids[::-1],
        "author=nobody": [],
        "reason=model_clean": ids,
    }.items():
        lane = client.get(f"/api/v1/queue?status=audit&{query}", headers=admin.bearer).get_json()
        assert ([comment["id"] for comment in lane["comments"]], lane["total"]) == (found, len(found)), query


def test_the_rates_weigh_each_audit_by_its_chance(
    client: FlaskClient, services: Services, site: MadeSite, admin: MadePerson
) -> None:
    comments = [post_id(client, site, different(n)) for n in range(4)]
    with services.database.writing() as session:
        # Two were drawn when the share was a half, two when it was a tenth.
        session.execute(update(Comment).where(Comment.id.in_(comments[:2])).values(audit_share=0.5))
        session.execute(update(Comment).where(Comment.id.in_(comments[2:])).values(audit_share=0.1))
    for comment, action in zip(comments, ("spam", "publish", "publish", "publish"), strict=True):
        decide(client, admin, comment, action)
    found = client.get(f"/api/v1/sites/{site.id}/audit", headers=admin.bearer).get_json()
    rate = found["spam_in_published"]
    assert (rate["decided"], rate["audited"], rate["errors"]) == (4, 4, 1)
    assert rate["estimate"] == pytest.approx(2 / (2 + 2 + 10 + 10))
    assert 0 < rate["lower"] < 0.25 < rate["upper"] < 1
    assert found["ham_as_spam"]["estimate"] is None


def _spam(number: int) -> dict[str, Any]:
    return {**SPAM, "body": f"{SPAM['body']} offer {number}", "author_email": f"s{number}@example.net"}


def test_a_broken_promise_ends_automatic_spam_until_an_admin_trusts_again(
    client: FlaskClient, services: Services, admin: MadePerson
) -> None:
    site = make_site(services, rules=EVERY.model_copy(update={"max_ham_as_spam": 0.35}))
    for number in range(12):
        decide(client, admin, post_id(client, site, different(number)), "publish")
    spam = [post_id(client, site, _spam(number)) for number in range(8)]
    for comment in spam[:7]:
        decide(client, admin, comment, "spam")
    kept = client.get(f"/api/v1/sites/{site.id}/audit", headers=admin.bearer).get_json()
    assert (kept["promise_kept"], kept["held_since"]) == (True, None)
    moderator = make_person(services)
    for comment in spam[3:]:
        decide(client, moderator, comment, "publish")
    broken = client.get(f"/api/v1/sites/{site.id}/audit", headers=admin.bearer).get_json()
    assert broken["promise_kept"] is False
    assert broken["held_since"]
    held = client.post(site.url, json=_spam(99), headers=site.bearer).get_json()
    assert held["status"] == "pending"
    assert held["reasons"][0]["code"] == "model_spam_held"
    assert client.post(f"/api/v1/sites/{site.id}/audit/trust", headers=admin.bearer).get_json()["held_since"] is None
    assert client.post(site.url, json=_spam(100), headers=site.bearer).get_json()["status"] == "spam"


def test_few_audits_say_nothing_against_the_promise(client: FlaskClient, services: Services, admin: MadePerson) -> None:
    site = make_site(services, rules=EVERY)
    decide(client, admin, post_id(client, site, _spam(1)), "publish")
    with services.database.reading() as session:
        found = report(session, session.get_one(Site, site.id))
    assert (found.ham_as_spam.errors, found.promise_kept, found.held_since) == (1, True, None)


def test_audits_are_seen_by_who_looks_after_the_site(client: FlaskClient, services: Services, site: MadeSite) -> None:
    from moderation.tables import Role  # noqa: PLC0415

    elsewhere = make_site(services, rules=EVERY)
    post_id(client, site)
    stranger = make_person(services, Role.MODERATOR, elsewhere)
    assert client.get("/api/v1/queue?status=audit", headers=stranger.bearer).get_json()["total"] == 0
    assert client.get(f"/api/v1/queue?status=audit&site={site.id}", headers=stranger.bearer).status_code == 404
    assert client.get(f"/api/v1/sites/{site.id}/audit", headers=stranger.bearer).status_code == 404
    assert client.post(f"/api/v1/sites/{site.id}/audit/trust", headers=stranger.bearer).status_code == 403


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_lane_is_found_by_its_index_however_many_comments_a_site_has(
    services: Services, site: MadeSite, admin: MadePerson
) -> None:
    plans = []

    def note(connection: Connection, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if "audit_repeats !=" in statement and not statement.startswith("EXPLAIN"):
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.append(" ".join(row[3] for row in rows))

    with services.database.reading() as session:
        listen(session.connection(), "before_cursor_execute", note)
        for wanted in (Filter(), Filter(site_id=site.id)):
            list_audits(session, admin.actor, wanted)
            count_audits(session, admin.actor, wanted.site_id)
    assert len(plans) == 6
    for plan in plans:
        assert "ix__comment__audit_lane" in plan
        assert "TEMP B-TREE" not in plan
