"""Spam that hides among genuine words: its part of the text is found and judged by itself."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from model.parts import parts_of
from model.reading import Part, read
from model.sample import Sample
from model.vector import features_of, in_text, within
from tests.model.conftest import GENUINE, UNWANTED

if TYPE_CHECKING:
    from model.scoring import Scorer

TEXTS = st.lists(
    st.sampled_from(["word ", "Hm. ", "End!\n", "\n\n", "<br>", "<br><br>", "</p>", "\r\n", "很好。", " ", "(so.) ", "x" * 30]),
    max_size=120,
).map("".join)  # fmt: skip


def parts(body: str) -> list[Part]:
    return parts_of(read(Sample(body)))


def said(body: str) -> list[str]:
    text = read(Sample(body)).body.text
    return [text[part.begin : part.end] for part in parts(body)]


def test_the_ends_of_a_text_are_its_parts() -> None:
    assert said("one thing only") == []
    assert said("first\n\nmiddle\n\nlast") == ["first", "last"]
    assert said("first\nsecond\nlast\n") == ["first", "last"]
    assert said("a b<br><br>c d") == ["a b", "c d"]
    assert said("<p>a  b</p><p>c d</p>") == ["a b", "c d"]
    assert said("one\ntwo\n\nthree") == ["one", "one two", "three"]
    long = "One two three four five six seven eight nine ten. " * 6
    assert [len(part.split()) for part in said(long)] == [30, 30]


def test_a_link_is_of_the_part_that_it_stands_in() -> None:
    body = "see http://a.example/\n\nbuy http://b.example/ now\nhttp://c.example/ is mine"
    first, paragraph, last = sorted(parts(body), key=lambda part: part.end - part.begin)
    assert [(link.host, link.place) for link in first.links] == [("a.example", "end")]
    assert [(link.host, link.place) for link in paragraph.links] == [("c.example", "start")]
    assert [(link.host, link.place) for link in last.links] == [("b.example", ""), ("c.example", "")]


def test_a_link_that_left_no_gap_of_its_own_is_of_every_part() -> None:
    many = "\n".join(f"line http://{number}.example/" for number in range(70))
    first, *_, last = parts(many)
    assert first.links[0].host == "0.example"
    assert "69.example" in {link.host for link in last.links}
    nested = "so it is\nbuy [url][url=http://b.example/buy]pills[/url][/url] now"
    assert all("b.example" in {link.host for link in part.links} for part in parts(nested))


def test_decoys_do_not_take_a_link_from_its_part(starter: Scorer) -> None:
    spam = "buy pills http://cheap-pills.example/buy now"
    decoys = "".join(f"<a href='https://en.wikipedia.org/wiki/{number}'>x</a> " for number in range(20))
    few, many = (starter.score(Sample(f"{some}{GENUINE[0]}\n\n{spam}")).log_odds for some in (decoys[:200], decoys))
    assert many > few - 0.7


def test_a_long_gap_costs_no_time() -> None:
    """The longest body that is taken, nearly all of it one gap: trying each of its places would take a quarter minute."""
    for gap in ("\t", " ", "\u00a0", "\u3000", "\n ", "<br>  "):
        began = time.perf_counter()
        parts(f"nice{gap * (65_000 // len(gap))}video")
        assert time.perf_counter() - began < 1.0


@settings(max_examples=300, deadline=None)
@given(body=TEXTS)
def test_parts_lie_in_the_text_and_none_is_the_whole(body: str) -> None:
    found = parts(body)
    size = len(read(Sample(body)).body.text)
    assert all(0 <= part.begin < part.end <= size for part in found)
    assert all((part.begin, part.end) != (0, size) for part in found)
    assert all((one.begin, one.end) < (other.begin, other.end) for one, other in pairwise(found))
    assert len(found) <= 6


#: Where in a text a link stands is told from what was left of it when the link was found.
PLACES = {"link: start", "link: end", "link: glued"}
LINES = st.lists(
    st.sampled_from(["word", "Anna", "casino!", "http://a.example/x-y", "<a href='http://b.example'>cheap bags</a>",
                     "[url=http://c.example/]win[/url]", "d.example.com", "hxxp://e.example", "joe@f.example"]),
    min_size=1, max_size=5,
).map(" ".join)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(lines=st.lists(LINES, min_size=2, max_size=4))
def test_the_first_and_the_last_line_have_the_features_of_texts_of_their_own(lines: list[str]) -> None:
    # A line that is nothing but links belongs to both of its neighbours.
    assume(all(read(Sample(line)).body.text for line in lines))

    def of_site(body: str) -> Sample:
        return Sample(body, author_name="Anna Bags", author_url="http://www.cheap.example/", site="a-site")

    reading = read(of_site("\n".join(lines)))
    sites = frozenset({"a-site"})
    (features,) = features_of([reading], sites)
    for line, begin in ((lines[0], True), (lines[-1], False)):
        alone = read(of_site(line))
        (expected,) = features_of([alone], sites)
        size = len(reading.body.text)
        span = (0, len(alone.body.text)) if begin else (size - len(alone.body.text), size)
        here = [part for part in parts_of(reading) if (part.begin, part.end) == span]
        if not here:
            continue
        found = within(reading, features, here[0])
        assert {one.name: sorted(one.columns.tolist()) for one in found.blocks} == {
            one.name: sorted(one.columns.tolist()) for one in expected.blocks if in_text(one)
        }
        assert [set(one.names) - PLACES for one in found.clues] == [
            set(one.names) - PLACES for one in expected.clues if in_text(one)
        ]


@settings(max_examples=300, deadline=None)
@given(body=TEXTS)
def test_a_part_has_the_features_of_a_text_of_its_own(body: str) -> None:
    reading = read(Sample(body, author_name="Anna"))
    (features,) = features_of([reading])
    for part in parts_of(reading):
        alone = read(Sample(reading.body.text[part.begin : part.end], author_name="Anna"))
        (expected,) = features_of([alone])
        found = features.aside.joined(within(reading, features, part))
        assert {block.name: block.columns.tolist() for block in found.blocks} == {
            block.name: block.columns.tolist() for block in expected.blocks
        }


def test_spam_behind_a_genuine_paragraph_is_no_better_off(starter: Scorer) -> None:
    """Judged as a whole it would be in doubt; its own paragraph is not."""
    hidden = 0
    for genuine in GENUINE:
        for spam in UNWANTED:
            alone_odds = starter.score(Sample(spam), explain=False).log_odds
            stuffed = Sample(f"{genuine}\n\n{spam}")
            score = starter.score(stuffed)
            shown = next((one for one in score.evidence if one.feature == "loudest part"), None)
            if shown is None:
                continue
            hidden += 1
            assert stuffed.body[shown.start : shown.end] in {genuine, spam}
            # But for the margin, which its weight tells.
            assert -0.6 < shown.weight < -0.4
            assert score.log_odds >= min(alone_odds, 1.0) + shown.weight
    assert hidden > len(GENUINE)


def test_a_genuine_comment_in_paragraphs_stays_genuine(starter: Scorer) -> None:
    for first, second in pairwise(GENUINE):
        assert starter.score(Sample(f"{first}\n\n{second}")).probability < 0.5
