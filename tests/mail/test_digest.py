"""Mail to moderators: one letter for all that waits, nothing in it that could be clicked, nothing decided by a GET."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from moderation.mail.digest import choose, plan_digests
from moderation.policy.rules import Rules
from moderation.services import Services
from moderation.tables import Comment, Decision, DigestPlan, Job, Person, Role, Status
from tests.conftest import FakeClock
from tests.factories import CLEAN, MadePerson, MadeSite, make_person, make_site, post_id
from tests.mail.postbox import Postbox, text_of
from tests.mail.test_commenters import link
from tests.pages.conftest import sign_in
from tests.pages.markup import Page

Work = Callable[[], list[Job]]
HOUR = 3600
SHADY = "Click https://pills.example/now or write to me@pills.example\nVote: http://x.example/mail/review/abc"


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site that publishes nothing unseen."""
    return make_site(services, rules=Rules(hold_everything=True, spam_above=1.0, max_links=None))


@pytest.fixture
def moderator(services: Services, site: MadeSite) -> MadePerson:
    """The site's moderator."""
    return make_person(services, Role.MODERATOR, site)


@pytest.fixture
def plan(services: Services, work: Work) -> Callable[[], int]:
    """Look, when called, who is to be told, and send the letters; return how many there were to send."""

    def run() -> int:
        with services.database.writing() as session:
            planned = plan_digests(session, services.clock())
        work()
        return len(planned)

    return run


def status_of(services: Services, path: str) -> Status:
    """Return how the only comment stands, whatever was done to the link."""
    with services.database.reading() as session:
        return session.scalars(select(Comment)).one().status


@pytest.mark.usefixtures("moderator")
def test_a_flood_makes_one_letter_a_day(
    client: FlaskClient, site: MadeSite, clock: FakeClock, plan: Callable[[], int], postbox: Postbox
) -> None:
    assert plan() == 0
    for number in range(25):
        post_id(client, site, body=f"Comment number {number}, and nothing else.", author_email=f"a{number}@example.com")
    assert plan() == 1
    letter = postbox.take()
    assert letter["Subject"] == "25 comments wait to be decided on"
    assert text_of(letter).count("Look and decide:") == 10
    assert "… and 15 more." in text_of(letter)
    assert "a3@example.com" not in letter.as_string()
    for _ in range(5):
        post_id(client, site, author_email=f"b{clock.now.hour}@example.com")
        clock.advance(4 * HOUR)
        assert plan() == 0
    clock.advance(4 * HOUR)
    assert plan() == 1
    assert postbox.take()["Subject"] == "30 comments wait to be decided on"


def test_nothing_a_stranger_wrote_can_be_clicked(
    client: FlaskClient, site: MadeSite, moderator: MadePerson, plan: Callable[[], int], postbox: Postbox
) -> None:
    post_id(client, site, body=SHADY, author_name="pills.example", thread_title="https://pills.example/")
    plan()
    text = text_of(postbox.take())
    assert "> Click hxxps[:]//pills[.]example/now or write to me[at]pills[.]example Vote: hxxp[:]//x[.]example" in text
    assert set(re.findall(r"https?://([^/\s]+)", text)) == {"127.0.0.1:8000"}
    assert "@" not in text
    assert "pills.example" not in text


def test_a_moderator_is_told_of_their_own_sites_and_an_admin_of_all(
    client: FlaskClient, services: Services, site: MadeSite, plan: Callable[[], int], postbox: Postbox
) -> None:
    other = make_site(services, rules=Rules(hold_everything=True, spam_above=1.0))
    ann, root = make_person(services, Role.MODERATOR, other), make_person(services)
    quiet = make_person(services, Role.MODERATOR, make_site(services))
    post_id(client, site)
    post_id(client, other)
    assert plan() == 2
    told = {str(letter["To"]): letter["Subject"] for letter in postbox.letters}
    assert told == {
        ann.actor.email: "1 comment waits to be decided on",
        root.actor.email: "2 comments wait to be decided on",
    }
    assert quiet.actor.email not in told


def test_a_link_shows_and_only_a_press_decides(
    client: FlaskClient,
    services: Services,
    site: MadeSite,
    moderator: MadePerson,
    plan: Callable[[], int],
    postbox: Postbox,
) -> None:
    comment = post_id(client, site, body=SHADY)
    plan()
    path = link(text_of(postbox.take()), "review")
    for method in ("get", "head", "options"):
        assert getattr(client, method)(path).status_code == 200
    page = Page(client.get(path))
    assert page.what_could_run() == []
    assert page.forms[0].buttons == [("action", "publish"), ("action", "spam"), ("action", "reject")]
    assert not page.having("a", href="https://pills.example/now")
    assert status_of(services, path) is Status.PENDING
    assert client.post(path).status_code == 422
    assert client.post(path, data={"action": "undo"}).status_code == 422
    assert client.post(path, data={"action": "judge"}).status_code == 422
    assert status_of(services, path) is Status.PENDING
    assert "Published." in Page(client.post(path, data={"action": "publish"})).text
    assert status_of(services, path) is Status.PUBLISHED
    with services.database.reading() as session:
        last = session.scalars(select(Decision).where(Decision.comment_id == comment).order_by(Decision.number.desc()))
        decision = last.first()
        assert decision is not None
        assert decision.person_id == moderator.actor.person_id


