"""What strangers wrote, made harmless."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.mail.defang import defang, excerpt


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("Buy at https://pills.example.com/now?x=1!", "Buy at hxxps[:]//pills[.]example[.]com/now?x=1!"),
        ("HTTP://A.example", "hxxp[:]//A[.]example"),
        ("www.pills.example", "www[.]pills[.]example"),
        ("me@pills.example", "me[at]pills[.]example"),
        ("mailto:me@pills.example", "mailto[:]me[at]pills[.]example"),
        ("pills。example", "pills[.]example"),
        ("ftp://pills.example", "ftp[:]//pills[.]example"),
        ("192.0.2.7:8080", "192[.]0[.]2[.]7:8080"),
        ("It is late. Go home.", "It is late. Go home."),
        ("two\r\n\r\nlines\tand\u2028more", "two lines and more"),
        ("hid\u200bden \u202eturned\u202c", "hidden turned"),
        ("ｈttps://x.example", "ｈttps[:]//x[.]example"),
    ],
)
def test_nothing_can_be_followed(written: str, told: str) -> None:
    assert defang(written) == told


@given(st.text(alphabet=st.sampled_from("htps:/.@aw3m[]() \n\u3002\u200bé"), max_size=80))
def test_no_text_keeps_a_link(written: str) -> None:
    told = defang(written)
    assert "://" not in told
    assert "@" not in told
    assert not re.search(r"\w\.\w", told)
    assert not re.search(r"[\r\n\u200b]", told)


def test_an_excerpt_is_short_and_says_that_it_is() -> None:
    assert excerpt("short", 10) == "short"
    assert excerpt("a long text that goes on", 10) == "a long tex…"
    assert excerpt("x" + "\u200b" * 50, 10).endswith("…")
