"""Who did what: decisions with filters, the rest of what was done, and each decision replayed as of then."""

from __future__ import annotations

import uuid

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from moderation.errors import NotFoundError
from moderation.people.site_keys import edit_site
from moderation.policy.rules import Rules, change_rules
from moderation.review import journal
from moderation.review.as_of_then import replay_decision
from moderation.services import Services
from moderation.tables import Action, Comment, Decision, Role, Site
from tests.conftest import FakeClock
from tests.factories import CLEAN, ORIGIN, SPAM, MadePerson, MadeSite, different, make_person, make_site, post_id

RULES = Rules(publish_below=0.5, spam_above=0.5, max_links=None)


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site that decides everything by itself."""
    return make_site(services, rules=RULES)


def listed(services: Services, who: MadePerson, **wanted: object) -> list[tuple[str | None, str]]:
    """Return who did what, the newest first."""
    with services.database.reading() as session:
        entries, _ = journal.list_decisions(session, who.actor, journal.Wanted(**wanted))  # type: ignore[arg-type]
        return [(entry.who, entry.decision.action.value) for entry in entries]


def decide(client: FlaskClient, who: MadePerson, comment: uuid.UUID, action: str) -> None:
    """Decide."""
    answer = client.post(f"/api/v1/comments/{comment}/decision", json={"action": action}, headers=who.bearer)
    assert answer.status_code == 200, answer.text


def test_decisions_are_found_by_who_what_where_and_when(
    client: FlaskClient, services: Services, site: MadeSite, clock: FakeClock
) -> None:
    other = make_site(services, rules=RULES)
    ann, ben = make_person(services), make_person(services, Role.MODERATOR, site)
    here, there = post_id(client, site, CLEAN), post_id(client, other, CLEAN)
    decide(client, ann, there, "spam")
    clock.advance(86400)
    decide(client, ben, here, "spam")
    clock.advance(60)
    decide(client, ann, here, "publish")
    hers, his = ann.actor.email, ben.actor.email
    assert listed(services, ann) == [(hers, "publish"), (his, "spam"), (hers, "spam")]
    assert listed(services, ben) == [(hers, "publish"), (his, "spam")]
    assert listed(services, ann, person_id=ben.actor.person_id) == [(his, "spam")]
    assert listed(services, ann, action=Action.PUBLISH) == [(hers, "publish")]
    assert listed(services, ann, site_id=other.id) == [(hers, "spam")]
    assert len(listed(services, ann, since=clock())) == 1
    assert len(listed(services, ann, judge=True)) == 5
    with pytest.raises(NotFoundError):
        listed(services, ben, site_id=other.id)
    with services.database.reading() as session:
        entries, _ = journal.list_decisions(session, ann.actor, journal.Wanted(site_id=site.id))
        assert [entry.undoable for entry in entries] == [True, False]
        theirs = session.scalars(select(Decision).where(Decision.comment_id == there)).first()
        assert theirs is not None
        with pytest.raises(NotFoundError):
            journal.get_entry(session, ben.actor, theirs.id)
        assert [person.email for person in journal.list_deciders(session, ben.actor)] == sorted([hers, his])


def test_pages_follow_one_another_without_gap_or_double(
    client: FlaskClient, services: Services, site: MadeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "LIMIT", 3)
    ann = make_person(services)
    for number in range(4):
        comment = post_id(client, site, different(number))
        decide(client, ann, comment, "spam")
        decide(client, ann, comment, "publish")
    seen, cursor = [], ""
    with services.database.reading() as session:
        while True:
            entries, following = journal.list_decisions(session, ann.actor, journal.Wanted(), cursor)
            seen += [entry.decision.id for entry in entries]
            if following is None:
                break
            cursor = following
    assert len(seen) == len(set(seen)) == 8


def test_what_was_done_besides_decisions_is_one_list(services: Services, site: MadeSite, clock: FakeClock) -> None:
    ann = make_person(services)
    clock.advance(60)
    with services.database.writing() as session:
        edit_site(
            session,
            ann.actor,
            site.id,
            "Renamed",
            ["https://a.example"],
            clock(),
            name_required=True,
            email_required=True,
        )
        clock.advance(60)
        change_rules(session, session.get_one(Site, site.id), Rules(), ann.actor.person_id, clock())
    with services.database.reading() as session:
        events, following = journal.list_events(session)
    told = [(event.who, event.action, event.subject) for event in events[:2]]
    assert told == [
        (ann.actor.email, "put version 3 of the policy in force", "Renamed"),
        (ann.actor.email, "changed name, origins of the site", "Renamed"),
    ]
    assert events[-1].kind == "model"
    assert following is None


@pytest.mark.parametrize("fields", [CLEAN, SPAM], ids=["genuine", "spam"])
def test_a_decision_replayed_as_of_then_gives_the_identical_score(
    client: FlaskClient, services: Services, site: MadeSite, fields: dict[str, object]
) -> None:
    # What the site learns of the author afterwards must not change what it knew.
    comment = post_id(client, site, fields, ip="192.0.2.7", user_agent="Mozilla/5.0")
    decide(client, make_person(services), comment, "spam")
    post_id(client, site, fields, body=f"{fields['body']} More.", ip="192.0.2.7", user_agent="Mozilla/5.0")
    with services.database.reading() as session:
        first = session.scalars(select(Decision).where(Decision.comment_id == comment, Decision.number == 1)).one()
        stored = session.get_one(Comment, comment)
        scorer = services.live_model.scorer_for(first.model_version or "")
        replayed = replay_decision(session, first, stored, scorer)
        assert replayed.identical
        assert replayed.score == first.spam_probability
        assert replayed.status is first.to_status
        assert replayed.problem == ""
        gone = replay_decision(session, first, stored, None)
        assert gone.score is None
        assert "is not kept any more" in gone.problem
        stored.body = "Something else."
        changed = replay_decision(session, first, stored, scorer)
        assert not changed.identical
        assert "changed since" in changed.problem


def test_what_a_writer_has_changed_is_replayed_as_it_read_then(
    client: FlaskClient, services: Services, clock: FakeClock, site: MadeSite
) -> None:
    home = {"Origin": ORIGIN}
    form = client.get(f"/api/v1/sites/{site.id}/form?thread=/bread", headers=home).get_json()
    clock.advance(20)
    sent = client.post(site.url, json=CLEAN | {"form_token": form["form_token"]}, headers=home).get_json()
    # By the next text the site has a published comment of this author: this one.
    later = {"body": "On second thought an hour of rest would have been enough for the crumb."}
    answer = client.patch(f"{site.url}/{sent['id']}", json=later, headers=home | {"Edit-Token": sent["edit_token"]})
    assert answer.status_code == 200, answer.text
    with services.database.reading() as session:
        comment = session.get_one(Comment, uuid.UUID(sent["id"]))
        decisions = session.scalars(select(Decision).order_by(Decision.number)).all()
        scorer = services.live_model.scorer_for(decisions[0].model_version or "")
        then, now = [replay_decision(session, one, comment, scorer) for one in decisions]
    assert (then.identical, then.body, then.status) == (True, CLEAN["body"], decisions[0].to_status)
    assert (now.identical, now.body) == (True, later["body"])
    assert then.score != now.score
