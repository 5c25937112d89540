"""The links of a text: found, whatever their dress, taken out of it, and read: host, registered domain, path shape.

Markup is not evidence by itself: which tags a site allows differs from site to site and would teach the judge the
site. So HTML, BBCode and Markdown are stripped to the words a reader sees, and what they linked to is kept apart.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import tldextract

from model.text import HEAD, TAIL, Trace, start

if TYPE_CHECKING:
    from collections.abc import Sequence

# The list of public suffixes that comes with the package: no network, nothing written to disk.
_SUFFIXES: Final = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)

#: Links of one text that are read; the rest are counted only.
MOST_LINKS: Final = 20

_DOTTED_NAMES: Final = frozenset({"asp.net", "ado.net", "vb.net", "paint.net", "node.js", "e.g", "i.e", "readme.md"})
# Public suffixes that are words, too: "in the end.it was" names no site.
_WORD_SUFFIXES: Final = frozenset({
    "am", "as", "at", "be", "bet", "by", "do", "id", "in", "is", "it", "link", "live", "me", "my", "no", "one", "pm",
    "so", "to", "top", "us", "win", "you", "py", "sh", "md", "rs", "cs", "zip", "mov", "ps", "pl", "cc", "name",
})  # fmt: skip
_COMMON_TLDS: Final = (
    "com|net|org|info|biz|ru|cn|xyz|top|site|online|shop|club|live|link|vip|pro|me|io|co|tv|cc|ly|id|in|eu|de|uk|us|win"
    "|bet"
)
_HTTP_DISGUISED = re.compile(r"\bh(?:xx|\*\*|tt)ps?(?:://|\[:\]//|:\\\\|\s?:\s?/\s?/\s?)")
_DOT_DISGUISED = re.compile(
    rf"(?<=[a-z0-9])(?:(?:\s*[\[({{]\s*(?:dot|\.)\s*[\])}}]\s*|\s+dot\s+)(?=(?:{_COMMON_TLDS})\b(?![\w'-]))"
    rf"|(?:\s\.\s?|\.\s)(?=(?:com|net|org|info|ru)\b(?![\w'-])))"
)
_DISGUISES: Final = (
    "hxx",
    "h**",
    "http ",
    "https ",
    "[:",
    "dot",
    ". com",
    ". net",
    ". org",
    ". info",
    ". ru",
    " .",
    "[.",
    "(.",
    "{.",
)
# ... and the dots before it: "shop dot example.com", once the last one is undone.
_DOT_WORD = re.compile(r"\s*[\[({]\s*(?:dot|\.)\s*[\])}]\s*|\s+dot\s+")
_MORE_DOTS = re.compile(
    r"[a-z0-9-]{1,63}(?:(?:\s{0,3}[\[({]\s{0,3}(?:dot|\.)\s{0,3}[\])}]\s{0,3}|\s{1,3}dot\s{1,3})[a-z0-9-]{1,63}){1,4}(?=\.[a-z])"
)

# Every quantifier is bounded or possessive: ten megabytes of brackets must cost no more than ten megabytes of prose.
_HTML_LINK = re.compile(
    r"<a\s[^<>]{0,200}?href\s{0,5}=\s{0,5}[\"']?\s{0,5}([^\"'\s<>]{1,600})[^<>]{0,300}+>(?=([^<]{0,120}))"
)
_BBCODE_LINK = re.compile(r"\[(?:url|link)\s{0,5}=\s{0,5}[\"']?([^\[\]\"']{1,600}+)[\"']?\s{0,5}\](?=([^\[]{0,120}))")
_BBCODE_BARE = re.compile(r"\[(?:url|link)\]\s{0,5}([^\[\]]{1,400}+)\[/(?:url|link)\]")
_MARKDOWN_LINK = re.compile(
    r"!?\[([^\[\]]{0,300})\]\(\s{0,5}<?((?:https?:|www\.|//)[^\s()<>]{1,600}+)>?[^()]{0,100}+\)"
)
# Look-behinds stand after the first letters, so that the search may skip to those.
_REST = r"[^\s<>\"'\[\]{}|]++"
_HTTP = re.compile(r"http(?<![a-z0-9]http)s?:/{1,3}" + _REST)
_WWW = re.compile(r"www(?<![\w@./-]www)\d?\." + _REST)
_DOTTED = re.compile(r"\.[a-z]")
#: Without any of these a text of ASCII has no link but a disguised one, however it is read.
_MAYBE_LINK = re.compile(r"[&<\[\x00-\x08\x0e-\x1f\x7f]|:/|www|\.[a-z]", re.IGNORECASE)
_BARE = re.compile(
    r"(?<![\w@./=&?%-])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,4}[a-z]{2,18}\b(?:/[^\s<>\"'\[\]]*)?(?![\w@-])"
)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@((?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,18})\b")
# A tag or comment in the middle of a word is not seen by readers: "via<b></b>gra".
_INLINE_TAG = re.compile(
    r"(?<=\w)(?:</?(?:b|i|u|s|em|strong|span|font|small|big|sub|sup)\b[^<>]{0,200}+>|<!--.{0,300}?-->)+(?=\w)"
)
_TAG = re.compile(r"</?[a-z][^<>]{0,600}+>|<!--.{0,300}?-->", re.DOTALL)
_BBCODE_TAG = re.compile(r"\[/?(?:url|link|b|i|u|img|color|size|quote|code|center|list|font|email)\b[^\[\]]{0,200}+\]")
_TAG_NAME = re.compile(r"</?([a-z][a-z0-9]*)")
_BREAKS: Final = {
    **dict.fromkeys(("br", "hr", "li", "tr", "dt", "dd"), "\n"),
    **dict.fromkeys(("p", "div", "blockquote", "pre", "ul", "ol", "dl", "table"), "\n\n"),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "\n\n"),
}
_TRAILING: Final = ".,;:!?)'\"*_~"
# Separators of ASCII: spaces to Python, in no text that is read, and never three of a kind in a row.
_MARK_BITS: Final = 5
_MARK: Final = re.compile("[\x1c\x1d][\x1e\x1f][\x1c\x1d][\x1e\x1f][\x1c\x1d]")
_NOTHING: Final = " \n\r\t.!</a>\x1c\x1d\x1e\x1f"


@dataclass(frozen=True, slots=True)
class Link:
    """A link as read. ``kind`` says how it was written; ``start`` and ``end`` are offsets into the original field."""

    kind: str  # "html", "bbcode", "markdown", "plain", "bare" (no scheme), "mail", "author" (the author's own)
    host: str
    domain: str  # registered domain, or the host where there is none (an address, a made-up name)
    suffix: str  # public suffix: "com", "co.uk"
    path: str
    anchor: str = ""
    place: str = ""  # "start" or "end" of the text, "glued" to a word before it; empty elsewhere
    start: int | None = None
    end: int | None = None


def read_url(
    url: str, kind: str, anchor: str = "", place: str = "", start: int | None = None, end: int | None = None
) -> Link | None:
    """Read one address; ``None`` where no host can be made out. Never raises."""
    rest = url.strip().lower()
    scheme, colon, after = rest.partition(":")
    if colon and scheme in {"http", "https", "ftp", "hxxp", "hxxps"}:
        rest = after
    elif colon and "." not in scheme and not after[:1].isdigit():
        return None  # mailto:, javascript:, data:
    rest = rest.lstrip("/\\")
    authority, slash, path = rest.partition("/")
    if not slash:
        authority, mark, path = rest.partition("?")
        path = mark + path
    host = authority.partition("#")[0].rpartition("@")[2].partition(":")[0].strip(".")
    host = host.removeprefix("www.")
    if not host or len(host) > 253:
        return None
    host, domain, suffix = _parts(host)
    return Link(kind, host, domain, suffix, path.rstrip("/")[:500], anchor, place, start, end)


@lru_cache(maxsize=16384)
def _parts(host: str) -> tuple[str, str, str]:
    """``host`` with punycode decoded, its registered domain and its public suffix ('ip' for an address)."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return host, host, "ip"
    if "xn--" in host:
        with contextlib.suppress(UnicodeError):  # invalid punycode stays as it is written
            host = host.encode("ascii").decode("idna")
    found = _SUFFIXES.extract_str(host)
    return host, found.top_domain_under_public_suffix or host, found.suffix


