"""Clues: what the shape of a name or of a link gives away. Each is present or absent, and says its name.

Nothing here speaks of absence (of a link, of a name), of length, of capitals or of punctuation: such things differ
between corpora more than between spam and comments, and in trials they taught the judge the corpus (docs/judge.md).
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from model.letters import surprise
from model.lexicon import THEME_OF, themes_within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model.links import Link
    from model.reading import Reading

_WORD: Final = re.compile(r"[^\W_]+")
_DIGITS: Final = "0123456789"
_LONG_WORD: Final = re.compile(r"\w{4,}")
_NO_LETTER: Final = re.compile(r"[^a-z]+")
_CAMEL: Final = re.compile(r"[a-zа-я][A-ZА-Я]")
_ADDRESS: Final = re.compile(r"https?:|www\.|\.(?:com|net|org|info|ru)\b")
_SIGN_IN_NAME: Final = re.compile(r"[|,;:!?@&/]")
_PAGE: Final = re.compile(r"\.(?:html?|php|aspx?)\b")

_KNOWN_SUFFIXES: Final = frozenset({
    "com", "net", "org", "info", "biz", "eu", "ru", "io", "me", "ly", "edu", "gov", "us", "tk", "cn", "in", "co", "dev",
    "xyz", "site", "online", "top", "club", "pl", "ua", "ip",
})  # fmt: skip
_FREE_HOSTS: Final = (
    "blogspot.com", "wordpress.com", "github.io", "tumblr.com", "typepad.com", "livejournal.com", "medium.com",
    "about.me", "blogger.com",
)  # fmt: skip
_SOCIAL: Final = frozenset({
    "facebook.com", "twitter.com", "youtube.com", "instagram.com", "linkedin.com", "plus.google.com", "t.me", "vk.com",
    "x.com",
})  # fmt: skip
#: Nobody lives behind a short address: it hides where it leads.
_SHORTENERS: Final = frozenset({
    "adf.ly", "bc.vc", "bit.do", "bit.ly", "buff.ly", "clck.ru", "cli.gs", "cutt.ly", "dlvr.it", "dwz.cn", "goo.gl",
    "goo.su", "is.gd", "j.mp", "lnkd.in", "migre.me", "ow.ly", "po.st", "qr.net", "rb.gy", "rebrand.ly", "s.id",
    "short.link", "shorturl.at", "snipurl.com", "snurl.com", "soo.gd", "su.pr", "suo.im", "t.cn", "t.co", "t.ly",
    "tiny.cc", "tinyurl.com", "tr.im", "u.to", "url.cn", "urlz.fr", "v.gd", "vk.cc", "x.co",
})  # fmt: skip
_WORKSHOPS: Final = frozenset({
    "github.com", "gitlab.com", "codeplex.com", "stackoverflow.com", "msdn.com", "microsoft.com", "wikipedia.org",
    "bitbucket.org", "nuget.org",
})  # fmt: skip


def _step(value: float, edges: Sequence[float]) -> int:
    """How many of the ``edges`` a value has reached."""
    return sum([value >= edge for edge in edges])


def _gibberish(letters: str) -> int:
    return _step(surprise(letters), (2.6, 2.9, 3.2, 3.6))


@lru_cache(maxsize=8192)
def of_name(raw: str, name: str) -> tuple[str, ...]:
    """Clues of a name as it came and in normal form; none of an empty one."""
    words = _WORD.findall(name)
    if not words:
        return ()
    trade = [THEME_OF[word] for word in (word.rstrip(_DIGITS) for word in words) if word in THEME_OF]
    letters = _NO_LETTER.sub("", name)
    found = [f"name of {theme}" for theme in dict.fromkeys(trade)]
    found.append(f"words of trade in the name: {min(len(trade), 2)}")
    found.append(f"words in the name: {_step(len(words), (2, 3, 4, 6))}")
    found.append(_capitals(raw.split()))
    if themes_within(name):
        found.append("trade within the name")
    if _CAMEL.search(raw) and " " not in raw.strip():
        found.append("capital inside the name")
    if any(char.isdigit() for char in name):
        found.append("digit in the name")
    if _ADDRESS.search(name):
        found.append("name is an address")
    elif len(letters) >= 6 and len(words) <= 2:
        found.append(f"strange letters in the name: {_gibberish(letters)}")
    if _SIGN_IN_NAME.search(raw):
        found.append("sign in the name")
    return tuple(found)


def _capitals(words: list[str]) -> str:
    if all(word == word.lower() for word in words):
        shape = "small"
    else:
        shape = "capital" if all(word[:1].isupper() for word in words) else "mixed"
    return f"name in {shape} letters: {min(len(words), 3)}"


def _host(link: Link) -> tuple[str, str]:
    """The label that was registered, and what stands before it."""
    if link.suffix == "ip":
        return link.host, ""
    label = link.domain.removesuffix("." + link.suffix)
    return label, link.host.removesuffix(link.domain).rstrip(".")


def of_link(link: Link) -> tuple[str, ...]:
    """Clues of what one link points at."""
    return _of_target(replace(link, kind="", anchor="", place="", start=None, end=None))


@lru_cache(maxsize=16384)
def _of_target(link: Link) -> tuple[str, ...]:
    label, before = _host(link)
    parts = [part for part in link.path.partition("?")[0].split("/") if part]
    found = [
        _suffix(link.suffix),
        f"depth {min(3, len(parts))}",
        f"hyphens {min(2, label.count('-') + before.count('-'))}",
    ]
    found.append(f"host length {_step(len(label), (5, 9, 13, 17, 22))}")
    if parts:
        found.append(f"hyphens in the path {_step(sum([part.count('-') for part in parts]), (1, 3))}")
    if any(char.isdigit() for char in label):
        found.append("digit in the host")
    if before:
        found.append("subdomain")
    if "?" in link.path:
        found.append("query")
    if _PAGE.search(link.path):
        found.append("page of a script")
    found += _company(link)
    themes = themes_within(f"{label} {before}")
    found += [f"host of {theme}" for theme in themes]
    if themes:
        found.append("trade within the host")
    if link.path and themes_within(link.path):
        found.append("trade within the path")
    letters = _NO_LETTER.sub("", label)
    if len(letters) >= 6:
        found.append(f"strange letters in the host: {_gibberish(letters)}")
    return tuple(found)


def _suffix(suffix: str) -> str:
    top = suffix.rpartition(".")[2]
    if top in _KNOWN_SUFFIXES:
        return f"under .{top}"
    return "under a country" if len(top) == 2 else "under another suffix"


def _company(link: Link) -> list[str]:
    found = []
    if link.host.endswith(_FREE_HOSTS):
        found.append("free host")
    if link.domain in _SOCIAL or link.host in _SOCIAL:
        found.append("social network")
    if link.domain in _SHORTENERS:
        found.append("short address")
    if link.domain in _WORKSHOPS:
        found.append("workshop or encyclopaedia")
    return found


#: Clues of a link in the text that were found to carry over from corpus to corpus; depth and length did not.
_IN_TEXT: Final = ("under", "host of", "trade", "strange", "hyphens", "digit", "short address")


def of_author_link(reading: Reading) -> list[str]:
    """Clues of the author's own link, by itself and against name and text."""
    url = reading.url
    if url is None:
        return []
    found = [f"author's link: {clue}" for clue in of_link(url)]
    label, _ = _host(url)
    long = [word for word in _WORD.findall(reading.name.text) if len(word) >= 4 and word.isalpha()]
    inside = [word for word in long if word in url.host]
    found.append(f"author's link: words of the name {min(2, len(inside))}" if long else "author's link: short name")
    if any(word in label for word in set(_LONG_WORD.findall(reading.body.text))):
        found.append("author's link: its host is talked of")
    if any(word in THEME_OF for word in inside):
        found.append("author's link: word of trade in name and host")
    return found


