from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moderation.comments.submission import MAX_THREAD
from moderation.exchange.threads import fit_key


@given(st.text(max_size=MAX_THREAD))
def test_a_key_that_fits_stays_as_it_is(key: str) -> None:
    assert fit_key(key) == key.strip()


def test_two_long_keys_with_one_beginning_stay_two() -> None:
    one, other = fit_key("x" * 600 + "1"), fit_key("x" * 600 + "2")
    assert one != other
    assert len(one) == len(other) == MAX_THREAD


def test_a_key_that_cannot_be_encoded_is_cut_all_the_same() -> None:
    assert len(fit_key("\ud800" * 600)) == MAX_THREAD