def path_words(link: Link) -> list[str]:
    """Words of the link's path and query, percent-decoded, at most twenty."""
    return re.findall(r"[^\W\d_]{2,24}", unquote(link.path))[:20]


def path_shape(link: Link) -> str:
    """What kind of path it is: 'root', 'home' (one short part, or a user's page), 'page', 'deep', 'query'."""
    if not link.path:
        return "root"
    if "?" in link.path:
        return "query"
    parts = link.path.split("/")
    if len(parts) == 1:
        return "home" if len(parts[0]) <= 16 and "-" not in parts[0] and "." not in parts[0] else "page"
    return "page" if len(parts) == 2 else "deep"


def take_out(now: Trace) -> tuple[Trace, list[Link]]:
    """The text (in lower case) without its links and markup, anchors kept, and the links as they were found."""
    links: list[Link] = []
    if _is_disguised(now.text):
        now = now.replace(_HTTP_DISGUISED, lambda match: "https://" if "s:" in match[0] else "http://", "hidden link")
        now = now.replace(_DOT_DISGUISED, lambda _: ".", "hidden link")
        now = now.replace(_MORE_DOTS, lambda match: _DOT_WORD.sub(".", match[0]))
    if "<" in now.text:
        now = now.replace(_INLINE_TAG, lambda _: "")
        now = _cut(now, _HTML_LINK, "html", (1, 2), links).replace(_TAG, _break)
    if "[" in now.text:
        now = _cut(now, _BBCODE_LINK, "bbcode", (1, 2), links)
        now = _cut(now, _BBCODE_BARE, "bbcode", (1, None), links)
        now = _cut(now, _MARKDOWN_LINK, "markdown", (2, 1), links)
        now = now.replace(_BBCODE_TAG, _gap)
    if ":/" in now.text:
        now = _cut(now, _HTTP, "plain", (0, None), links)
    if "www" in now.text:
        now = _cut(now, _WWW, "plain", (0, None), links)
    if "@" in now.text:
        now = _cut(now, _MAIL, "mail", (1, None), links)
    if _DOTTED.search(now.text):
        now = _cut(now, _BARE, "bare", (0, None), links)
    return now, links


