"""Comments that other systems keep as HTML, as the Markdown that ours are written in."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import nh3
from markdownify import MarkdownConverter

#: Characters of HTML: WordPress keeps 65,535 bytes of a comment. Of what is longer, only the text is kept.
LONGEST = 66_000
_TAGS = {"p", "br", "em", "i", "strong", "b", "s", "del", "code", "pre", "blockquote", "ul", "ol", "li", "a", "img"}
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}}
_HAS_MARKUP = re.compile(r"[<&]")
_HAS_BREAKS = re.compile(r"<(?:p|br|div)\b", re.IGNORECASE)
_CODE = re.compile(r"(<pre\b.*?</pre>)", re.IGNORECASE | re.DOTALL)
_NEW_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
_AFTER_BREAK = re.compile(r"<br\s*/?>\s*", re.IGNORECASE)
_DIV = re.compile(r"<(/?)div\b[^>]*>", re.IGNORECASE)


class _Converter(MarkdownConverter):
    """Plain line breaks, and no pictures."""

    def convert_br(self, el: object, text: str, parent_tags: object) -> str:  # noqa: ARG002 -- its interface
        return "\n"

    def convert_img(self, el: Any, text: str, parent_tags: object) -> str:  # noqa: ANN401, ARG002 -- its interface
        # Pictures are not shown; a link to one is, as every link.
        source = el.attrs.get("src", "")
        return f"[{el.attrs.get('alt') or source}]({source})" if source else ""


def to_markdown(body: str) -> str:
    """Return a comment's HTML as Markdown: what our rendering shows, and what a moderator can read.

    Line breaks count as such where no tag makes any, as most blogs show them. Scripts and the like are gone with what
    is in them.
    """
    body = body.replace("\r\n", "\n").replace("\r", "\n")
    if not _HAS_MARKUP.search(body):
        return body.strip()
    if len(body) > LONGEST:
        return _text_of(body)
    body = _outside_code(body, _join if _HAS_BREAKS.search(body) else _break)
    body = _DIV.sub(r"<\1p>", body)
    clean = nh3.clean(body, tags=_TAGS, attributes=_ATTRIBUTES, link_rel=None, url_schemes={"http", "https", "mailto"})
    try:
        # Nothing is escaped: what looks like Markdown in a comment was mostly meant so, and backslashes help nobody.
        converter = _Converter(bullets="-", escape_asterisks=False, escape_underscores=False, escape_misc=False)
        return converter.convert(clean).strip()
    except RecursionError:
        return _text_of(body)


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    # Only up to the last end of code, or each beginning without an end would be searched for one.
    last = text.lower().rfind("</pre>") + 1
    end = text.index(">", last) + 1 if last else 0
    parts = [*_CODE.split(text[:end]), text[end:]]
    return "".join(part if part[:4].lower() == "<pre" else change(part) for part in parts)


def _break(text: str) -> str:
    return _NEW_PARAGRAPH.sub("<p>", text).replace("\n", "<br>")


def _join(text: str) -> str:
    return _AFTER_BREAK.sub("<br>", text).replace("\n", " ")


def _text_of(body: str) -> str:
    return html.unescape(nh3.clean(body, tags=set())).strip()
