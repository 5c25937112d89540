"""The desk over HTTP: filters and search, many at once, campaigns, claims, skips, notes, replies."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from model.sample import Label
from moderation.counters import recount
from moderation.database import Database
from moderation.learning.labels import labelled_comments
from moderation.policy.rules import Rules
from moderation.review import campaigns
from moderation.review.search import asked_of_index, look_up, read_question
from moderation.services import Services
from moderation.tables import Comment, Decision, Role, Status, StatusCount
from tests.conftest import FakeClock
from tests.factories import CLEAN, MadePerson, MadeSite, different, make_person, make_site, post, post_id

HELD = Rules(hold_everything=True, spam_above=1.0, max_links=2)
WAVE = "Discover the one simple trick that lawyers use to double your pension in only three weeks, ask me how number"


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site that publishes nothing unseen."""
    return make_site(services, rules=HELD)


@pytest.fixture
def person(services: Services, site: MadeSite) -> MadePerson:
    """The site's moderator."""
    return make_person(services, Role.MODERATOR, site)


def ask(client: FlaskClient, person: MadePerson, path: str, body: dict[str, Any] | None = None) -> Any:
    """Ask the API, or (with a body) tell it something; the answer must be good."""
    address = f"/api/v1{path}"
    if body is None:
        response = client.get(address, headers=person.bearer)
    else:
        response = client.post(address, json=body, headers=person.bearer)
    assert response.status_code in {200, 201}, response.get_data(as_text=True)
    return response.get_json()


def stands(services: Services, *ids: uuid.UUID) -> list[str]:
    """Return where the comments stand."""
    with services.database.reading() as session:
        return [session.get_one(Comment, one).status.value for one in ids]


def wave(client: FlaskClient, site: MadeSite, number: int, **more: Any) -> uuid.UUID:
    """Send one of a wave of near-identical comments."""
    fields = {"body": f"{WAVE} {number}", "author_email": f"w{number}@wave.example", "author_name": f"W {number}"}
    return post_id(client, site, fields | {"thread": f"/t{number % 3}"} | more)


# --- Finding --------------------------------------------------------------------------------------------------------


def test_every_filter_finds_what_it_names_and_nothing_else(
    client: FlaskClient, clock: FakeClock, site: MadeSite, person: MadePerson
) -> None:
    old = post_id(client, site, CLEAN, author_url="https://shop.example.net/x", ip="192.0.2.7")
    clock.advance(3 * 86400)
    russian = post_id(client, site, CLEAN, body="Отличный рецепт, спасибо!", author_name="Иван", ip="2001:db8::1")
    linked = post_id(
        client,
        site,
        CLEAN,
        body="See http://a.example http://b.example http://c.example",
        author_email="x@y.example",
        author_name="Lee",
    )
    for query, found in {
        "author=mary": [old, russian],
        "author=Иван": [russian],
        "author=иван": [russian],
        "author=ива": [russian],
        "author=x@y.example": [linked],
        "domain=shop.example.net": [old],
        "domain=b.example": [linked],
        "ip=192.0.2.7": [old],
        "ip=2001:db8::99": [russian],
        "reason=many_links": [linked],
        "reason=hold_everything": [old, russian, linked],
        "script=cyrillic": [russian],
        "script=latin": [old, linked],
        "age=hour": [russian, linked],
        "age=over-day": [old],
        "q=рецепт": [russian],
        "q=sourd recip": [old],
        "q=sourdough&age=hour": [],
        "q=sourdough&order=uncertain": [old],
        f"campaign={old}": [old],
    }.items():
        answer = ask(client, person, f"/queue?{query}")
        assert [c["id"] for c in answer["comments"]] == [str(one) for one in found], query
        assert (answer["total"], answer["next"]) == (len(found), None), query


def test_text_without_spaces_between_words_is_found_by_any_part(
    client: FlaskClient, site: MadeSite, person: MadePerson
) -> None:
    chinese = post_id(client, site, CLEAN, body="加我微信领取优惠券")
    post_id(client, site)
    assert [c["id"] for c in ask(client, person, "/queue?q=微信")["comments"]] == [str(chinese)]


