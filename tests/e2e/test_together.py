"""Two moderators at one queue, in two browsers: claims, skips, notes, replies, and no comment decided twice or lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import expect
from sqlalchemy import select

from moderation.policy.rules import Rules
from moderation.services import Services
from moderation.tables import Comment, Decision, Role
from tests.e2e.conftest import Open
from tests.e2e.looks import check_looks, take_picture
from tests.e2e.test_desk import ANNA, LIGHTS, MARGIT, names, until
from tests.e2e.voices import PENDING
from tests.factories import MadePerson, MadeSite, different, make_person, make_site, post_id

pytestmark = pytest.mark.e2e

Standing = Callable[[], dict[str, str]]


def test_two_browsers_work_one_queue_and_no_comment_is_decided_twice_or_lost(
    ann: MadePerson, ben: MadePerson, services: Services, sign_in: Open, standing: Standing
) -> None:
    hers, his = sign_in(ann), sign_in(ben)
    for page in (hers, his):
        # No time passes between the keys, however slow the machine.
        page.clock.install()
        page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))
    # Both go as fast as keys are pressed, she forwards and he from behind; in the middle they meet.
    his.keyboard.press("j")
    for _ in range(4):
        his.keyboard.press("j")
    for _ in range(5):
        hers.keyboard.press("p")
        his.keyboard.press("p")
    until(lambda: "pending" not in standing().values())
    with services.database.reading() as session:
        made = session.scalars(select(Decision).where(Decision.person_id.is_not(None))).all()
        stored = session.scalars(select(Comment)).all()
    assert len(made) == len(stored) == len({one.comment_id for one in made})
    for page in (hers, his):
        conflict = page.get_by_role("button", name="Leave it so")
        # It may come back at any time as long as it is on its way.
        page.add_locator_handler(conflict.first, lambda button: button.click(), no_wait_after=True)
        expect(page.locator("[data-empty]")).to_be_visible()


def test_who_looks_at_a_comment_is_told_to_the_other_and_counted_down(
    ann: MadePerson, ben: MadePerson, sign_in: Open, standing: Standing
) -> None:
    hers = sign_in(ann)
    mine = hers.locator(".card", has_text=LIGHTS).locator("[data-claim]")
    expect(mine).to_have_text(re.compile(r"Yours for [12]:\d\d"))
    his = sign_in(ben)
    card = his.locator(".card", has_text=LIGHTS)
    expect(card.locator("[data-claim]")).to_have_text(f"{ann.actor.email} is looking at it")
    # Going back and forth he may land on it, but a decision leads past it.
    his.keyboard.press("j")
    his.keyboard.press("j")
    expect(his.locator(".card:focus h2")).to_have_text(MARGIT)
    check_looks(his)
    take_picture(his, "claim")
    hers.keyboard.press("s")
    until(lambda: standing()[LIGHTS] == "spam")
    # What she decided leaves his screen with the next look around.
    his.keyboard.press("j")
    expect(card).to_have_count(0)


def test_two_audit_the_same_comments_and_neither_is_told_what_the_other_said(
    services: Services, sign_in: Open, client: FlaskClient
) -> None:
    twice = {"audit_spam": 1.0, "audit_published": 1.0, "audit_repeated": 1.0}
    site = make_site(services, rules=Rules(publish_below=0.5, spam_above=0.5, max_links=None, **twice))
    ann, ben = (make_person(services, Role.MODERATOR, site) for _ in range(2))
    for number in range(3):
        post_id(client, site, different(number))
    hers, his = (sign_in(who, "/review?status=audit") for who in (ann, ben))
    shown = hers.locator(".card:visible")
    expect(shown).to_have_count(3)
    for done in range(1, 4):
        with his.expect_response("**/decision"):
            his.keyboard.press("p")
        expect(his.locator(".card")).to_have_count(3 - done)
    # She looks around, and is told nothing of it: not on the page, not by the server, nor by a refusal.
    with hers.expect_response("**/api/v1/claims") as told:
        hers.keyboard.press("j")
    assert told.value.json()["moved"] == []
    expect(shown).to_have_count(3)
    expect(hers.locator(".notice.bad")).to_have_count(0)
    hers.keyboard.press("l")
    hers.keyboard.press("k")
    for _ in range(2):
        with hers.expect_response("**/decision") as answer:
            hers.keyboard.press("s")
        assert answer.value.json()["decision"]["origin"] == "audit"
    expect(hers.locator(".card")).to_have_count(0)
    hers.reload()
    expect(hers.locator(".card")).to_have_count(0)
    hers.get_by_role("button", name="Take back what I skipped").click()
    expect(hers.locator(".card")).to_have_count(1)
    check_looks(hers)
    hers.locator(".card time").first.click()
    expect(hers.get_by_text("Decided already; how, you see afterwards.")).to_be_visible()
    expect(hers.get_by_text("None", exact=True)).to_have_count(0)
    check_looks(hers)


def test_what_one_skips_the_other_still_has(ann: MadePerson, ben: MadePerson, sign_in: Open) -> None:
    hers = sign_in(ann)
    hers.keyboard.press("l")
    assert LIGHTS not in names(hers)
    hers.keyboard.press("u")
    assert names(hers)[0] == LIGHTS
    with hers.expect_response("**/skip"):
        hers.keyboard.press("l")
    hers.reload()
    assert LIGHTS not in names(hers)
    assert LIGHTS in names(sign_in(ben))
    hers.get_by_role("button", name="Take back what I skipped").click()
    assert LIGHTS in names(hers)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_note_is_there_for_the_other(ann: MadePerson, ben: MadePerson, sign_in: Open, scripts: bool) -> None:
    hers = sign_in(ann, java_script_enabled=scripts)
    card = hers.locator(".card", has_text=MARGIT)
    if scripts:
        hers.keyboard.press("j")
        hers.keyboard.press("j")
        hers.keyboard.press("n")
        hers.keyboard.type("She wrote to us last year.")
    else:
        card.locator("details.note > summary").click()
        card.get_by_role("textbox", name="Note").fill("She wrote to us last year.")
    hers.keyboard.press("Enter")
    expect(card.locator(".notes")).to_contain_text("She wrote to us last year.")
    told = sign_in(ben).locator(".card", has_text=MARGIT).locator(".notes")
    expect(told).to_contain_text(f"{ann.actor.email} She wrote to us last year.")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_held_comment_is_published_with_an_answer(
    ann: MadePerson, sign_in: Open, standing: Standing, scripts: bool
) -> None:
    page = sign_in(ann, java_script_enabled=scripts)
    card = page.locator(".card", has_text=ANNA)
    if scripts:
        card.focus()
        page.keyboard.press("w")
    else:
        card.locator("details.reply > summary").click()
    card.get_by_label("Signed with").fill("The gardener")
    card.get_by_label("Your reply").fill("Before, and again after.")
    card.get_by_role("button", name="Publish and reply").click()
    until(lambda: standing().get("The gardener") == "published")
    assert standing()[ANNA] == "published"
    page.get_by_role("button", name="Undo").click()
    until(lambda: standing()["The gardener"] == "rejected")
    assert standing()[ANNA] == "pending"


def test_the_comment_at_hand_tells_what_its_author_wrote_before(
    app: Flask, garden: MadeSite, ann: MadePerson, sign_in: Open
) -> None:
    before = {**PENDING[1], "body": "Basil wants more light than tomatoes do.", "thread": "basil"}
    assert app.test_client().post(garden.url, json=before, headers=garden.bearer).status_code == 201
    page = sign_in(ann, f"/review?q={MARGIT.split()[1]}")
    page.keyboard.press("j")
    more = page.locator(".card", has_text="grow-light trick").locator("[data-more]")
    expect(more).to_contain_text("Earlier comments")
    expect(more.get_by_role("link", name="Basil wants more light than tomatoes do.")).to_be_visible()
    check_looks(page)
