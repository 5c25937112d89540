"""Clues: each says what it saw, and nothing is said of what is not there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import lexicon
from model.clues import of_author_link, of_name, of_text_links, of_writer
from model.letters import surprise
from model.reading import read
from model.sample import Sample


@given(st.text(alphabet="abcdeghilnoprstuvxyz- ", max_size=40))
def test_themes_are_found_wherever_a_word_of_theirs_stands(text: str) -> None:
    plainly = tuple(theme for theme, stems in lexicon._STEMS if any(stem in text for stem in stems))
    assert lexicon.themes_within(text) == plainly


def test_themes_within_a_host() -> None:
    assert "gambling" in lexicon.themes_within("bestcasinobonus")
    assert "goods" in lexicon.themes_within("uggbootsukface")
    assert lexicon.themes_within("annakeller") == ()


def test_a_keyword_for_a_name_gives_itself_away() -> None:
    found = of_name("cheap ugg boots", "cheap ugg boots")
    assert {"name of goods", "words of trade in the name: 2", "name in small letters: 3"} <= set(found)
    person = of_name("Anna Keller", "anna keller")
    assert "words of trade in the name: 0" in person
    assert not any(clue.startswith("name of") for clue in person)
    assert of_name("", "") == ()
    assert "name of gambling" in of_name("casino7", "casino7")


@pytest.mark.parametrize(
    ("word", "strange"), [("information", False), ("keller", False), ("csifggdzp", True), ("wqtjwivfdcv", True)]
)
def test_noise_is_stranger_than_words(word: str, strange: bool) -> None:
    assert (surprise(word) > 3.3) == strange


def test_the_authors_link_is_held_against_the_name() -> None:
    reading = read(
        Sample("We sell replica bags", author_name="Replica Bags", author_url="http://replica-bags.example.com/a.html")
    )
    found = of_author_link(reading)
    assert "author's link: words of the name 2" in found
    assert "author's link: word of trade in name and host" in found
    assert of_author_link(read(Sample("We sell replica bags"))) == []


def test_links_in_the_text_are_described() -> None:
    reading = read(Sample("[url=http://casino.example.com]casino[/url] and http://b.example.org/x", author_name="Joe"))
    found = of_text_links(reading)
    assert "link: in BBCode" in found
    assert "link: anchor of gambling" in found
    assert "link: host of gambling" not in found or "link: trade within the host" in found
    assert of_text_links(read(Sample("no link"))) == []


def test_a_name_said_in_the_text_is_noticed() -> None:
    assert "name stands in the text" in of_writer(
        read(Sample("Visit Harbour Tools today", author_name="Harbour Tools"))
    )


@pytest.mark.parametrize(("address", "short"), [("https://is.gd/x1", True), ("http://anna.example.org/x1", False)])
def test_a_short_address_says_that_it_hides_where_it_leads(address: str, short: bool) -> None:
    by_author = of_author_link(read(Sample("Nice.", author_url=address)))
    in_text = of_text_links(read(Sample(f"Nice, see {address} there.")))
    assert ("author's link: short address" in by_author) is short
    assert ("link: short address" in in_text) is short
