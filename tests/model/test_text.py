"""Undoing evasion, and finding the way back to the text as it came."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.links import take_out
from model.text import HEAD, TAIL, finish, normal, start

SPAMMY = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from("abcdefghij ABC 0134 .-*@$!|{}[]()<>/:&;#=\"' раорс αο ᴀ𝐃🅰\u200b\u202e\u0336\u0301é"),
    ),
    max_size=120,
)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("v1agra, c@sino, p0rn", "viagra, casino, porn"),
        ("v i a g r a now", "viagra now"),
        ("V.I.A.G.R.A", "viagra"),
        ("v-i-a-g-r-a pills", "viagra pills"),
        ("vi\u200bag\u00adra", "viagra"),
        ("\u202evia\u202cgra", "viagra"),
        ("v\u0336i\u0336a\u0336gra", "viagra"),
        ("vïàgrà", "viagra"),
        ("Рayрal", "paypal"),
        ("cаsinο", "casino"),
        ("𝐂𝖆𝓼𝕚𝗇𝚘", "casino"),
        ("Ⓒⓐⓢⓘⓝⓞ", "casino"),
        ("ᴄᴀsɪɴᴏ", "casino"),
        ("🅲🅰🆂🅸🅽🅾", "casino"),
        ("ｃａｓｉｎｏ", "casino"),
        ("c&#97;s&#x69;no &amp; more", "casino & more"),
        ("{Great|Nice|Cool} post", "great post"),
        ("freeeeee viiiagra!!!!!!", "fre viagra!!"),
        ("v1@gr4, cas1n0 in room1", "viagra, casino in room1"),
        ("too    many\n\n gaps", "too many gaps"),
    ],
)
def test_evasion_is_undone(written: str, read: str) -> None:
    assert normal(written).text == read


@pytest.mark.parametrize(
    "genuine",
    [
        "привет, как дела? это хорошая статья",
        "καλημέρα σας, πολύ ωραίο άρθρο",
        "это мой пост про python и linux",
        "很好的文章谢谢分享",
        "とても面白い記事でした",
        "한국어 댓글입니다",
        "مقالة رائعة شكرا لك",
        "बहुत अच्छा लेख है",
        "บทความดีมาก",
        "see mp3 and h2 and 2nd and 3d files",
        "a b and c d are two pairs",
    ],
)
def test_genuine_text_of_any_script_is_left_alone(genuine: str) -> None:
    found = normal(genuine)
    assert found.text == genuine
    assert not found.tricks


@given(SPAMMY)
def test_both_ways_through_agree_and_every_span_lies_in_the_original(text: str) -> None:
    fast, _ = take_out(start(text, trace=False))
    slow, links = take_out(start(text, trace=True))
    fast, slow = finish(fast), finish(slow)
    assert fast.text == slow.text
    assert fast.tricks == slow.tricks
    assert slow.at is not None
    assert len(slow.at) == len(slow.text)
    assert all(0 <= begin < end <= len(text) for begin, end in slow.at)
    assert all(link.start is not None and link.end is not None and link.start < link.end for link in links)


def test_spans_lead_back_to_the_disguised_word() -> None:
    text = "Get v\u200b1\u200bagra &amp; more"
    found = normal(text, trace=True)
    assert found.at is not None
    begin = found.text.index("viagra")
    places = found.at[begin : begin + len("viagra")]
    assert text[places[0][0] : places[-1][1]] == "v\u200b1\u200bagra"


def test_a_very_long_text_is_read_at_both_ends() -> None:
    text = "a " + "word " * 20_000 + "the end"
    found = normal(text, trace=True)
    assert len(found.text) == HEAD + TAIL
    assert found.text.endswith("the end")
    assert found.at is not None
    assert found.at[-1] == (len(text) - 1, len(text))


def test_time_stays_bounded_on_hostile_input() -> None:
    """Ten megabytes of anything are read in well under a second: no regular expression backtracks without end."""
    for piece in (
        "<a href=",
        "[url=",
        "{a|",
        "http://",
        "a.",
        "1a",
        "&#",
        "a-",
        "[x](",
        "<!--",
        "(dot)",
        " . ",
        "@a.",
        "a@",
    ):
        text = piece * (10_000_000 // len(piece))
        assert finish(take_out(start(text, trace=False))[0]).text is not None