def test_the_index_follows_what_becomes_of_a_comment(
    client: FlaskClient, services: Services, site: MadeSite, person: MadePerson
) -> None:
    comment = post_id(client, site)
    with services.database.writing() as session:
        session.get_one(Comment, comment).body = "Something about rye."
    assert ask(client, person, "/queue?q=sourdough")["total"] == 0
    assert ask(client, person, "/queue?q=rye")["total"] == 1
    with services.database.writing() as session:
        session.execute(text("DELETE FROM site"))
    with services.database.reading() as session:
        assert look_up(session, read_question("rye").phrases) == []


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_postgresql_answers_a_search_from_its_index(database: Database) -> None:
    with database.reading() as session:
        session.execute(text("SET enable_seqscan = off"))
        query = asked_of_index(session, read_question("rye bread", "b.example").phrases)
        written = str(query.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
        plan = session.scalars(text(f"EXPLAIN {written.replace('%%', '%')}"))
        assert "ix__comment__search" in "\n".join(plan)


def test_where_no_index_helps_a_page_ends_early_and_goes_on(
    client: FlaskClient, site: MadeSite, person: MadePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moderation.review.queue.MOST_LOOKED_AT", 3)
    sent = [
        post_id(client, site, different(n), body=f"Заметка {n}" if n in {0, 5, 6} else f"A note {n}") for n in range(7)
    ]
    for order in ("oldest", "newest", "uncertain"):
        seen: list[str] = []
        cursor, pages = "", 0
        while cursor is not None:
            page = ask(client, person, f"/queue?script=cyrillic&order={order}&cursor={cursor}")
            seen += [c["id"] for c in page["comments"]]
            cursor, pages = page["next"], pages + 1
        assert sorted(seen) == sorted(str(sent[n]) for n in (0, 5, 6))
        assert pages == 3


@pytest.mark.parametrize("query", ["age=soon", "script=runes", "reason=X", "campaign=1", "author=" + "x" * 321])
def test_a_filter_that_makes_no_sense_is_refused(client: FlaskClient, person: MadePerson, query: str) -> None:
    assert client.get(f"/api/v1/queue?{query}", headers=person.bearer).status_code == 422


def test_the_counts_are_those_of_ones_sites(
    client: FlaskClient, services: Services, site: MadeSite, person: MadePerson
) -> None:
    post_id(client, site)
    post_id(client, make_site(services, rules=HELD))
    everything = {"pending": 1, "published": 0, "spam": 0, "rejected": 0, "audit": 0}
    assert ask(client, person, "/queue/counts") == {"counts": everything}
    assert ask(client, make_person(services), "/queue/counts")["counts"]["pending"] == 2
    assert ask(client, make_person(services), f"/queue/counts?site={site.id}")["counts"]["pending"] == 1


# --- Many at once ---------------------------------------------------------------------------------------------------


def test_a_preview_tells_what_a_bulk_decision_then_does_and_one_undo_takes_it_back(
    client: FlaskClient, services: Services, site: MadeSite, person: MadePerson
) -> None:
    admin = make_person(services)
    sent = [post_id(client, site, different(n)) for n in range(6)]
    ask(client, admin, f"/comments/{sent[0]}/decision", {"action": "publish"})
    ask(client, admin, f"/comments/{sent[1]}/decision", {"action": "spam"})
    versions = {str(one): 2 if one in sent[:2] else 1 for one in sent} | {str(uuid.uuid4()): 1}
    ask(client, admin, f"/comments/{sent[2]}/decision", {"action": "publish"})
    before = ask(client, person, "/decisions/preview", {"action": "spam", "versions": versions})
    assert before["moves"] == {"published": 1, "pending": 3}
    assert (before["decided"], before["unmoved"], before["changed"]) == (5, 1, [str(sent[2])])
    assert len(before["missing"]) == 1
    assert stands(services, *sent) == ["published", "spam", "published", "pending", "pending", "pending"]
    made = ask(client, person, "/decisions", {"action": "spam", "ids": list(versions), "versions": versions})
    assert stands(services, *sent) == ["spam", "spam", "published", "spam", "spam", "spam"]
    assert {one["id"] for one in made["skipped"]} == {str(sent[2]), *before["missing"]}
    # Somebody decides on one of them since: that one is left alone.
    ask(client, admin, f"/comments/{sent[3]}/decision", {"action": "reject"})
    undone = ask(client, person, f"/batches/{made['batch_id']}/undo", {})
    assert stands(services, *sent) == ["published", "spam", "published", "rejected", "pending", "pending"]
    assert [(one["id"], one["code"]) for one in undone["skipped"]] == [(str(sent[3]), "version_conflict")]
    # Again is harmless; and the undo can be taken back itself.
    ask(client, person, f"/batches/{made['batch_id']}/undo", {})
    ask(client, person, f"/batches/{undone['batch_id']}/undo", {})
    assert stands(services, *sent) == ["spam", "spam", "published", "rejected", "spam", "spam"]


def test_what_one_had_decided_so_before_is_not_taken_back_with_the_batch(
    client: FlaskClient, services: Services, site: MadeSite, person: MadePerson
) -> None:
    sent = sorted(post_id(client, site, different(n)) for n in range(3))
    for group in (sent[:1], sent):
        made = ask(client, person, "/decisions", {"action": "spam", "ids": [str(one) for one in group]})
    ask(client, person, f"/batches/{made['batch_id']}/undo", {})
    assert stands(services, *sent) == ["spam", "pending", "pending"]


def test_nobody_takes_back_a_batch_of_anothers_site(
    client: FlaskClient, services: Services, site: MadeSite, person: MadePerson
) -> None:
    sent = post_id(client, site)
    made = ask(client, person, "/decisions", {"action": "spam", "ids": [str(sent)]})
    stranger = make_person(services, Role.MODERATOR, make_site(services))
    for batch in (made["batch_id"], uuid.uuid4(), "x"):
        response = client.post(f"/api/v1/batches/{batch}/undo", headers=stranger.bearer)
        assert response.status_code == 404
    assert stands(services, sent) == ["spam"]


# --- Campaigns ------------------------------------------------------------------------------------------------------


def test_a_wave_is_one_campaign_over_sites_and_threads_with_its_outliers(
    client: FlaskClient, services: Services, site: MadeSite, person: MadePerson
) -> None:
    other = make_site(services, rules=HELD)
    first = wave(client, site, 0)
    wave(client, site, 1)
    wave(client, other, 2)
    outlier = wave(client, site, 3, body=f"{WAVE} 3, or my friend Bob")
    alone = post_id(client, site)
    seen = ask(client, make_person(services), f"/comments/{outlier}/campaign")
    assert (seen["id"], seen["statuses"], seen["threads"]) == (str(first), {"pending": 4}, 3)
    assert len(seen["sites"]) == 2
    assert str(outlier) in [one["id"] for one in seen["outliers"]]
    # A moderator is told of their own sites only.
    assert ask(client, person, f"/comments/{first}/campaign")["statuses"] == {"pending": 3}
    shown = ask(client, person, "/queue?collapse=true")
    assert [c["id"] for c in shown["comments"]] == [str(first), str(alone)]
    assert len(ask(client, person, f"/queue?campaign={first}")["comments"]) == 3


def test_of_a_campaign_whose_first_is_decided_the_next_is_shown(
    client: FlaskClient, site: MadeSite, person: MadePerson
) -> None:
    first, second, _third = (wave(client, site, n) for n in range(3))
    ask(client, person, f"/comments/{first}/decision", {"action": "publish"})
    for order in ("oldest", "newest"):
        shown = ask(client, person, f"/queue?collapse=true&order={order}")
        assert [c["id"] for c in shown["comments"]] == [str(second)]


def test_a_verdict_on_a_campaign_covers_newcomers_for_a_day_and_one_undo_takes_all_of_it_back(
    client: FlaskClient, clock: FakeClock, services: Services, site: MadeSite, person: MadePerson
) -> None:
    elsewhere = make_site(services, rules=HELD)
    seen = [wave(client, site, n) for n in range(3)]
    unseen = wave(client, site, 3)
    versions = {str(one): 1 for one in seen}
    made = ask(client, person, f"/comments/{seen[1]}/campaign/decision", {"action": "spam", "versions": versions})
    assert len(made["decided"]) == 3
    assert stands(services, *seen, unseen) == ["spam", "spam", "spam", "pending"]
    answer = post(client, site, CLEAN, body=f"{WAVE} 4").get_json()
    newcomer = uuid.UUID(answer["id"])
    assert (answer["status"], answer["reasons"][-1]["code"]) == ("spam", "campaign")
    again = {"headers": site.bearer | {"Idempotency-Key": "k"}, "json": {**CLEAN, "body": f"{WAVE} 5"}}
    assert client.post(site.url, **again).get_json() == client.post(site.url, **again).get_json()
    # Another text, and a site that the moderator does not look after, are not covered.
    assert stands(services, post_id(client, site), wave(client, elsewhere, 6)) == ["pending", "pending"]
    told = ask(client, person, f"/comments/{newcomer}")
    assert [(h["origin"], h["to_status"], h["person"]) for h in told["history"]] == [
        ("intake", "pending", None),
        ("campaign", "spam", person.actor.email),
    ]
    with services.database.reading() as session:
        labels = list(labelled_comments(session))
    assert [one.label for one in labels] == [Label.SPAM] * 5
    assert {one.group for one in labels} == {str(seen[0])}, "one verdict, one lesson"
    undone = ask(client, person, f"/batches/{made['batch_id']}/undo", {})
    assert len(undone["undone"]) == 5
    assert stands(services, *seen, newcomer) == ["pending"] * 4
    with services.database.reading() as session:
        assert list(labelled_comments(session)) == []
    assert stands(services, wave(client, site, 7)) == ["pending"]
    check_counts(services, site)


def test_a_verdict_that_is_sent_twice_stands_once_and_one_undo_ends_it(
    client: FlaskClient, services: Services, site: MadeSite, person: MadePerson
) -> None:
    seen = [wave(client, site, number) for number in range(3)]
    body = {"action": "spam", "versions": {str(one): 1 for one in seen}}
    made, again = (ask(client, person, f"/comments/{seen[0]}/campaign/decision", body) for _ in range(2))
    assert again["batch_id"] == made["batch_id"]
    ask(client, person, f"/batches/{again['batch_id']}/undo", {})
    assert stands(services, *seen, wave(client, site, 8)) == ["pending"] * 4


def test_what_waits_of_a_campaign_is_shown_before_the_rest_however_large_it_is(
    client: FlaskClient, person: MadePerson, site: MadeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaigns, "MOST_MEMBERS", 3)
    ids = [str(wave(client, site, number)) for number in range(7)]
    for at in (0, 3):
        members = ask(client, person, f"/comments/{ids[at]}/campaign")["members"]
        assert [member["id"] for member in members] == ids[at : at + 3]
        body = {"action": "publish", "versions": {member["id"]: member["version"] for member in members}}
        ask(client, person, f"/comments/{ids[at]}/campaign/decision", body)
    members = ask(client, person, f"/comments/{ids[6]}/campaign")["members"]
    assert (members[0]["id"], members[0]["status"]) == (ids[6], "pending")


def test_a_spam_verdict_on_a_campaign_covers_also_what_is_too_much_to_show(
    client: FlaskClient, services: Services, person: MadePerson, site: MadeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaigns, "MOST_MEMBERS", 3)
    ids = [wave(client, site, number) for number in range(7)]
    other = post_id(client, site)
    ask(client, person, f"/comments/{ids[5]}/decision", {"action": "publish"})
    found = ask(client, person, f"/comments/{ids[0]}/campaign")
    assert (found["statuses"], found["threads"], len(found["members"])) == ({"pending": 6, "published": 1}, 3, 3)
    body = {"action": "spam", "versions": {member["id"]: member["version"] for member in found["members"]}}
    made = ask(client, person, f"/comments/{ids[0]}/campaign/decision", body)
    assert len(made["decided"]) == 6
    assert stands(services, *ids) == ["published" if one == ids[5] else "spam" for one in ids]
    assert stands(services, other) == ["pending"]
    ask(client, person, f"/batches/{made['batch_id']}/undo", {})
    assert stands(services, *ids) == ["published" if one == ids[5] else "pending" for one in ids]
    check_counts(services, site)


def test_a_verdict_on_a_campaign_ends_after_a_day(
    client: FlaskClient, clock: FakeClock, services: Services, site: MadeSite, person: MadePerson
) -> None:
    first, second = (wave(client, site, n) for n in range(2))
    versions = {str(first): 1, str(second): 1}
    ask(client, person, f"/comments/{first}/campaign/decision", {"action": "reject", "versions": versions})
    clock.advance(86400 - 60)
    assert stands(services, wave(client, site, 3)) == ["rejected"]
    clock.advance(120)
    assert stands(services, wave(client, site, 4)) == ["pending"]


def test_what_is_published_stays_a_decision_on_what_was_seen(
    client: FlaskClient, services: Services, site: MadeSite, person: MadePerson
) -> None:
    first, second = (wave(client, site, n) for n in range(2))
    versions = {str(first): 1, str(second): 1}
    ask(client, person, f"/comments/{first}/campaign/decision", {"action": "publish", "versions": versions})
    assert stands(services, first, second) == ["published", "published"]
    assert stands(services, wave(client, site, 3, body=f"{WAVE} http://evil.example/")) == ["pending"]


def test_a_campaign_that_changed_is_a_conflict_and_strangers_are_left_out(
    client: FlaskClient, services: Services, site: MadeSite, person: MadePerson
) -> None:
    first, second = (wave(client, site, n) for n in range(2))
    alone = post_id(client, site)
    for one in (first, second):
        ask(client, make_person(services), f"/comments/{one}/decision", {"action": "publish"})
    body = {"action": "spam", "versions": {str(first): 1, str(second): 1, str(alone): 1}}
    response = client.post(f"/api/v1/comments/{first}/campaign/decision", json=body, headers=person.bearer)
    assert response.status_code == 409
    assert stands(services, first, second, alone) == ["published", "published", "pending"]


# --- Together -------------------------------------------------------------------------------------------------------


def test_a_claim_tells_others_runs_out_and_ends_with_the_decision(
    client: FlaskClient, clock: FakeClock, services: Services, site: MadeSite, person: MadePerson
) -> None:
    ben = make_person(services, Role.MODERATOR, site)
    one, two = (post_id(client, site, different(n)) for n in range(2))
    shown = {str(one): 1, str(two): 1}
    mine = ask(client, person, "/claims", {"comment": str(one), "shown": shown})
    assert (mine["mine"]["comment_id"], mine["others"], mine["moved"]) == (str(one), [], [])
    his = ask(client, ben, "/claims", {"comment": str(one), "shown": shown})
    assert his["mine"] is None
    assert [(c["comment_id"], c["email"]) for c in his["others"]] == [(str(one), person.actor.email)]
    # Looking at another one lets go of the first.
    ask(client, person, "/claims", {"comment": str(two), "shown": shown})
    assert ask(client, ben, "/claims", {"comment": str(one), "shown": shown})["mine"]["comment_id"] == str(one)
    ask(client, person, f"/comments/{two}/decision", {"action": "spam", "version": 1})
    told = ask(client, ben, "/claims", {"comment": str(one), "shown": shown})
    assert (told["others"], told["moved"]) == ([], [{"comment_id": str(two), "status": "spam", "version": 2}])
    clock.advance(told["lasts"] + 1)
    assert ask(client, person, "/claims", {"comment": str(one)})["mine"] is not None
    assert ask(client, person, "/claims", {"shown": shown})["mine"] is None


def test_what_one_skips_is_left_to_the_others_until_it_changes(
    client: FlaskClient, services: Services, site: MadeSite, person: MadePerson
) -> None:
    ben = make_person(services, Role.MODERATOR, site)
    one, two = (post_id(client, site, different(n)) for n in range(2))
    ask(client, person, f"/comments/{one}/skip", {})

    def queue(who: MadePerson, more: str = "") -> list[str]:
        return [c["id"] for c in ask(client, who, f"/queue?{more}")["comments"]]

    assert queue(person) == [str(two)]
    assert queue(ben) == queue(person, "skipped=true") == [str(one), str(two)]
    ask(client, ben, f"/comments/{one}/decision", {"action": "spam"})
    ask(client, ben, f"/comments/{one}/decision", {"action": "hold"})
    assert queue(person) == [str(one), str(two)]
    ask(client, person, f"/comments/{one}/skip", {})
    ask(client, person, f"/comments/{one}/unskip", {})
    assert queue(person) == [str(one), str(two)]


def test_notes_say_who_wrote_them_and_when(
    client: FlaskClient, clock: FakeClock, site: MadeSite, person: MadePerson
) -> None:
    comment = post_id(client, site)
    note = ask(client, person, f"/comments/{comment}/notes", {"text": " Known from the other blog. "})
    notes = ask(client, person, f"/comments/{comment}")["notes"]
    assert notes == [note]
    assert (note["text"], note["person"]) == ("Known from the other blog.", person.actor.email)
    for bad in ("", "  ", "x" * 2001):
        response = client.post(f"/api/v1/comments/{comment}/notes", json={"text": bad}, headers=person.bearer)
        assert response.status_code == 422
    public = client.get(f"{site.url}?thread=/bread").get_data(as_text=True)
    assert "other blog" not in public


def test_a_held_comment_is_published_and_answered_in_one_go_and_taken_back_so(
    client: FlaskClient, services: Services, site: MadeSite, person: MadePerson
) -> None:
    comment = post_id(client, site)
    body = {"name": "The editors", "body": "Thank you, and welcome!", "version": 1}
    made = ask(client, person, f"/comments/{comment}/reply", body)
    shown = client.get(f"{site.url}?thread=/bread").get_json()["comments"]
    assert [(c["author_name"], c["parent_id"]) for c in shown] == [("Mary Miller", None), ("The editors", str(comment))]
    reply = uuid.UUID(made["reply_id"])
    with services.database.reading() as session:
        written = session.scalars(select(Decision).where(Decision.comment_id == reply)).one()
        assert (written.origin, written.person_id, written.label) == ("reply", person.actor.person_id, None)
        assert session.get_one(Comment, reply).author_email == ""
    check_counts(services, site)
    ask(client, person, f"/batches/{made['batch_id']}/undo", {})
    assert stands(services, comment, reply) == ["pending", "rejected"]
    check_counts(services, site)


def test_a_reply_to_what_changed_meanwhile_publishes_nothing(
    client: FlaskClient, services: Services, site: MadeSite, person: MadePerson
) -> None:
    comment = post_id(client, site)
    ask(client, make_person(services), f"/comments/{comment}/decision", {"action": "spam"})
    body = {"name": "The editors", "body": "Thank you!", "version": 1}
    response = client.post(f"/api/v1/comments/{comment}/reply", json=body, headers=person.bearer)
    assert response.status_code == 409
    for bad in ({"name": "", "body": "x"}, {"name": "x", "body": " "}):
        response = client.post(f"/api/v1/comments/{comment}/reply", json=bad, headers=person.bearer)
        assert response.status_code == 422
    with services.database.reading() as session:
        assert [c.status for c in session.scalars(select(Comment))] == [Status.SPAM]


def check_counts(services: Services, site: MadeSite) -> None:
    """The kept counts are what counting gives."""

    def read() -> dict[str, int]:
        with services.database.reading() as session:
            rows = session.scalars(select(StatusCount).where(StatusCount.site_id == site.id))
            return {row.status.value: row.count for row in rows}

    kept = read()
    with services.database.writing() as session:
        recount(session, site.id)
    assert read() == kept
