"""Spam that hides among genuine words: its part of the text is found and judged by itself."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from model.parts import alone, parts_of
from model.sample import Sample
from tests.model.conftest import GENUINE, UNWANTED

if TYPE_CHECKING:
    from model.scoring import Scorer

TEXTS = st.lists(
    st.sampled_from(["word ", "Hm. ", "End!\n", "\n\n", "<br>", "<br><br>", "</p>", "\r\n", "很好。", " ", "(so.) ", "x" * 30]),
    max_size=120,
).map("".join)  # fmt: skip


def said(body: str) -> list[str]:
    return [body[start:end] for start, end in parts_of(body)]


def test_the_ends_of_a_text_are_its_parts() -> None:
    assert said("one thing only") == []
    assert said("first\n\nmiddle\n\nlast") == ["first", "last"]
    assert said("first\nsecond\nlast\n") == ["first", "last"]
    assert said("a b<br><br>c d") == ["a b", "c d"]
    long = "One two three four five six seven eight nine ten. " * 6
    assert [len(part.split()) for part in said(long)] == [30, 30]


def test_a_long_gap_costs_no_time() -> None:
    """The longest body that is taken, nearly all of it one gap: trying each of its places would take a quarter minute."""
    for gap in ("\t", " ", "\u00a0", "\u3000", "\n ", "<br>  "):
        began = time.perf_counter()
        parts_of(f"nice{gap * (65_000 // len(gap))}video")
        assert time.perf_counter() - began < 1.0


@settings(max_examples=300, deadline=None)
@given(body=TEXTS)
def test_parts_lie_in_the_text_and_none_is_the_whole(body: str) -> None:
    parts = parts_of(body)
    assert all(0 <= start <= end <= len(body) for start, end in parts)
    assert (0, len(body)) not in parts
    assert all(one < other for one, other in pairwise(parts))
    assert len(parts) <= 6


def test_what_was_copied_stays_copied_in_a_part() -> None:
    sample = Sample("0123456789", copied=((2, 5), (8, 10)))
    assert alone(sample, (4, 9)) == Sample("45678", copied=((0, 1), (4, 5)))
    assert alone(sample, (5, 8)).copied == ()


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
