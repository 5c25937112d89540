"""One hash for every slice, whichever way it is computed."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model import hashing

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


def plainly(text: str) -> int:
    """The same hash in plain Python: what the arrays must agree with."""
    total = 0
    for place, char in enumerate(text):
        total += ord(char) * pow(0x9E3779B97F4A7C15, place, 1 << 64)
    return total * 0xD6E8FEB86659FD93 % (1 << 64)


@given(TEXTS, st.integers(1, 5))
def test_grams_are_slices_are_words(text: str, length: int) -> None:
    sums = hashing.prefixes(hashing.codes(text))
    grams = [text[i : i + length] for i in range(len(text) - length + 1)]
    expected = [plainly(gram) for gram in grams]
    starts = np.arange(len(grams))
    assert hashing.grams(sums, length).tolist() == expected
    assert hashing.slices(sums, starts, starts + length).tolist() == expected
    assert hashing.words(grams).tolist() == expected


def test_columns_are_the_same_for_ever() -> None:
    """Stored weights depend on these numbers: they may change only together with `artifact.FORMAT`."""
    hashes = hashing.words(["spam", "ham", "комментарий"])
    assert hashing.columns(hashes, hashing.salt("word")).tolist() == COLUMNS


def test_columns_are_spread_evenly() -> None:
    hashes = hashing.words([f"word {number}" for number in range(1000)])
    assert len(set(hashing.columns(hashes, 1).tolist())) > 990


COLUMNS = [575485, 1154614, 711543]
