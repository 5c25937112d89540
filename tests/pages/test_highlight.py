"""A text in pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moderation.api.schemas import EvidenceOut
from moderation.pages.highlight import Piece, pieces


def evidence(start: int | None, end: int | None, weight: float, field: str = "body") -> EvidenceOut:
    return EvidenceOut(feature="word", field=field, weight=weight, start=start, end=end)


def test_spans_that_overlap_add_up_and_weak_ones_leave_no_mark() -> None:
    found = pieces("abcdef", [evidence(0, 4, 1.0), evidence(2, 6, 0.6), evidence(5, 6, -3.0)])
    assert [(p.text, p.mark) for p in found] == [("ab", "spam-2"), ("cd", "spam-3"), ("e", "spam-1"), ("f", "ham-3")]
    assert pieces("abc", [evidence(0, 3, 0.1)])[0].mark == ""


def test_offsets_count_characters_and_not_bytes() -> None:
    found = pieces("🍞é buy", [evidence(3, 6, 2.0)])
    assert [p.text for p in found if p.mark] == ["buy"]


def test_invisible_characters_are_named_and_joiners_left_alone() -> None:
    found = pieces("a\u202eb 👩\u200d🍳", [])
    assert found[1] == Piece("", 0.0, "", "right-to-left override")
    assert found[2].text == "b 👩\u200d🍳"


@given(
    st.text(st.characters(exclude_categories=("Cs", "Cf", "Co", "Cn"))),
    st.lists(st.tuples(st.integers(-5, 50), st.integers(-5, 50), st.floats(-5, 5))),
)
def test_whatever_the_evidence_says_the_text_stays_whole(text: str, spans: list[tuple[int, int, float]]) -> None:
    found = pieces(text, [evidence(start, end, weight) for start, end, weight in spans])
    assert "".join(piece.text for piece in found) == text
