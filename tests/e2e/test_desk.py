"""The desk in a browser: by keys, by two people at once, without scripts, and when the service is away."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, Route, expect

from moderation.review import queue
from tests.e2e.conftest import PATIENCE, Open
from tests.e2e.looks import take_picture
from tests.e2e.voices import PENDING
from tests.factories import MadePerson, MadeSite

pytestmark = pytest.mark.e2e

Standing = Callable[[], dict[str, str]]
LIGHTS, MARGIT, PIET, ROBERT, ANNA = (str(fields["author_name"]) for fields in PENDING)


def names(page: Page) -> list[str]:
    """Return whose comments are on the page."""
    return [name.strip() for name in page.locator(".card h2").all_text_contents()]


def until(claim: Callable[[], bool]) -> None:
    """Wait for what the browser sends in the background."""
    deadline = time.monotonic() + PATIENCE
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def hold_back(page: Page, address: str) -> Callable[..., None]:
    """Keep the browser's next request from the service, until what is returned is called: with False, it is lost."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(address, hold, times=1)

    def let_go(arrives: bool = True) -> None:
        until(lambda: page.evaluate("true") and bool(held))
        held[0].continue_() if arrives else held[0].abort()
        page.unroute(address)

    return let_go


def test_a_queue_is_worked_through_by_keys_alone(ann: MadePerson, sign_in: Open, standing: Standing) -> None:
    page = sign_in(ann)
    assert names(page) == [LIGHTS, MARGIT, PIET, ROBERT, ANNA]
    page.keyboard.press("s")
    assert names(page) == [MARGIT, PIET, ROBERT, ANNA]
    expect(page.locator(".card:focus h2")).to_have_text(MARGIT)
    expect(page.locator(".toast")).to_contain_text(f"Marked as spam: {LIGHTS}")
    page.keyboard.press("p")
    page.keyboard.press("j")
    expect(page.locator(".card:focus h2")).to_have_text(ROBERT)
    page.keyboard.press("k")
    expect(page.locator(".card:focus h2")).to_have_text(PIET)
    page.keyboard.press("r")
    page.keyboard.type("Off-topic: p s h u ?")
    page.keyboard.press("Enter")
    assert names(page) == [ROBERT, ANNA]
    page.keyboard.press("h")
    assert names(page) == [ROBERT, ANNA]
    expect(page.locator(".card:focus h2")).to_have_text(ANNA)
    expected = {LIGHTS: "spam", MARGIT: "published", PIET: "rejected", ROBERT: "pending", ANNA: "pending"}
    until(lambda: standing() == expected)
    expect(page.locator("[data-count=pending]")).to_have_text("2")
    expect(page.locator("[data-count=spam]")).to_have_text("1")


def test_undo_brings_a_comment_back_to_its_place_again_and_again(
    ann: MadePerson, sign_in: Open, standing: Standing
) -> None:
    page = sign_in(ann)
    for key in ("j", "j", "s", "s", "s"):
        page.keyboard.press(key)
    assert names(page) == [LIGHTS, ANNA]
    for left in ([LIGHTS, ROBERT, ANNA], [LIGHTS, PIET, ROBERT, ANNA], [LIGHTS, MARGIT, PIET, ROBERT, ANNA]):
        page.keyboard.press("u")
        assert names(page) == left
    until(lambda: set(standing().values()) == {"pending"})
    page.keyboard.press("p")
    until(lambda: "published" in standing().values())
    page.reload()
    assert len(names(page)) == len(PENDING) - 1


def test_of_two_moderators_one_wins_and_the_other_sees_what_happened(
    ann: MadePerson, ben: MadePerson, sign_in: Open, standing: Standing
) -> None:
    hers, his = sign_in(ann), sign_in(ben)
    hers.keyboard.press("s")
    until(lambda: standing()[LIGHTS] == "spam")
    his.keyboard.press("p")
    notice = his.locator(".card .notice")
    expect(notice).to_contain_text(f"{ann.actor.email} has decided on this comment meanwhile: it is spam now.")
    assert LIGHTS in names(his)
    # The eye was on the next comment already, and the next key must still mean that one.
    expect(his.locator(".card:focus h2")).to_have_text(MARGIT)
    notice.get_by_role("button", name="Leave it so").click()
    assert LIGHTS not in names(his)
    assert standing()[LIGHTS] == "spam"
    expect(his.locator("[data-count=spam]")).to_have_text("1")


def test_knowing_what_happened_one_may_overrule(
    ann: MadePerson, ben: MadePerson, sign_in: Open, standing: Standing
) -> None:
    hers, his = sign_in(ann), sign_in(ben)
    hers.keyboard.press("s")
    until(lambda: standing()[LIGHTS] == "spam")
    his.keyboard.press("p")
    his.get_by_role("button", name="Show it").click()
    his.keyboard.press("p")
    until(lambda: standing()[LIGHTS] == "published")
    assert LIGHTS not in names(his)


