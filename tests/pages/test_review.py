"""The desk without scripts: plain forms, each answered by a redirect."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from moderation.policy.rules import Rules
from moderation.services import Services
from moderation.tables import Comment, Decision, Status
from tests.factories import SPAM, MadePerson, MadeSite, different, make_site, post_id
from tests.pages.conftest import sign_in
from tests.pages.markup import Page


def read(services: Services, comment_id: uuid.UUID) -> Comment:
    """Return the comment as it is stored."""
    with services.database.reading() as session:
        return session.get_one(Comment, comment_id)


def decide(desk: FlaskClient, comment_id: uuid.UUID, action: str, where: str = "/review", **more: str) -> Page:
    """Press a button of the comment on a page, and follow to where that leads."""
    page = Page(desk.get(where))
    form = next(
        form
        for form in page.forms
        if f"/comments/{comment_id}/decision" in form.action and ("action", action) in form.buttons
    )
    response = desk.post(form.action, data=form.fields | {"action": action, **more})
    assert response.status_code == 303, response.text
    return Page(desk.get(response.location))


@pytest.mark.parametrize(
    ("action", "status", "said"),
    [
        ("publish", Status.PUBLISHED, "is published."),
        ("spam", Status.SPAM, "is marked as spam."),
        ("reject", Status.REJECTED, "is rejected."),
        ("hold", Status.PENDING, "is held."),
    ],
)
def test_a_decision_and_its_undo_need_no_script(
    client: FlaskClient,
    services: Services,
    site: MadeSite,
    moderator: MadePerson,
    action: str,
    status: Status,
    said: str,
) -> None:
    comment = post_id(client, site, author_name="Ada")
    sign_in(client, moderator)
    page = decide(client, comment, action)
    assert f"The comment of Ada {said}" in page.text
    assert read(services, comment).status is status
    undo = page.form("/undo")
    response = client.post(undo.action, data=undo.fields)
    assert response.status_code == 303
    assert "Taken back: the comment of Ada is pending again." in Page(client.get(response.location)).text
    assert read(services, comment).status is Status.PENDING


def test_a_rejection_keeps_its_reason_in_the_history(
    client: FlaskClient, services: Services, site: MadeSite, desk: FlaskClient, moderator: MadePerson
) -> None:
    comment = post_id(client, site)
    decide(desk, comment, "reject", reason="Off-topic <b>here</b>")
    with services.database.reading() as session:
        last = session.scalars(select(Decision).where(Decision.number == 2)).one()
    assert (last.reason, last.origin) == ("Off-topic <b>here</b>", "review")
    page = Page(desk.get(f"/review/comments/{comment}"))
    assert "Off-topic <b>here</b>" in page.text
    assert "<b>here" not in page.html
    assert moderator.actor.email in page.text


def test_a_decision_leads_back_to_the_same_filters(client: FlaskClient, site: MadeSite, desk: FlaskClient) -> None:
    comment = post_id(client, site)
    page = decide(desk, comment, "spam", where=f"/review?order=newest&site={site.id}&q=sourdough")
    assert 'value="sourdough"' in page.html
    assert "0 pending comments match" in page.text
    assert "Spam 1" in page.text


def test_what_was_not_counted_to_the_end_is_not_told_as_all(
    client: FlaskClient, site: MadeSite, desk: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        post_id(client, site, different(number), body=f"Sourdough takes patience, and {number} hours.")
    assert "3 pending comments match" in Page(desk.get("/review?q=sourdough")).text
    monkeypatch.setattr("moderation.review.queue.MOST_LOOKED_AT", 2)
    assert "2 or more pending comments match" in Page(desk.get("/review?q=sourdough&limit=1")).text


def test_the_form_of_a_comment_decided_meanwhile_is_answered_with_who_decided_what(
    app: Flask, client: FlaskClient, services: Services, site: MadeSite, desk: FlaskClient, admin: MadePerson
) -> None:
    comment = post_id(client, site)
    form = Page(desk.get("/review")).form("/decision")
    decide(sign_in(app.test_client(), admin), comment, "spam")
    response = desk.post(form.action, data=form.fields | {"action": "publish"})
    page = Page(response)
    assert page.status == 409
    assert f"{admin.actor.email} has decided on this comment meanwhile: it is spam now." in page.text
    assert read(services, comment).status is Status.SPAM
    assert page.having("a", href=f"/review/comments/{comment}")


def test_an_undo_that_comes_too_late_is_answered_with_what_happened(
    app: Flask, client: FlaskClient, services: Services, site: MadeSite, desk: FlaskClient, admin: MadePerson
) -> None:
    comment = post_id(client, site)
    undo = decide(desk, comment, "publish").form("/undo")
    decide(sign_in(app.test_client(), admin), comment, "spam", where="/review?status=published")
    page = Page(desk.post(undo.action, data=undo.fields))
    assert page.status == 409
    assert admin.actor.email in page.text
    assert read(services, comment).status is Status.SPAM


def test_nothing_is_decided_without_the_pages_token(
    client: FlaskClient, services: Services, site: MadeSite, desk: FlaskClient
) -> None:
    comment = post_id(client, site)
    form = Page(desk.get("/review")).form("/decision")
    for token in ("", "nonsense"):
        fields = form.fields | {"action": "publish", "csrf_token": token}
        assert Page(desk.post(form.action, data=fields)).status == 403
    assert read(services, comment).status is Status.PENDING


@pytest.mark.parametrize(
    "fields",
    [{"action": "judge"}, {}, {"action": "publish", "version": "x"}, {"action": "reject", "reason": "x" * 1001}],
)
def test_a_decision_that_cannot_be_read_is_a_page_that_says_so(
    client: FlaskClient, services: Services, site: MadeSite, desk: FlaskClient, fields: dict[str, str]
) -> None:
    comment = post_id(client, site)
    token = Page(desk.get("/review")).form("/decision").fields["csrf_token"]
    page = Page(desk.post(f"/review/comments/{comment}/decision", data=fields | {"csrf_token": token}))
    assert page.status == 422
    assert read(services, comment).status is Status.PENDING


def test_a_moderator_sees_and_decides_only_at_their_own_sites(
    client: FlaskClient, services: Services, desk: FlaskClient, office: FlaskClient
) -> None:
    other = make_site(services, origin="https://other.example")
    theirs = post_id(client, other, author_name="Elsewhere")
    for address in ("/review", "/review?status=published", "/review?status=spam", "/review?q=sourdough"):
        assert "Elsewhere" not in desk.get(address).text
    assert desk.get(f"/review?site={other.id}").status_code == 404
    assert desk.get(f"/review/comments/{theirs}").status_code == 404
    form = Page(desk.get("/review")).form("/logout")
    decision = {"action": "spam", "csrf_token": form.fields["csrf_token"]}
    assert desk.post(f"/review/comments/{theirs}/decision", data=decision).status_code == 404
    before = read(services, theirs)
    assert f"/review/comments/{theirs}" in office.get(f"/review?status={before.status.value}").text
    # Nor does the notice of somebody's decision tell anything to somebody else.
    with services.database.reading() as session:
        first = session.scalars(select(Decision.id).where(Decision.comment_id == theirs)).one()
    assert "Elsewhere" not in desk.get(f"/review?done={first}").text


def test_pages_follow_one_another_without_gap_or_double(client: FlaskClient, site: MadeSite, desk: FlaskClient) -> None:
    sent = [str(post_id(client, site, different(number))) for number in range(7)]
    seen: list[str] = []
    address = "/review?limit=3&collapse=false"
    while address:
        page = Page(desk.get(address))
        seen += [card["data-id"] for card in page.having("article")]
        address = next(iter(page.having("a", rel="next")), {}).get("href", "")
    assert seen == sent


def test_the_card_shows_the_reasons_the_evidence_and_what_only_moderators_may_see(
    client: FlaskClient, site: MadeSite, desk: FlaskClient
) -> None:
    comment = post_id(client, site, SPAM, ip="203.0.113.9", user_agent="python-requests/2.31")
    queue = Page(desk.get("/review"))
    for expected in (
        SPAM["author_email"],
        "203.0.113.9",
        "python-requests/2.31",
        "likely spam",
        "between the cuts",
    ):
        assert expected in queue.text
    assert [a for a in queue.having("mark") if a["class"].startswith("spam-")]
    details = Page(desk.get(f"/review/comments/{comment}"))
    assert "The judge judged it" in details.text
    assert "before reading" in details.text
    assert details.having("table")


@pytest.mark.parametrize("address", ["status=nonsense", "order=up", "site=x", "cursor=x", "limit=0"])
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_address_that_asks_for_nonsense_is_a_page_that_says_so(desk: FlaskClient, address: str) -> None:
    assert Page(desk.get(f"/review?{address}")).status == 422


def test_the_counts_are_there_for_a_page_that_is_left_open(
    client: FlaskClient, site: MadeSite, desk: FlaskClient
) -> None:
    post_id(client, site)
    assert desk.get("/review/counts").get_json() == {"published": 0, "pending": 1, "spam": 0, "rejected": 0, "audit": 0}


def test_a_comment_tells_what_would_turn_the_verdict_and_what_its_author_wrote_before(
    client: FlaskClient, services: Services, office: FlaskClient
) -> None:
    site = make_site(services, rules=Rules(publish_below=0.5, spam_above=0.5, audit_spam=0.0, audit_published=0.0))
    earlier = post_id(client, site, author_url="")
    comment = post_id(client, site, SPAM, author_email="mary@example.com")
    for address in (f"/review/comments/{comment}", f"/review/comments/{comment}/more"):
        page = Page(office.get(address))
        assert "Earlier comments" in page.text
        assert page.having("a", href=f"/review/comments/{earlier}")
    genuine = Page(office.get(f"/review/comments/{earlier}/more"))
    assert "Would be" not in genuine.text
    fields = {**SPAM, "author_email": "", "body": "I tried the rye recipe on Monday and let the dough rest. Thank you!"}
    turned = post_id(client, site, fields, author_email="lee@example.com")
    assert read(services, turned).status is Status.SPAM
    assert "Would be published without" in Page(office.get(f"/review/comments/{turned}")).text


def test_nothing_is_said_to_turn_a_verdict_that_a_rule_or_a_promise_would_not_let_turn(
    client: FlaskClient, services: Services, office: FlaskClient
) -> None:
    fields = {**SPAM, "author_email": "", "body": "I tried the rye recipe on Monday and let the dough rest. Thank you!"}
    holding = Rules(publish_below=0.5, spam_above=1.0, max_links=None, hold_everything=True)
    # Of a promise that no label keeps yet, all is held.
    promising = Rules(max_links=None, max_ham_as_spam=0.0001, max_spam_in_published=0.0001, confidence=0.99)
    for rules in (holding, promising):
        held = post_id(client, make_site(services, rules=rules), fields, author_email="lee@example.com")
        assert read(services, held).status is Status.PENDING
        assert "Would be" not in Page(office.get(f"/review/comments/{held}")).text


def test_what_the_site_knows_of_the_author_is_told_in_words(
    client: FlaskClient, site: MadeSite, desk: FlaskClient
) -> None:
    for number in range(3):
        decide(desk, post_id(client, site, body=f"Spam number {number}"), "spam")
    comment = post_id(client, site)
    page = Page(desk.get(f"/review/comments/{comment}"))
    assert "spam before: this e-mail address" in page.text
    assert "author_spam" not in page.html
