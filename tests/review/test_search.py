"""Searching: what a question means, whether the texts themselves are looked at or a database's index is asked."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from moderation.policy.rules import Rules
from moderation.review.queue import Order
from moderation.services import Services
from tests.factories import MadePerson, MadeSite, different, make_person, make_site, post_id

TEXTS = [
    "Sourdough wants patience, and a warm kitchen.",
    "A WARM bowl, a warm room: is_it done? e-mail me at baker@rye.example or see https://rye.example/loaf?x=1",
    "kitchen warm",
    "naïve café, cafe\u0301 and Straße; don’t say l’eau",
    "Отличный рецепт, спасибо за рецепты!",
    "हिन्दी में एक टिप्पणी लिखी",
    "שָׁלוֹם לכולם and عَرَبِيّ",
    "3.14 loaves, v2 of 10² crumbs, 50% off -5 +7",
    "Ελληνικά ΚΕΙΜΕΝΑ για ψωμί",
]
#: What is sought, and in which of the texts it is.
QUESTIONS = {
    "warm": {0, 1, 2},
    "WARM kitchen": {0, 2},
    "warm,kitchen": {0},
    "kitchen/warm": {2},
    "war": {0, 1, 2},
    "wa": set(),
    "arm": set(),
    "rye.example": {1},
    "baker@rye.example": {1},
    "rye.example/loaf": {1},
    "is_it": {1},
    "e-mail": {1},
    "café": {3},
    "cafe\u0301": {3},
    "straße": {3},
    "don’t": {3},
    "рецепт": {4},
    "рецепты": {4},
    "हिन्दी": {5},
    "टिप्पणी लिखी": {5},
    "שָׁלוֹם": {6},
    "عَرَبِيّ": {6},
    "v2": {7},
    "50%": {7},
    "crumbs loaves": {7},
    "κείμενα": set(),
    "κειμενα ψωμί": {8},
    "kitchen рецепт": set(),
}


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site that publishes nothing unseen."""
    return make_site(services, rules=Rules(hold_everything=True, spam_above=1.0))


@pytest.fixture
def person(services: Services, site: MadeSite) -> MadePerson:
    """One who looks after it."""
    return make_person(services)


def found(client: FlaskClient, person: MadePerson, question: str, **more: str) -> tuple[list[str], int]:
    """Return the comments that are found, page after page, and the number of pages."""
    ids, pages, cursor = [], 0, ""
    while cursor is not None:
        query = {"q": question, "cursor": cursor} | more
        response = client.get("/api/v1/queue", query_string=query, headers=person.bearer)
        assert response.status_code == 200, response.text
        ids += [comment["id"] for comment in response.get_json()["comments"]]
        cursor, pages = response.get_json()["next"], pages + 1
    return ids, pages


def test_an_index_and_a_look_at_the_texts_find_the_same(
    client: FlaskClient, site: MadeSite, person: MadePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = {str(post_id(client, site, different(n), body=text)): n for n, text in enumerate(TEXTS)}
    looked = {question: {numbers[one] for one in found(client, person, question)[0]} for question in QUESTIONS}
    assert looked == QUESTIONS
    monkeypatch.setattr("moderation.review.queue.MOST_LOOKED_AT", 1)
    monkeypatch.setattr("moderation.review.queue.SAMPLE", 0)
    looked_up = {question: {numbers[one] for one in found(client, person, question)[0]} for question in QUESTIONS}
    assert looked_up == QUESTIONS


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize(
    ("question", "expected"),
    [("bread", range(0, 24, 2)), ("bread crumb", range(0, 24, 6)), ("crumb", range(0, 24, 3)), ("tin", {10})],
)
def test_frequent_words_are_found_page_by_page_and_rare_ones_at_once(
    client: FlaskClient,
    site: MadeSite,
    person: MadePerson,
    monkeypatch: pytest.MonkeyPatch,
    order: Order,
    question: str,
    expected: range | set[int],
) -> None:
    words = ["bread", "crumb", "tin"]
    sent = []
    for n in range(24):
        said = [word for word, has in zip(words, [n % 2 == 0, n % 3 == 0, n == 10], strict=True) if has]
        sent.append(str(post_id(client, site, different(n), body=f"A note on baking, {n}: {' '.join(said)}")))
    monkeypatch.setattr("moderation.review.queue.MOST_LOOKED_AT", 6)
    monkeypatch.setattr("moderation.review.queue.SAMPLE", 6)
    ids, pages = found(client, person, question, order=order.value, limit="3")
    assert sorted(ids) == sorted(sent[n] for n in expected)
    assert len(set(ids)) == len(ids)
    if order is not Order.UNCERTAIN:
        assert ids == sorted(ids, key=sent.index, reverse=order is Order.NEWEST)
        assert pages == 1 if question == "tin" else pages > 1


def test_what_waits_is_found_however_common_its_words_are_elsewhere(
    client: FlaskClient, services: Services, site: MadeSite, person: MadePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index that finds too much to look at is not taken for all there is."""
    sent = [
        str(post_id(client, site, different(n), body=f"Note {n} on the {'oven' if n > 6 else 'tin'}."))
        for n in range(12)
    ]
    decided = {"ids": sent[7:11], "action": "publish"}
    assert client.post("/api/v1/decisions", json=decided, headers=person.bearer).status_code == 200
    monkeypatch.setattr("moderation.review.queue.MOST_LOOKED_AT", 3)
    monkeypatch.setattr("moderation.review.queue.SAMPLE", 3)
    monkeypatch.setattr("moderation.review.search.MOST_MATCHES", 4)
    ids, pages = found(client, person, "oven")
    assert ids == [sent[11]]
    assert pages == 3