def test_a_decision_that_does_not_arrive_brings_the_comment_back_and_says_why(
    ann: MadePerson, sign_in: Open, standing: Standing
) -> None:
    page = sign_in(ann)
    page.route("**/decision", lambda route: route.abort())
    page.keyboard.press("s")
    expect(page.locator(".card .notice")).to_contain_text("Not done: the service does not answer.")
    assert names(page)[0] == LIGHTS
    expect(page.locator("[data-count=pending]")).to_have_text("5")
    assert set(standing().values()) == {"pending"}
    page.unroute("**/decision")
    page.get_by_role("button", name="Show it").click()
    page.keyboard.press("s")
    until(lambda: standing()[LIGHTS] == "spam")


def test_a_key_pressed_before_the_undo_has_come_back_acts_on_what_it_leaves(
    ann: MadePerson, sign_in: Open, standing: Standing
) -> None:
    page = sign_in(ann)
    page.keyboard.press("s")
    until(lambda: standing()[LIGHTS] == "spam")
    let_go = hold_back(page, "**/undo")
    page.keyboard.press("u")
    page.keyboard.press("p")
    page.keyboard.press("u")
    page.keyboard.press("p")
    assert names(page)[0] == MARGIT
    let_go()
    until(lambda: standing()[LIGHTS] == "published")
    page.keyboard.press("u")
    until(lambda: standing()[LIGHTS] == "pending")
    assert names(page)[0] == LIGHTS
    expect(page.locator(".card .notice")).to_have_count(0)
    expect(page.locator("[data-count=pending]")).to_have_text(str(len(PENDING)))


def test_what_was_pressed_without_knowing_of_anothers_decision_does_not_overrule_it(
    ann: MadePerson, ben: MadePerson, sign_in: Open, standing: Standing
) -> None:
    hers, his = sign_in(ann), sign_in(ben)
    let_go = hold_back(hers, "**/decision")
    for key in ("s", "u", "p"):
        hers.keyboard.press(key)
    his.keyboard.press("r")
    his.keyboard.type("Off-topic")
    his.keyboard.press("Enter")
    until(lambda: standing()[LIGHTS] == "rejected")
    let_go()
    expect(hers.locator(".card", has_text=LIGHTS).locator(".notice")).to_contain_text("it is rejected now")
    expect(hers.locator("[data-count=rejected]")).to_have_text("1")
    expect(hers.locator("[data-count=published]")).to_have_text("0")
    assert standing()[LIGHTS] == "rejected"


def test_a_key_that_comes_with_the_news_of_anothers_decision_does_not_overrule_it(
    ann: MadePerson, ben: MadePerson, sign_in: Open, standing: Standing
) -> None:
    hers, his = sign_in(ann), sign_in(ben, f"/review?q={MARGIT.split()[1]}")
    assert names(his) == [MARGIT]
    his.clock.install()
    his.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))
    hers.keyboard.press("j")
    hers.keyboard.press("j")
    hers.keyboard.press("s")
    until(lambda: standing()[MARGIT] == "spam")
    his.keyboard.press("p")
    # It was the last one, so it comes back under the keys.
    expect(his.locator(".card:focus .notice")).to_contain_text("it is spam now")
    his.keyboard.press("p")
    his.locator(".card [value=publish]").click()
    assert names(his) == [MARGIT]
    his.clock.fast_forward(1000)
    with his.expect_response("**/decision"):
        his.keyboard.press("p")
    until(lambda: standing()[MARGIT] == "published")


def test_the_keys_go_to_what_nobody_has_decided_before_what_somebody_has(
    ann: MadePerson, ben: MadePerson, sign_in: Open, standing: Standing
) -> None:
    hers, his = sign_in(ann), sign_in(ben)
    his.keyboard.press("j")
    his.keyboard.press("j")
    hers.keyboard.press("j")
    hers.keyboard.press("j")
    hers.keyboard.press("s")
    until(lambda: standing()[MARGIT] == "spam")
    his.keyboard.press("p")
    expect(his.locator(".card", has_text=MARGIT).locator(".notice")).to_be_visible()
    expect(his.locator(".card:focus h2")).to_have_text(PIET)
    his.keyboard.press("k")
    his.keyboard.press("k")
    his.keyboard.press("p")
    expect(his.locator(".card:focus h2")).to_have_text(PIET)


def test_an_undo_that_does_not_arrive_leaves_the_decision_and_says_why(
    ann: MadePerson, sign_in: Open, standing: Standing
) -> None:
    page = sign_in(ann)
    page.keyboard.press("s")
    until(lambda: standing()[LIGHTS] == "spam")
    page.route("**/undo", lambda route: route.abort())
    page.keyboard.press("u")
    expect(page.locator(".toast")).to_contain_text("Not taken back: the service does not answer.")
    assert names(page)[0] == MARGIT
    expect(page.locator("[data-count=spam]")).to_have_text("1")
    page.unroute("**/undo")
    page.keyboard.press("u")
    until(lambda: standing()[LIGHTS] == "pending")
    assert names(page)[0] == LIGHTS


