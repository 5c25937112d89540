"""XML as a stream, and what exports do to it that XML does not allow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.exchange.imports.elements import mend_ampersands


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("<a>http://a.example/?x=1&y=2</a>", "<a>http://a.example/?x=1&amp;y=2</a>"),
        ("<a>&amp; &#38; &#x26; &nbsp;</a>", "<a>&amp; &#38; &#x26; &nbsp;</a>"),
        ("<a>R&D; R & D, &;</a>&", "<a>R&amp;D; R &amp; D, &amp;;</a>&amp;"),
        ("<![CDATA[x & y]]><a>&</a><![CDATA[&]]>", "<![CDATA[x & y]]><a>&amp;</a><![CDATA[&]]>"),
        ("<![CDATA[a ]]]]><![CDATA[> & b]]>&", "<![CDATA[a ]]]]><![CDATA[> & b]]>&amp;"),
        ("<![CDATA[cut off &", "<![CDATA[cut off &"),
    ],
)
def test_an_ampersand_for_itself_is_written_as_one(written: str, meant: str) -> None:
    assert "".join(mend_ampersands([written])) == meant
    assert "".join(mend_ampersands(written)) == meant


PIECES = st.lists(st.sampled_from(["&", "amp;", "#38;", "<![CDATA[", "]]>", "]", "<a>", "x" * 40, "é "]), max_size=30)


@given(PIECES, st.integers(1, 50))
def test_it_does_not_matter_where_a_chunk_ends(pieces: list[str], size: int) -> None:
    text = "".join(pieces)
    chunks = (text[i : i + size] for i in range(0, len(text), size))
    assert "".join(mend_ampersands(chunks)) == "".join(mend_ampersands([text]))
