"""What a text takes over from another, and how the rest is judged."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.copying import blanked, copied_spans
from model.reading import read
from model.sample import Sample
from model.scoring import Scorer

ORIGINAL = "I tried the recipe on Sunday, and the crust came out great. Next time I will let it rest overnight."


def test_phrases_are_found_whatever_their_case_and_punctuation() -> None:
    body = f"BUY BAGS NOW!! {ORIGINAL.upper().replace(',', ' -')} http://bags.example.com/"
    spans = copied_spans(body, ORIGINAL)
    assert blanked(body, spans).split() == ["BUY", "BAGS", "NOW!!", ".", "http://bags.example.com/"]


@pytest.mark.parametrize("body", ["", "great crust", "on Sunday and never", "Nothing of it is said here at all."])
def test_a_few_words_in_common_are_no_copy(body: str) -> None:
    assert copied_spans(body, ORIGINAL) == ()


@given(st.text(), st.text())
def test_spans_lie_in_the_text_and_blanking_keeps_every_other_place(body: str, original: str) -> None:
    spans = copied_spans(body, original + body[: len(body) // 2])
    assert all(0 <= begin < end <= len(body) for begin, end in spans)
    assert all(one[1] < other[0] for one, other in pairwise(spans))
    rest = blanked(body, spans)
    assert len(rest) == len(body)
    outside = [i for i in range(len(body)) if not any(begin <= i < end for begin, end in spans)]
    assert all(rest[i] == body[i] for i in outside)


def test_spans_beyond_the_text_do_no_harm() -> None:
    assert blanked("short", [(3, 90), (200, 300)]) == "sho  "


def test_quoting_is_no_theft(starter: Scorer) -> None:
    """Who says again what somebody said, to answer it, is judged by the answer."""
    body = f"{ORIGINAL} I did the same, and mine rested for two days in the cellar."
    quoting = starter.score(Sample(body, author_name="Peter", copied=copied_spans(body, ORIGINAL)))
    assert not any(one.feature == "copied, with a link" for one in quoting.evidence)
    assert quoting.probability < 0.5


def test_what_was_added_is_judged_and_shown_in_its_place(starter: Scorer) -> None:
    body = f"{ORIGINAL} Cheap viagra here: http://cheap-viagra-pills.example.com/buy"
    copied = copied_spans(body, ORIGINAL)
    hidden = starter.score(Sample(body, author_name="cheap viagra"))
    known = starter.score(Sample(body, author_name="cheap viagra", copied=copied))
    alone = starter.score(Sample(body.replace(ORIGINAL, ""), author_name="cheap viagra"))
    (theft,) = (one.weight for one in known.evidence if one.feature == "copied, with a link")
    assert theft > 2.0
    assert known.log_odds - theft == pytest.approx(alone.log_odds, abs=0.2)
    assert known.log_odds > hidden.log_odds
    assert sum(one.weight for one in known.evidence) == pytest.approx(known.log_odds, abs=1e-6)
    spans = [body[one.start : one.end] for one in known.evidence if one.field == "body" and one.start is not None]
    assert "viagra" in spans
    assert not any("recipe" in span for span in spans)
    assert read(Sample(ORIGINAL, copied=copied_spans(ORIGINAL, ORIGINAL))).body.text in {"", "."}