def test_a_decision_that_failed_after_it_was_taken_back_disturbs_no_later_one(
    ann: MadePerson, sign_in: Open, standing: Standing
) -> None:
    page = sign_in(ann)
    let_go = hold_back(page, "**/decision")
    for key in ("s", "u", "p"):
        page.keyboard.press(key)
    let_go(arrives=False)
    # Asking the page lets Playwright pass on what it had begun to hold back.
    until(lambda: page.evaluate("true") and standing()[LIGHTS] == "published")
    assert names(page)[0] == MARGIT
    expect(page.locator(".card .notice")).to_have_count(0)


def test_a_click_on_a_button_is_as_quick_as_a_key(ann: MadePerson, sign_in: Open, standing: Standing) -> None:
    page = sign_in(ann)
    card = page.locator(".card", has_text=MARGIT)
    card.get_by_role("button", name="Publish").click()
    assert MARGIT not in names(page)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    assert names(page)[1] == MARGIT
    until(lambda: standing()[MARGIT] == "pending")


def test_help_shows_the_keys_and_switches_them_off(ann: MadePerson, sign_in: Open, standing: Standing) -> None:
    page = sign_in(ann)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("s")
    page.get_by_label("Decide by single keys").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("s")
    assert len(names(page)) == len(PENDING)
    assert set(standing().values()) == {"pending"}


def test_who_scrolled_away_and_presses_a_key_is_shown_the_comment_first(
    ann: MadePerson, sign_in: Open, standing: Standing
) -> None:
    page = sign_in(ann)
    page.keyboard.press("j")
    page.mouse.wheel(0, 5000)
    page.wait_for_function("scrollY > 300")
    page.keyboard.press("s")
    assert len(names(page)) == len(PENDING)
    expect(page.locator(".card:focus h2")).to_be_in_viewport()
    page.keyboard.press("s")
    until(lambda: standing()[LIGHTS] == "spam")


def test_cards_follow_before_one_runs_out_of_them(ann: MadePerson, sign_in: Open) -> None:
    page = sign_in(ann, "/review?limit=2")
    page.keyboard.press("j")
    # Page after page, until eight are ahead or there are no more.
    expect(page.locator(".card")).to_have_count(len(PENDING))
    for left in range(len(PENDING), 0, -1):
        expect(page.locator(".current .card")).to_be_focused()
        page.keyboard.press("p")
        assert left > 1 or page.locator(".card").count() == 0
    expect(page.get_by_text("All done. Nothing is waiting for you.")).to_be_visible()


def test_what_a_filter_finds_far_behind_is_there_without_a_click(
    app: Flask, garden: MadeSite, ann: MadePerson, sign_in: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MOST_LOOKED_AT", 2)
    greek = {"author_name": "Eleni", "author_email": "e@example.org", "body": "Πολύ ωραίο κείμενο.", "thread": "/t"}
    assert app.test_client().post(garden.url, json=greek, headers=garden.bearer).status_code == 201
    page = sign_in(ann, "/review?script=greek")
    expect(page.locator(".card h2")).to_have_text("Eleni")
    page.goto(page.url.replace("greek", "thai"))
    expect(page.locator("[data-empty]")).to_contain_text("Nothing (more) to see with these filters.")


def test_all_of_it_works_without_scripts(ann: MadePerson, sign_in: Open, standing: Standing) -> None:
    page = sign_in(ann, java_script_enabled=False)
    page.locator(".card", has_text=LIGHTS).get_by_role("button", name="Spam").click()
    expect(page.get_by_role("status")).to_contain_text(f"The comment of {LIGHTS} is marked as spam.")
    assert standing()[LIGHTS] == "spam"
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("Taken back")
    assert standing()[LIGHTS] == "pending"
    card = page.locator(".card", has_text=PIET)
    card.locator("details.reject > summary").click()
    card.get_by_label("Why?").fill("Off-topic")
    card.get_by_label("Why?").press("Enter")
    assert standing()[PIET] == "rejected"


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", ["/review", "/login", "/api/docs"])
def test_no_page_is_wider_than_the_screen(ann: MadePerson, sign_in: Open, path: str, width: int) -> None:
    page = sign_in(ann, viewport={"width": width, "height": 800})
    page.goto(page.url.replace("/review", path))
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_desk_has_its_picture_taken(ann: MadePerson, sign_in: Open) -> None:
    page = sign_in(ann, viewport={"width": 1280, "height": 800})
    page.keyboard.press("j")
    take_picture(page, "review-desk")
