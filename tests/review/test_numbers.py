"""The numbers of each day: counted from the decisions, kept when the day is over, and right either way."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from moderation.exchange.retention import Retention, purge
from moderation.policy.rules import Rules
from moderation.review.numbers import Numbers, close_days, count_day, days_open, read_numbers, request_counting
from moderation.services import Services
from moderation.tables import DayCount, Role
from tests.conftest import FakeClock
from tests.factories import SPAM, MadePerson, MadeSite, different, make_person, make_site, post, post_id

DECIDING = Rules(publish_below=0.5, spam_above=0.5, max_links=None)
HOLDING = Rules(hold_everything=True, spam_above=1.0, max_links=None)


def decide(client: FlaskClient, who: MadePerson, comment: uuid.UUID, action: str) -> str:
    """Decide, and return the decision's id."""
    answer = client.post(f"/api/v1/comments/{comment}/decision", json={"action": action}, headers=who.bearer)
    assert answer.status_code == 200, answer.text
    return str(answer.get_json()["decision"]["id"])


def numbers(services: Services, *sites: MadeSite) -> Numbers:
    """Return the figures of the last ten days."""
    now = services.clock()
    with services.database.reading() as session:
        return read_numbers(session, [site.id for site in sites], now.date() - timedelta(days=9), now)


