"""HTML of other systems as our Markdown, and as that is shown."""

from __future__ import annotations

import pytest

from moderation.comments.rendering import render
from moderation.exchange.imports.markup import LONGEST, to_markdown


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("Plain words.", "Plain words."),
        ("one\r\ntwo\r\n\r\nthree", "one\ntwo\n\nthree"),
        ("Tom &amp; Jerry &lt;3", "Tom & Jerry <3"),
        ("<p>First.</p>\n\n<p>Second<br />line.</p>", "First.\n\nSecond\nline."),
        ("<p>one<br>\ntwo\nand on</p>", "one\ntwo and on"),
        ("one\ntwo <em>x</em>\n\nthree", "one\ntwo *x*\n\nthree"),
        ('<a href="https://a.example/?b=1&amp;c=2" onclick="x()">there</a>', "[there](https://a.example/?b=1&c=2)"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("<blockquote>said</blockquote>indeed", "> said\n\nindeed"),
        ("<pre>a\n\n  b</pre>", "```\na\n\n  b\n```"),
        ("<script>alert(1)</script><style>p{}</style>seen", "seen"),
        ('<a href="javascript:alert(1)">here</a>', "here"),
        ('<img src="https://a.example/b.png" alt="a bee">', "[a bee](https://a.example/b.png)"),
        ("<div>a</div><div>b</div>", "a\n\nb"),
        ("if a < b && c > d", "if a < b && c > d"),
        ("5 * 3 * 2 and snake_case_name", "5 * 3 * 2 and snake_case_name"),
    ],
)
def test_markup_becomes_what_a_reader_saw(html: str, markdown: str) -> None:
    assert to_markdown(html) == markdown


@pytest.mark.parametrize(
    "html",
    ["<b>" * 5000 + "deep", "<blockquote>" * 3000 + "deep", "<p>" * 20_000 + "deep", "<i>deep</i>" * (LONGEST // 5)],
)
def test_what_is_nested_without_end_or_very_long_keeps_its_text(html: str) -> None:
    assert "deep" in to_markdown(html)


@pytest.mark.parametrize(
    "html", ["<p><b>bold</b> &amp; <i>thin</i></p>", "<ol><li>a</li><li>b</li></ol>", "<pre>x</pre>"]
)
def test_what_comes_in_is_shown_as_it_was(html: str) -> None:
    assert "&lt;" not in render(to_markdown(html))