def test_a_link_is_good_once_for_one_comment_for_one_person(
    client: FlaskClient,
    services: Services,
    site: MadeSite,
    moderator: MadePerson,
    clock: FakeClock,
    plan: Callable[[], int],
    postbox: Postbox,
) -> None:
    post_id(client, site)
    plan()
    path = link(text_of(postbox.take()), "review")
    client.post(path, data={"action": "spam"})
    page = Page(client.post(path, data={"action": "publish"}))
    assert page.status == 409
    assert "meanwhile" in page.text
    assert "Something has happened to this comment" in Page(client.get(path)).text
    assert not Page(client.get(path)).forms
    assert status_of(services, path) is Status.SPAM
    with services.database.writing() as session:
        session.execute(update(Person).values(disabled_at=clock()))
    assert client.get(path).status_code == 303
    assert client.post(path, data={"action": "publish"}).status_code == 303
    with services.database.writing() as session:
        session.execute(update(Person).values(disabled_at=None))
    clock.advance(3 * 24 * HOUR)
    assert client.get(path).status_code == 404
    assert status_of(services, path) is Status.SPAM


def test_how_often_is_everybodys_own_choice(
    client: FlaskClient,
    services: Services,
    site: MadeSite,
    moderator: MadePerson,
    clock: FakeClock,
    plan: Callable[[], int],
    postbox: Postbox,
) -> None:
    sign_in(client, moderator)
    form = Page(client.get("/mail/digest")).form("")
    assert client.post("/mail/digest", data={"every_hours": "1"}).status_code == 403
    assert client.post("/mail/digest", data=form.fields | {"every_hours": "7"}).status_code == 422
    assert client.post("/mail/digest", data=form.fields | {"every_hours": "1"}).status_code == 303
    page = Page(client.get("/mail/digest?changed=1"))
    assert page.having("option", value="1", selected="")
    post_id(client, site)
    assert plan() == 1
    clock.advance(HOUR - 1)
    assert plan() == 0
    clock.advance(1)
    assert plan() == 1
    text = text_of(postbox.letters[-1])
    path = link(text, "digest-off")
    client.get(path)
    clock.advance(HOUR)
    assert plan() == 1
    assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    clock.advance(1000 * HOUR)
    assert plan() == 0
    with services.database.reading() as session:
        assert session.scalars(select(DigestPlan)).one().every_hours == 0


def test_who_asks_for_less_is_told_less_at_once(
    client: FlaskClient,
    services: Services,
    site: MadeSite,
    moderator: MadePerson,
    clock: FakeClock,
    plan: Callable[[], int],
) -> None:
    post_id(client, site)
    assert plan() == 1
    with services.database.writing() as session:
        choose(session, moderator.actor.person_id, 168, clock())
    clock.advance(167 * HOUR)
    assert plan() == 0
    clock.advance(HOUR)
    assert plan() == 1


def test_what_was_decided_meanwhile_makes_no_letter(
    client: FlaskClient, services: Services, site: MadeSite, moderator: MadePerson, work: Work, postbox: Postbox
) -> None:
    comment = post_id(client, site)
    with services.database.writing() as session:
        assert len(plan_digests(session, services.clock())) == 1
    path = f"/api/v1/comments/{comment}/decision"
    client.post(path, json={"action": "publish"}, headers=moderator.bearer)
    (job,) = work()
    assert job.result == {"sent": False}
    assert postbox.letters == []


def test_a_stranger_sees_no_settings(client: FlaskClient) -> None:
    response = client.get("/mail/digest")
    assert response.status_code == 303
    assert "/login" in response.location


@pytest.mark.parametrize("token", ["x", "WzBd.x", "é", "a" * 3000])
@pytest.mark.parametrize("purpose", ["confirm", "unsubscribe", "review", "digest-off"])
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_link_that_is_none_of_ours_opens_nothing(client: FlaskClient, purpose: str, token: str) -> None:
    for method in (client.get, client.post):
        response = method(f"/mail/{purpose}/{token}", data={"action": "publish"})
        assert response.status_code == 404
        assert CLEAN["body"] not in response.text
