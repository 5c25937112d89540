"""A comment's text as HTML: a little Markdown, nothing that runs, and a bound on what a text may cost."""

from __future__ import annotations

import pytest

from moderation.comments.rendering import LONGEST, render


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("plain", "<p>plain</p>"),
        ("**bold**", "<p><strong>bold</strong></p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("# no heading", "<p># no heading</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
    ],
)
def test_a_little_markdown_and_nothing_that_runs(body: str, html: str) -> None:
    assert render(body).strip() == html


def test_links_are_the_writers_own() -> None:
    assert 'rel="ugc nofollow noopener noreferrer"' in render("[x](https://example.org)")


@pytest.mark.parametrize("part", ["[", "- a\n", "*", "<script>'\"&"])
def test_a_very_long_text_is_shown_as_it_was_written_and_escaped(part: str) -> None:
    shown = render(part * LONGEST)
    assert "<script" not in shown
    assert "<li>" not in shown
    assert shown.count("&lt;script&gt;") == part.count("<script>") * LONGEST