def of_text_links(reading: Reading) -> list[str]:
    """Clues of the links in the text."""
    links = reading.links
    if not links:
        return []
    found = [f"link: {clue}" for link in links[:10] for clue in of_link(link) if clue.startswith(_IN_TEXT)]
    found += [f"link: {link.place}" for link in links[:10] if link.place]
    kinds = {link.kind for link in links}
    if "bbcode" in kinds:
        found.append("link: in BBCode")
    if len(kinds) > 1:
        found.append("link: in several dresses")
    if reading.url is not None and any(link.domain == reading.url.domain for link in links):
        found.append("link: the author's own")
    shown = [word for link in links[:10] for word in _WORD.findall(link.anchor)]
    if shown:
        found += [f"link: anchor of {THEME_OF[word]}" for word in shown if word in THEME_OF]
        found.append(f"link: anchor length {_step(len(shown), (2, 3, 6))}")
        if any(link.anchor.strip() and link.anchor.strip() == reading.name.text for link in links):
            found.append("link: anchor is the name")
    return list(dict.fromkeys(found))


def of_writer(reading: Reading) -> tuple[str, ...]:
    """Clues of the name, by itself and against the text: sellers say theirs, few others do."""
    name = reading.name.text
    found = of_name(reading.sample.author_name, name)
    return (*found, "name stands in the text") if len(name) >= 5 and name in reading.body.text else found