def _is_disguised(text: str) -> bool:
    # A generator for `any` would take three times as long.
    for disguise in _DISGUISES:  # noqa: SIM110
        if disguise in text:
            return True
    return False


def count_links(text: str) -> int:
    """How many links a reader would find in a body as it came, disguised ones included."""
    plain = text.isascii() and len(text) <= HEAD + TAIL
    if plain and not _MAYBE_LINK.search(text) and not _is_disguised(text.lower()):
        return 0
    return count(take_out(start(text, trace=False))[1])


def count(links: Sequence[Link]) -> int:
    """How many of the links of a text lead to a page."""
    return sum([link.kind != "mail" for link in links])


def registered_domain(url: str) -> str:
    """The registered domain that an address points at, in lower case; empty where there is none."""
    link = read_url(url, "author")
    return link.domain if link is not None else ""


def mark(number: int) -> str:
    """The gap that a link leaves in a text; it tells the link's number, if that is below `MOST_LINKS`."""
    if number >= MOST_LINKS:
        return " "
    return "".join([chr(0x1C + bit % 2 * 2 + (number >> bit & 1)) for bit in range(_MARK_BITS)])


def marked(loose: str) -> list[tuple[int, int]]:
    """Where links stood in a text that they were taken out of, and their numbers."""
    return [
        (found.start(), sum((ord(sign) & 1) << bit for bit, sign in enumerate(found[0])))
        for found in _MARK.finditer(loose)
    ]


def _unmarked(text: str) -> str:
    """What stands in a link, without the gaps of links that stood in it."""
    return _MARK.sub(" ", text) if "\x1e" in text or "\x1f" in text else text


def _gap(_match: re.Match[str]) -> str:
    return " "


def _break(tag: re.Match[str]) -> str:
    """What a reader sees of a tag or comment: the end of a line, of a paragraph, or a gap."""
    name = _TAG_NAME.match(tag[0])
    return _BREAKS.get(name[1], " ") if name else " "


def _cut(now: Trace, pattern: re.Pattern[str], kind: str, groups: tuple[int, int | None], links: list[Link]) -> Trace:
    """Take the links that match out of the text; ``groups`` are those of the address and of the anchor.

    An anchor inside the match stays in the text; one that follows it is there already.
    """
    address, anchor = groups
    at, text = now.at, now.text

    def take(match: re.Match[str]) -> str | tuple[str, int, int]:
        begin, finish = match.span()
        shown = _unmarked(match[anchor]) if anchor is not None else ""
        start, end = (at[begin][0], at[finish - 1][1]) if at else (None, None)
        written = _unmarked(match[address]).rstrip(_TRAILING)
        link = read_url(written, kind, shown, _place(text, begin, finish), start, end)
        if kind == "bare" and (link is None or not _is_address(link)):
            return match[0]  # "e.g." and "node.js" are words
        gap = " "
        if link is not None:
            gap = mark(len(links))
            links.append(link)
        return (gap, *match.span(anchor)) if anchor is not None and match.end(anchor) <= finish else gap

    return now.cut(pattern, take)


def _place(text: str, begin: int, finish: int) -> str:
    """Where in the text a link stands, as far as it tells."""
    if not text[max(begin - 40, 0) : begin].strip():
        return "start" if begin <= 40 else ""
    if len(text) - finish <= 40 and not text[finish:].strip(_NOTHING):
        return "end"
    return "glued" if text[begin - 1].isalpha() or text[begin - 1] in ".!?," else ""


def _is_address(link: Link) -> bool:
    """Whether a dotted word without a scheme is the address of a site."""
    if not link.suffix or link.host in _DOTTED_NAMES or link.host == link.suffix:
        return False
    return bool(link.path) or link.suffix not in _WORD_SUFFIXES or link.host != link.domain
