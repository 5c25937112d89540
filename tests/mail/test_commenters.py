"""Mail to commenters: asked for, only once they are published, ended with one click; and what a proof is worth."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from moderation.policy.rules import Rules
from moderation.services import Services
from moderation.tables import AuthorAddress, Comment, Job, JobState, ReplyNotice, Status
from tests.conftest import FakeClock
from tests.factories import CLEAN, ORIGIN, MadePerson, MadeSite, make_person, make_site
from tests.mail.postbox import Postbox, text_of
from tests.pages.markup import Page

HOME = {"Origin": ORIGIN}
PAGE = f"{ORIGIN}/bread"
MARY, JOE = "mary@example.com", "joe@example.com"
Work = Callable[[], list[Job]]


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site that publishes whatever comes."""
    return make_site(services, rules=Rules(publish_below=1.0, spam_above=1.0, max_links=None, trust_after=1))


@pytest.fixture
def admin(services: Services) -> MadePerson:
    """An admin."""
    return make_person(services)


def write(client: FlaskClient, site: MadeSite, email: str = MARY, **more: Any) -> str:
    """Comment from the page, asking for mail; return the comment's id."""
    fields = CLEAN | {"author_email": email, "thread_url": PAGE, "notify": True} | more
    response = client.post(site.url, json=fields, headers=HOME)
    assert response.status_code == 201, response.text
    return str(response.get_json()["id"])


def decide(client: FlaskClient, admin: MadePerson, comment: str, action: str) -> None:
    """Have a moderator decide."""
    path = f"/api/v1/comments/{comment}/decision"
    assert client.post(path, json={"action": action}, headers=admin.bearer).status_code == 200


def link(text: str, purpose: str) -> str:
    """Return the path of a letter's link."""
    found = re.search(rf"http://127\.0\.0\.1:8000(/mail/{purpose}/[\w.-]+)", text)
    assert found, text
    return found[1]


def confirm(client: FlaskClient, work: Work, postbox: Postbox) -> str:
    """Confirm the address that has just been asked; return where that leads."""
    work()
    response = client.post(link(text_of(postbox.take()), "confirm"))
    assert response.status_code == 303
    return response.location


def test_an_address_is_asked_once_it_is_published_and_nothing_is_quoted(
    client: FlaskClient, services: Services, admin: MadePerson, work: Work, postbox: Postbox
) -> None:
    site = make_site(services, rules=Rules(hold_everything=True, spam_above=1.0))
    comment = write(client, site, author_name="Cheap pills", author_url="https://pills.example")
    work()
    assert postbox.letters == []
    decide(client, admin, comment, "publish")
    work()
    letter = postbox.take()
    assert letter["To"] == MARY
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link(str(letter["List-Unsubscribe"]), "unsubscribe")
    assert b"\nList-Unsubscribe: <http" in postbox.wire
    for words in ("pills", "sourdough", "Cheap"):
        assert words not in letter.as_string()
    decide(client, admin, comment, "hold")
    decide(client, admin, comment, "publish")
    work()
    assert postbox.letters == []


def test_nobody_is_written_to_who_did_not_ask(
    client: FlaskClient, site: MadeSite, work: Work, postbox: Postbox
) -> None:
    first = write(client, site, notify=False)
    write(client, site, JOE, parent_id=first, notify=False)
    assert work() == []
    assert postbox.letters == []


def test_a_stranger_cannot_have_us_write_to_somebody_again_and_again(
    client: FlaskClient, services: Services, site: MadeSite, clock: FakeClock, work: Work, postbox: Postbox
) -> None:
    for number in range(5):
        write(client, site, body=f"The {number}th comment in another's name.")
        clock.advance(3600)
    work()
    first = postbox.take()
    client.post(link(str(first["List-Unsubscribe"]), "unsubscribe"))
    clock.advance(60 * 86_400)
    write(client, site, body="And once more.")
    work()
    assert postbox.letters == []


def test_a_get_changes_nothing(
    client: FlaskClient, services: Services, site: MadeSite, work: Work, postbox: Postbox
) -> None:
    write(client, site)
    work()
    text = text_of(postbox.take())
    for purpose in ("confirm", "unsubscribe"):
        page = Page(client.get(link(text, purpose)))
        assert (page.status, page.what_could_run()) == (200, [])
        assert page.having("form", method="post")
    with services.database.reading() as session:
        address = session.scalars(select(AuthorAddress)).one()
        assert (address.verified_at, address.refused_at) == (None, None)
        assert len(session.scalars(select(ReplyNotice)).all()) == 1


def test_who_confirmed_is_told_of_published_replies_and_can_end_it_with_one_click(
    client: FlaskClient, services: Services, site: MadeSite, admin: MadePerson, work: Work, postbox: Postbox
) -> None:
    comment = write(client, site)
    assert confirm(client, work, postbox).startswith(f"{PAGE}#comment-address=")
    reply = write(client, site, JOE, author_name="Joe", parent_id=comment, body="Mine\nneeded longer.", notify=False)
    work()
    letter = postbox.take()
    assert letter["To"] == MARY
    assert "> Mine\n> needed longer." in text_of(letter)
    assert f"{PAGE}#comment-{reply}" in text_of(letter)
    assert JOE not in letter.as_string()
    path = link(str(letter["List-Unsubscribe"]), "unsubscribe")
    for _ in range(2):
        assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    write(client, site, JOE, parent_id=comment, body="Another reply.", notify=False)
    work()
    assert postbox.letters == []


