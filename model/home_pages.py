"""Home pages for genuine writers of whom we know none, so that the judge learns links and not corpora.

In the corpora nearly all author's links stand under spam and most genuine comments have none, because of where they
were collected. So some genuine comments are shown with a made-up home page: then *having* a link says next to nothing,
and *which* link it is says what it can.
"""

from __future__ import annotations

import random
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from model.links import read_url
from model.sample import Label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model.reading import Reading
    from model.sample import LabelledSample

#: Share of genuine comments without a link of their own that are given a made-up home page.
MADE_UP: Final = 0.30

_NOUNS: Final = (
    "code", "dev", "blog", "tech", "works", "studio", "labs", "garden", "kitchen", "notes", "life", "photo",
    "art", "music", "travel", "design", "writes", "world", "thoughts", "home", "coffee", "books", "words",
    "pixel", "cloud", "data", "river", "stone", "little", "green", "blue", "north", "wild", "happy", "daily",
    "simple", "mind", "space",
)  # fmt: skip
_TOPS: Final = (
    "com", "com", "com", "com", "com", "com", "com", "com", "com", "net", "net", "org", "org", "me", "io", "de",
    "co.uk", "fr", "ca", "nl", "info", "it", "in", "es", "com.au", "se", "us", "eu", "ru", "br",
)  # fmt: skip
_PROFILES: Final = (
    "twitter.com/", "github.com/", "www.facebook.com/", "www.linkedin.com/in/", "medium.com/@", "about.me/",
    "www.youtube.com/user/",
)  # fmt: skip
_HOSTED: Final = (".blogspot.com", ".wordpress.com", ".github.io", ".tumblr.com", ".livejournal.com", ".typepad.com")
_PATHS: Final = (
    "",
    "",
    "",
    "",
    "",
    "",
    "blog",
    "about",
    "index.html",
    "weblog",
    "journal",
    "2010/05/some-thoughts-on-",
)


def with_home_page(row: LabelledSample, reading: Reading, chance: random.Random, names: Sequence[str]) -> Reading:
    """A comment, or, of some genuine ones without a link of their own, the comment with a made-up home page."""
    if row.label is not Label.HAM or reading.url is not None or row.lang != "en" or chance.random() >= MADE_UP:
        return reading
    url = read_url(home_page(reading.name.text, chance, names), "author")
    return replace(reading, url=url) if url is not None else reading


def home_page(name: str, chance: random.Random, names: Sequence[str]) -> str:
    """An address such as people link their names to, mostly made from ``name``, else from one of ``names``."""
    parts = [part for part in re.findall(r"[a-z]+", name) if len(part) > 1]
    if not parts or chance.random() < 0.35:
        parts = [chance.choice(names), *([chance.choice(names)] if chance.random() < 0.4 else [])]
    style = chance.random()
    if style < 0.25:
        label = chance.choice(_NOUNS) + chance.choice(_NOUNS)
    elif style < 0.4:
        label = parts[0] + chance.choice(_NOUNS)
    else:
        label = ("-" if style > 0.93 else "").join(parts[:2])
    where = chance.random()
    if where < 0.08:
        return "https://" + chance.choice(_PROFILES) + label
    if where < 0.3:
        host = label + chance.choice(_HOSTED)
    else:
        host = chance.choice(("", "www.", "www.", "", "blog.")) + label + "." + chance.choice(_TOPS)
    path = chance.choice(_PATHS)
    return f"http://{host}/{path}{chance.choice(_NOUNS) if path.endswith('-') else ''}"
