"""Many at once, in a browser: campaigns, bulk decisions with their preview, and one undo for all of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Open
from tests.e2e.looks import LOOKS, check_looks, each_look, take_picture
from tests.e2e.test_desk import LIGHTS, MARGIT, PIET, hold_back, names, until
from tests.e2e.voices import PENDING
from tests.factories import MadePerson

pytestmark = pytest.mark.e2e

Standing = Callable[[], dict[str, str]]


def count_of(standing: Standing, status: str) -> int:
    return list(standing().values()).count(status)


def test_a_campaign_is_one_card_one_key_and_one_undo(
    flood: list[str], ann: MadePerson, sign_in: Open, standing: Standing
) -> None:
    page = sign_in(ann)
    assert names(page) == [*([LIGHTS] if names(page)[0] == LIGHTS else []), flood[0], *names(page)[-4:]]
    card = page.locator(".card", has=page.locator(".campaign"))
    expect(card).to_contain_text("12 nearly the same comments: 12 pending – in 2 threads.")
    card.focus()
    page.keyboard.press("s")
    expect(page.locator(".toast")).to_contain_text("Marked as spam: 12 nearly the same comments")
    expect(page.locator("[data-count=pending]")).to_have_text(str(len(PENDING)))
    until(lambda: count_of(standing, "spam") == 12)
    page.keyboard.press("u")
    until(lambda: count_of(standing, "pending") == 12 + len(PENDING))
    # What was taken back can be decided again: the versions have moved on.
    page.keyboard.press("s")
    until(lambda: count_of(standing, "spam") == 12)
    expect(page.locator("[data-count=spam]")).to_have_text("12")


def test_a_campaign_is_decided_again_before_its_undo_has_come_back(
    flood: list[str], ann: MadePerson, sign_in: Open, standing: Standing
) -> None:
    page = sign_in(ann)
    page.locator(".card", has=page.locator(".campaign")).focus()
    page.keyboard.press("s")
    until(lambda: count_of(standing, "spam") == len(flood))
    let_go = hold_back(page, "**/undo")
    page.keyboard.press("u")
    page.keyboard.press("p")
    let_go()
    until(lambda: count_of(standing, "published") == len(flood))
    expect(page.locator(".card .notice")).to_have_count(0)


def test_a_selection_waits_for_the_undo_of_what_is_in_it(ann: MadePerson, sign_in: Open, standing: Standing) -> None:
    page = sign_in(ann)
    for key in ("a", "s"):
        page.keyboard.press(key)
    expect(page.get_by_role("dialog")).to_contain_text("are pending now")
    page.keyboard.press("Enter")
    until(lambda: count_of(standing, "spam") == len(PENDING))
    let_go = hold_back(page, "**/undo")
    for key in ("u", "a", "p"):
        page.keyboard.press(key)
    dialog = page.get_by_role("dialog", name=f"Publish {len(PENDING)} comments?")
    expect(dialog).to_contain_text("Looking how they stand")
    let_go()
    expect(dialog).to_contain_text(f"{len(PENDING)} are pending now.")
    page.keyboard.press("Enter")
    until(lambda: count_of(standing, "published") == len(PENDING))
    # One of several, too, waits for what was asked about all of them.
    let_go = hold_back(page, "**/undo")
    page.keyboard.press("u")
    page.keyboard.press("j")
    page.keyboard.press("s")
    let_go()
    until(lambda: (count_of(standing, "spam"), count_of(standing, "pending")) == (1, len(PENDING) - 1))


def test_a_campaign_that_is_selected_is_decided_on_as_a_whole(
    flood: list[str], ann: MadePerson, sign_in: Open, standing: Standing
) -> None:
    page = sign_in(ann)
    every = len(PENDING) + len(flood)
    page.keyboard.press("a")
    expect(page.locator("#bulk")).to_contain_text(f"{every} selected")
    page.keyboard.press("s")
    expect(page.get_by_role("dialog", name=f"Mark as spam {every} comments?")).to_contain_text("are pending now")
    page.keyboard.press("Enter")
    until(lambda: count_of(standing, "spam") == every)
    expect(page.locator("[data-count=spam]")).to_have_text(str(every))
    page.keyboard.press("u")
    until(lambda: count_of(standing, "pending") == every)
    expect(page.locator(".card")).to_have_count(len(PENDING) + 1)


def test_what_changed_meanwhile_and_still_waits_comes_back(
    ann: MadePerson, ben: MadePerson, sign_in: Open, standing: Standing
) -> None:
    page, his = sign_in(ann), sign_in(ben)
    let_go = hold_back(page, "**/api/v1/decisions")
    page.keyboard.press("a")
    page.keyboard.press("s")
    expect(page.get_by_role("dialog")).to_contain_text("are pending now")
    page.keyboard.press("Enter")
    with his.expect_response("**/decision"):
        his.keyboard.press("h")
    let_go()
    until(lambda: count_of(standing, "spam") == len(PENDING) - 1)
    expect(page.locator(".toast")).to_contain_text("1 of them was decided on since and left alone.")
    assert names(page) == [LIGHTS]
    expect(page.locator(".card .notice")).to_contain_text("it is pending now")
    expect(page.locator("[data-count=pending]")).to_have_text("1")


def test_a_day_costs_about_a_key_a_comment(
    flood: list[str], ann: MadePerson, sign_in: Open, standing: Standing
) -> None:
    page, keys = sign_in(ann), 0
    while page.locator(".current .card").count():
        spam = page.locator(".current .card h2").inner_text() in {LIGHTS, *flood}
        page.keyboard.press("s" if spam else "p")
        keys += 1
        assert keys <= len(PENDING) + len(flood)
    until(lambda: count_of(standing, "pending") == 0)
    assert count_of(standing, "spam") == len(flood) + 1
    assert keys == len(PENDING) + 1, "one key each, and one for all of the campaign"


def test_what_is_selected_is_decided_after_telling_what_would_happen(
    ann: MadePerson, ben: MadePerson, sign_in: Open, standing: Standing
) -> None:
    page = sign_in(ann)
    for key in ("x", "j", "j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator("#bulk")).to_contain_text("3 selected")
    # Somebody decides on one of them meanwhile.
    his = sign_in(ben)
    his.keyboard.press("p")
    until(lambda: standing()[LIGHTS] == "published")
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="Mark as spam 2 comments?")
    expect(dialog).to_contain_text("2 are pending now, 1 changed since you looked and will be left alone.")
    take_picture(page, "preview")
    page.keyboard.press("Enter")
    until(lambda: count_of(standing, "spam") == 2)
    assert (standing()[LIGHTS], standing()[MARGIT], standing()[PIET]) == ("published", "spam", "spam")
    expect(page.locator(".toast")).to_contain_text("left alone")
    page.locator("body").press("u")
    until(lambda: count_of(standing, "spam") == 0)
    assert standing()[PIET] == "pending"


def test_all_shown_are_selected_and_let_go(ann: MadePerson, sign_in: Open, standing: Standing) -> None:
    page = sign_in(ann)
    page.keyboard.press("a")
    expect(page.locator("#bulk")).to_contain_text(f"{len(PENDING)} selected")
    page.keyboard.press("Escape")
    expect(page.locator("#bulk")).to_be_hidden()
    page.keyboard.press("a")
    page.keyboard.press("r")
    # What is typed before the preview has come is the reason already.
    page.keyboard.type("Off-topic")
    expect(page.get_by_role("dialog")).to_contain_text("are pending now")
    expect(page.get_by_label("Why?").last).to_have_value("Off-topic")
    page.keyboard.press("Enter")
    until(lambda: count_of(standing, "rejected") == len(PENDING))
    expect(page.get_by_text("All done. Nothing is waiting for you.")).to_be_visible()


def test_without_scripts_many_are_decided_by_forms(
    flood: list[str], ann: MadePerson, sign_in: Open, standing: Standing
) -> None:
    page = sign_in(ann, java_script_enabled=False)
    page.get_by_label(f"Select the comment of {LIGHTS}").check()
    page.get_by_label(f"Select the comment of {PIET}").check()
    page.locator("#bulk").get_by_role("button", name="Spam").click()
    expect(page.get_by_role("heading", name="Mark as spam 2 comments?")).to_be_visible()
    check_title(page)
    page.get_by_role("button", name="Mark as spam").click()
    expect(page.get_by_role("status")).to_contain_text("Done: 2 are spam now.")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("Taken back: 2 are pending now.")
    assert count_of(standing, "spam") == 0
    page.get_by_label(f"Select the comment of {PIET}").check()
    page.get_by_label(f"Select the comment of {flood[0]}").check()
    page.locator("#bulk").get_by_role("button", name="Spam").click()
    expect(page.get_by_role("heading", name="Mark as spam 13 comments?")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Spam 12").click()
    expect(page.get_by_role("status")).to_contain_text("Done: 12 are spam now.")
    page.get_by_role("button", name="Undo").click()
    assert count_of(standing, "spam") == 0


def check_title(page: Page) -> None:
    assert page.title().startswith("Mark as spam 2 comments?")


@each_look
def test_campaigns_and_opened_boxes_in_every_look(flood: list[str], ann: MadePerson, sign_in: Open, look: str) -> None:
    page = sign_in(ann, **LOOKS[look])
    page.locator(".filters .further > summary").click()
    card = page.locator(".card", has=page.locator(".campaign"))
    for box in ("members", "reject", "reply", "note"):
        card.locator(f"details.{box} > summary").click()
    if "without" not in look:
        page.keyboard.press("Escape")
        page.locator(".card input[name=seen]").first.check()
        page.locator("[data-help]").evaluate("it => it.click()")
        check_looks(page)
        page.keyboard.press("Escape")
    check_looks(page)
    page.goto(page.url.replace("/review", "/review?status=audit"))
    check_looks(page)


def test_the_campaign_has_its_picture_taken(flood: list[str], ann: MadePerson, sign_in: Open) -> None:
    page = sign_in(ann, viewport={"width": 1280, "height": 760})
    card = page.locator(".card", has=page.locator(".campaign"))
    card.focus()
    page.keyboard.press("e")
    card.scroll_into_view_if_needed()
    take_picture(page, "campaign")
    phone = sign_in(ann, viewport={"width": 390, "height": 844}, color_scheme="dark")
    take_picture(phone, "review-phone")