def test_no_letter_carries_what_is_not_published_when_it_is_sent(
    client: FlaskClient, site: MadeSite, admin: MadePerson, work: Work, postbox: Postbox
) -> None:
    comment = write(client, site)
    confirm(client, work, postbox)
    reply = write(client, site, JOE, parent_id=comment, body="Taken down again at once.", notify=False)
    decide(client, admin, reply, "spam")
    jobs = work()
    assert postbox.letters == []
    assert {job.state for job in jobs} == {JobState.SUCCEEDED}
    decide(client, admin, comment, "reject")
    decide(client, admin, reply, "publish")
    work()
    assert postbox.letters == []


def test_nobody_is_told_of_their_own_reply_or_before_they_confirmed(
    client: FlaskClient, site: MadeSite, work: Work, postbox: Postbox
) -> None:
    comment = write(client, site)
    write(client, site, JOE, parent_id=comment, body="Too early to be told.", notify=False)
    confirm(client, work, postbox)
    write(client, site, MARY.upper(), parent_id=comment, body="P.S. from myself.", notify=False)
    work()
    assert postbox.letters == []


def test_a_server_that_is_away_delays_a_letter_and_loses_none(
    client: FlaskClient, services: Services, site: MadeSite, clock: FakeClock, work: Work, postbox: Postbox
) -> None:
    postbox.answers += ["451 Later", "451 Later"]
    write(client, site)
    for _ in range(2):
        (job,) = work()
        assert (job.state, job.attempts, job.message) == (JobState.QUEUED, 0, "Waiting for the mail server.")
        work()
        assert postbox.letters == []
        clock.advance((job.run_after - clock()).total_seconds())
    (job,) = work()
    assert job.state is JobState.SUCCEEDED
    assert postbox.take()["Message-ID"] == f"<{job.id}@service.example>"


def test_a_letter_that_is_refused_for_good_is_given_up(
    client: FlaskClient, site: MadeSite, clock: FakeClock, work: Work, postbox: Postbox
) -> None:
    postbox.answers += ["554 Never heard of mary@example.com"]
    write(client, site)
    (job,) = work()
    assert job.state is JobState.FAILED
    assert MARY not in job.message
    postbox.answers += ["451 Later"]
    write(client, site, JOE)
    work()
    clock.advance(4 * 86_400)
    postbox.answers += ["451 Later"]
    assert [job.state for job in work()] == [JobState.FAILED, JobState.FAILED]


def test_a_proof_makes_trust_and_the_address_alone_does_not(
    client: FlaskClient, services: Services, clock: FakeClock, admin: MadePerson, work: Work, postbox: Postbox
) -> None:
    site = make_site(services, rules=Rules(publish_below=0.0, spam_above=1.0, trust_after=1))
    first = write(client, site)
    decide(client, admin, first, "publish")
    proof = confirm(client, work, postbox).partition("#comment-address=")[2]
    other = make_site(services, rules=Rules(publish_below=0.0, spam_above=1.0, trust_after=1))
    cases = [
        (site, MARY, proof, Status.PUBLISHED),
        (site, MARY, "", Status.PENDING),
        (site, MARY, proof[:-1], Status.PENDING),
        (site, JOE, proof, Status.PENDING),
        (other, MARY, proof, Status.PENDING),
    ]
    for number, (where, email, token, expected) in enumerate(cases):
        comment = write(client, where, email, body=f"Thought number {number}.", address_token=token, notify=False)
        with services.database.reading() as session:
            stored = session.scalars(select(Comment).order_by(Comment.id.desc())).first()
            assert stored is not None
            assert (str(stored.id), stored.status) == (comment, expected), number
    with services.database.writing() as session:
        session.delete(session.scalars(select(AuthorAddress)).one())
    write(client, site, body="The proof was taken back.", address_token=proof, notify=False)
    with services.database.reading() as session:
        stored = session.scalars(select(Comment).order_by(Comment.id.desc())).first()
        assert stored is not None
        assert stored.status is Status.PENDING


def test_links_end_and_are_good_for_nothing_else(
    client: FlaskClient, site: MadeSite, clock: FakeClock, work: Work, postbox: Postbox
) -> None:
    write(client, site)
    work()
    text = text_of(postbox.take())
    path, way_out = link(text, "confirm"), link(text, "unsubscribe")
    token = path.rpartition("/")[2]
    for purpose in ("unsubscribe", "review", "digest-off"):
        assert client.post(f"/mail/{purpose}/{token}", data={"action": "publish"}).status_code == 404
    assert client.post(path[:-1]).status_code == 404
    clock.advance(14 * 86_400)
    page = Page(client.post(path))
    assert page.status == 404
    assert "This link was good for a while" in page.text
    clock.advance(1000 * 86_400)
    assert client.post(way_out).status_code == 200


def test_a_plain_form_asks_and_remembers_what_was_ticked(
    client: FlaskClient, services: Services, site: MadeSite, work: Work, postbox: Postbox
) -> None:
    sent = {k: v for k, v in CLEAN.items() if k != "author_email"} | {"thread_url": PAGE, "notify": "1"}
    again = Page(client.post(f"/sites/{site.id}/comments", data=sent | {"author_email": "no"}, headers=HOME))
    assert again.status == 422
    assert again.having("input", name="notify", checked="")
    assert (
        client.post(f"/sites/{site.id}/comments", data=sent | {"author_email": MARY}, headers=HOME).status_code == 303
    )
    work()
    assert postbox.take()["To"] == MARY


def test_without_a_mail_server_nothing_waits_for_one(
    client: FlaskClient, services: Services, site: MadeSite, work: Work, postbox: Postbox
) -> None:
    silent = services.settings.model_copy(update={"smtp_url": None, "mail_from": None})
    client.application.extensions["moderation"] = services.__class__(
        silent, services.database, services.live_model, services.clock, services.secret_key
    )
    assert client.get(f"/api/v1/sites/{site.id}/form?thread=/bread").get_json()["notices"] is False
