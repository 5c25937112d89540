"""A comment's text as safe HTML: a small part of Markdown, sanitised, every link marked as the writer's own."""

from __future__ import annotations

import functools
import html

import nh3
from markdown_it import MarkdownIt

# CommonMark without raw HTML, images, headings and rules: what a reply needs, and nothing that shouts. A single line
# break stays one, as people who never heard of Markdown expect.
_MARKDOWN = (
    MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": 20})
    .enable("strikethrough")
    .disable(["heading", "lheading", "hr", "image", "html_block", "html_inline", "reference"])
)
#: Characters beyond which Markdown is shown as it was written: its cost grows faster than the text.
LONGEST = 10_000
_TAGS = {"p", "br", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"}


@functools.lru_cache(maxsize=512)
def render(body: str) -> str:
    """Return the text as HTML that may stand in any page.

    Kept for a while: a text made to be slow (tens of thousands of brackets) must not cost its second at each reading.
    """
    if len(body) > LONGEST:
        return f"<p>{html.escape(body).replace(chr(10), '<br>')}</p>"
    return nh3.clean(
        _MARKDOWN.render(body),
        tags=_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="ugc nofollow noopener noreferrer",
    )