def test_a_few_days_are_told_alike_before_and_after_they_are_counted(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    site, other = make_site(services, rules=DECIDING), make_site(services, rules=HOLDING)
    ann, ben = make_person(services), make_person(services, Role.MODERATOR, site, other)
    spam = post_id(client, site, SPAM)
    post(client, site, different(1))
    held = [post_id(client, other, different(n)) for n in (2, 3)]
    clock.advance(3600)
    decide(client, ann, held[0], "publish")
    decide(client, ben, held[0], "publish")
    decide(client, ben, held[1], "spam")
    clock.advance(86400)
    undone = decide(client, ann, spam, "publish")
    decide(client, ann, held[1], "publish")
    client.post(f"/api/v1/decisions/{undone}/undo", headers=ann.bearer)

    def told() -> dict[str, object]:
        both = numbers(services, site, other)
        return {
            "one": [numbers(services, site).total(name) for name in ("came published", "came spam", "came pending")],
            "both": [both.total(name) for name in ("came published", "came spam", "came pending")],
            "stopped": both.spam_stopped,
            "agreement": both.agreement,
            "people": {who: dict(counts) for who, counts in both.people.items()},
            "wait": both.median_wait,
            "days": [day for day, counts in both.days.items() if counts],
        }

    before = told()
    assert before["one"] == [1, 1, 0]
    assert before["both"] == [1, 1, 2]
    # One came so, one was called so and let out again, one was let out and put back.
    assert before["stopped"] == 1
    # Nobody was asked to audit anything.
    assert before["agreement"] == (0, 0)
    assert before["people"] == {
        ann.actor.email: {"did publish": 3, "did undo": 1},
        ben.actor.email: {"did publish": 1, "did spam": 1},
    }
    assert isinstance(before["wait"], float)
    assert 3600 / 1.25 <= before["wait"] <= 3600 * 1.25
    assert before["days"] == [date(2026, 1, 5), date(2026, 1, 6)]
    assert close_days(services.database, clock) == 1
    assert close_days(services.database, clock) == 0
    assert told() == before
    clock.advance(86400)
    assert close_days(services.database, clock) == 1
    assert told() == before
    with services.database.reading() as session:
        assert days_open(session, clock()) == []


def test_a_day_is_closed_only_when_nothing_of_it_can_be_on_its_way(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    post(client, make_site(services, rules=DECIDING), different(1))
    clock.advance(12 * 3600 + 1800)
    assert close_days(services.database, clock) == 0
    clock.advance(1800)
    assert close_days(services.database, clock) == 1


def test_what_retention_removes_stays_in_the_numbers(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    site = make_site(services, rules=DECIDING)
    post(client, site, SPAM)
    clock.advance(5 * 86400)
    purge(services.database, Retention(spam_days=1), clock)
    with services.database.reading() as session:
        assert not count_day(session, date(2026, 1, 5))
    assert numbers(services, site).spam_stopped == 1


def test_log_only_mode_counts_what_it_would_have_done(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    site = make_site(services, rules=DECIDING.model_copy(update={"log_only": True}))
    answer = post(client, site, SPAM).get_json()
    assert answer["status"] == "published"
    post(client, site, different(1))
    found = numbers(services, site)
    assert (found.total("came published"), found.total("came spam")) == (2, 0)
    assert (found.total("would be published"), found.total("would be spam")) == (1, 1)
    assert found.spam_stopped == 0


def test_many_uncounted_days_wait_for_the_job(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    site = make_site(services, rules=DECIDING)
    for number in range(9):
        post(client, site, different(number))
        clock.advance(86400)
    assert numbers(services, site).missing == 2
    with services.database.writing() as session:
        assert request_counting(session, clock()) is not None
        assert request_counting(session, clock()) is None
    assert close_days(services.database, clock) == 9
    found = numbers(services, site)
    assert (found.missing, found.total("came published")) == (0, 9)
    with services.database.reading() as session:
        assert len(session.scalars(select(DayCount)).all()) == 9


def test_what_a_verdict_on_a_campaign_does_to_newcomers_is_nobodys_work(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    site, ann = make_site(services, rules=HOLDING), make_person(services)
    words = (
        "Discover the one simple trick that lawyers use to double your pension in only three weeks, ask me how number"
    )

    def send(number: int) -> uuid.UUID:
        fields = {"body": f"{words} {number}", "author_email": f"w{number}@wave.example", "author_name": f"W {number}"}
        return post_id(client, site, fields | {"thread": f"/t{number % 3}"})

    sent = [send(number) for number in range(3)]
    clock.advance(3 * 3600)
    verdict = {"action": "spam", "versions": {str(one): 1 for one in sent}}
    answer = client.post(f"/api/v1/comments/{sent[0]}/campaign/decision", json=verdict, headers=ann.bearer)
    assert answer.status_code == 200, answer.text
    for number in range(3, 9):
        send(number)
    found = numbers(services, site)
    assert found.people[ann.actor.email]["did spam"] == 3
    assert (found.median_wait or 0) > 2 * 3600


def test_audits_that_two_persons_answer_tell_how_far_they_agree(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    rules = DECIDING.model_copy(update={"audit_published": 1.0, "audit_repeated": 1.0})
    site, ann = make_site(services, rules=rules), make_person(services)
    ben, cleo = (make_person(services, Role.MODERATOR, site) for _ in range(2))
    comments = [post_id(client, site, different(number)) for number in range(6)]
    for comment in comments[:5]:
        decide(client, ann, comment, "publish")
    clock.advance(86400)
    for comment, action in zip(comments, ("publish", "spam", "reject"), strict=False):
        decide(client, ben, comment, action)
    # Nobody is asked a third time, whoever changes their mind repeats nothing, and nothing is repeated in full view.
    decide(client, cleo, comments[0], "spam")
    decide(client, ann, comments[3], "spam")
    seen = {"action": "spam", "blind": False}
    client.post(f"/api/v1/comments/{comments[3]}/decision", json=seen, headers=cleo.bearer)
    # An answer that was taken back before the second one came is none.
    mistaken = decide(client, cleo, comments[5], "spam")
    client.post(f"/api/v1/decisions/{mistaken}/undo", headers=cleo.bearer)
    decide(client, ben, comments[5], "publish")
    open_day = numbers(services, site).agreement
    clock.advance(2 * 86400)
    assert close_days(services.database, clock) == 2
    assert (open_day, numbers(services, site).agreement) == ((1, 3), (1, 3))
    # An answer that is taken back another day is no longer half of a pair; given again, it is once more.
    for _ in range(3):
        second = decide(client, cleo, comments[4], "publish")
        assert numbers(services, site).agreement == (2, 4)
        client.post(f"/api/v1/decisions/{second}/undo", headers=cleo.bearer)
        assert numbers(services, site).agreement == (1, 3)
        clock.advance(86400)
        close_days(services.database, clock)
