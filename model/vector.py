"""A comment as a sparse vector: hashed blocks of words, letters, links and clues, then the plain numbers.

Within a block of text every distinct feature counts once: telling a thing thirty times does not make it truer. Its
features share a length that hardly grows with the text (see `Block`), so that a long comment has no louder voice; an
empty block is all zeros and says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model import clues, hashing
from model.features import NUMBERS, numbers
from model.hashing import OWN, SHARED, Columns
from model.links import MOST_LINKS, Link, path_shape, path_words
from model.reading import Reading
from model.words import word_spans

Floats = NDArray[np.float64]

#: Columns of a vector: the shared hashed space, the sites' own hashed space, the plain numbers.
NUMBERS_FROM: Final = SHARED + OWN
WIDTH: Final = NUMBERS_FROM + len(NUMBERS)

#: Lengths of the character n-grams.
GRAMS: Final = (1, 2, 3, 4, 5)
_WORD: Final = hashing.salt("word")
_PAIR: Final = hashing.salt("pair")
_CHAR: Final = hashing.salt("char")
_NAME: Final = hashing.salt("name")
_NAME_CHAR: Final = hashing.salt("name char")
_LINK: Final = hashing.salt("link")
_MAIL: Final = hashing.salt("mail")
_CLUE: Final = hashing.salt("clue")
#: The blocks whose features a site may weigh in its own way.
_OWN: Final = frozenset({"words", "words of the name", "links", "author's link"})
#: What is said of every comment of a site, and of whether it has a link: among one site's comments that tells spam from
#: comments, while between corpora it tells corpora apart, so nobody but the site itself may learn it.
_ANY, _LINKED, _UNLINKED, _SIGNED, _UNSIGNED = np.arange(5, dtype=np.int64)
#: Up to this many columns plain Python is faster than numpy.
_FEW: Final = 40
_JOIN: Final = np.uint64(0x9FB21C651E98DF25)


@dataclass(slots=True)
class Block:
    """Occurrences of hashed features in a field, shape ``(n,)``.

    Each of the d distinct features has the value ``gain / sqrt(d + damp)``: the damping keeps two words from shouting
    as loud as two hundred. ``spans`` are the starts and ends, in the normal form, of the words that the block is of
    (first the words, then the pairs of neighbours). A block of letters holds all n-grams, shortest first.
    """

    name: str
    field: str
    columns: Columns
    gain: float
    damp: float
    spans: tuple[Columns, Columns] | None = None

    def value(self, distinct_features: int) -> float:
        """The value of each distinct feature."""
        return self.gain / math.sqrt(distinct_features + self.damp)

    def log_odds(self, weights: Floats) -> float:
        """What the block adds; ``weights`` has `WIDTH` columns."""
        if len(self.columns) <= _FEW:
            few = set(self.columns.tolist())
            return sum([weights.item(column) for column in few]) * self.value(len(few))
        columns = distinct(self.columns)
        return float(weights[columns].sum()) * self.value(len(columns))


@dataclass(slots=True)
class Clues:
    """Clues that are present in a field, by name; each has the value ``gain``."""

    field: str
    names: Sequence[str]
    gain: float

    def log_odds(self, weights: Floats) -> float:
        """What the clues add together."""
        return self.gain * sum([weights.item(clue_column(name)) for name in self.names])


def text_blocks(reading: Reading) -> tuple[list[Block], list[str]]:
    """Blocks of the words and letters of body, name and address, and the body's words.

    All are hashed in one go, because a numpy call costs more than the arithmetic of a short text.
    """
    body, name = reading.body.text, reading.name.text
    size = len(body)
    until = size + len(name) + 2
    points = hashing.codes(f"{body} {name} {reading.local}$")
    sums = hashing.prefixes(points)
    whole = [hashing.grams(sums, length) for length in GRAMS]
    starts, ends = word_spans(points[: until - 1])
    words = hashing.slices(sums, starts, ends)
    cut = int(np.searchsorted(starts, size))
    pairs = words[:-1] * _JOIN + words[1:]
    parts = (
        ([grams[: max(size - length + 1, 0)] for length, grams in zip(GRAMS, whole, strict=True)], _CHAR),
        ([words[:cut]], _WORD),
        ([pairs[: max(cut - 1, 0)]], _PAIR),
        ([words[cut:], pairs[cut:]] if name else [], _NAME),
        (
            [grams[size : until - length + 1] for length, grams in zip(GRAMS, whole, strict=True)] if name else [],
            _NAME_CHAR,
        ),
        ([grams[until - 1 :] for grams in whole[2:4]] if reading.local else [], _MAIL),
    )
    letters, singles, doubles, name_words, name_letters, local = hashing.columns_of_parts(parts)
    found = []
    if body:
        both = np.concatenate((singles, doubles))
        found.append(Block("words", "body", both, 1.0, 20.0, (starts[:cut], ends[:cut])))
        found.append(Block("letters", "body", letters, 1.0, 100.0))
    if name:
        found.append(Block("words of the name", "author_name", name_words, 0.5, 5.0))
        found.append(Block("letters of the name", "author_name", name_letters, 0.5, 20.0))
    if reading.local:
        found.append(Block("address", "author_email", local, 0.5, 10.0))
    places = zip(starts[:cut].tolist(), ends[:cut].tolist(), strict=True)
    return found, [body[start:end] for start, end in places]


@lru_cache(maxsize=16384)
def clue_column(clue: str) -> int:
    """The column of a clue."""
    return int(hashing.columns(hashing.words([clue]), _CLUE)[0])


@lru_cache(maxsize=16384)
def _link_columns(domain: str, suffix: str, shape: str, words: tuple[str, ...]) -> Columns:
    padded = f"^{domain.removesuffix('.' + suffix)}$"
    features = ["d:" + domain, "t:" + suffix, "s:" + shape, *("p:" + word for word in words)]
    features += [padded[i : i + size] for size in (3, 4, 5) for i in range(len(padded) - size + 1)]
    return hashing.columns(hashing.words(features), _LINK)


def _link_block(name: str, field: str, links: Sequence[Link]) -> Block:
    parts = [_link_columns(link.domain, link.suffix, path_shape(link), tuple(path_words(link))) for link in links]
    return Block(name, field, parts[0] if len(parts) == 1 else np.concatenate(parts), 0.5, 10.0)


@lru_cache(maxsize=4096)
def _mail_domain_columns(domain: str) -> Columns:
    return hashing.columns(hashing.words(["d:" + domain, "t:" + domain.rpartition(".")[2]]), _MAIL)


@lru_cache(maxsize=4096)
def _site_salt(site: str) -> int:
    return hashing.salt("own " + site)


def _own_block(found: Sequence[Block], site: str) -> Block:
    """The words and links of the text and of the name, crossed with the site (Weinberger et al. 2009), in its space."""
    named = {block.name: block.columns for block in found if block.name in _OWN}
    always = np.array(
        [_ANY, _LINKED if "links" in named else _UNLINKED, _SIGNED if "author's link" in named else _UNSIGNED]
    )
    plain = np.concatenate([always, *named.values()]).view(np.uint64)
    columns = SHARED + hashing.columns(plain, _site_salt(site), hashing.SITE_BITS)
    return Block("site", "body", columns, 1.0, 10.0)


def link_blocks(reading: Reading) -> list[Block]:
    """Blocks of what the links and the address's domain are."""
    found = []
    if reading.links:
        found.append(_link_block("links", "body", reading.links[:MOST_LINKS]))
    if reading.url is not None:
        found.append(_link_block("author's link", "author_url", [reading.url]))
    if reading.mail_domain:
        columns = _mail_domain_columns(reading.mail_domain)
        found.append(Block("domain of the address", "author_email", columns, 0.5, 1.0))
    return found


def clues_of(reading: Reading, words: list[str]) -> list[Clues]:
    """All clues of a comment; ``words`` are the body's."""
    found = [Clues("body", clues.of_talk(reading.body.text, words), 0.2)]
    if reading.name.text:
        found.append(Clues("author_name", clues.of_writer(reading), 0.5))
    if reading.links:
        found.append(Clues("body", clues.of_text_links(reading), 0.3))
    if reading.url is not None:
        found.append(Clues("author_url", clues.of_author_link(reading, words), 0.3))
    return found


def features_of(reading: Reading, sites: frozenset[str] = frozenset()) -> tuple[list[Block], list[Clues]]:
    """All of a comment but its numbers; ``sites`` are those that have weights of their own."""
    found, words = text_blocks(reading)
    found += link_blocks(reading)
    site = reading.sample.site
    if site and site in sites:
        found.append(_own_block(found, site))
    return found, clues_of(reading, words)


def distinct(columns: Columns) -> Columns:
    """The distinct columns, ascending, faster than `numpy.unique` on short arrays."""
    if len(columns) < 2:
        return columns
    ordered = np.sort(columns)
    keep = np.empty(len(ordered), dtype=np.bool_)
    keep[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=keep[1:])
    return np.asarray(ordered[keep])


def assemble(found: Sequence[Block], present: Sequence[Clues], plain: Sequence[float]) -> tuple[Columns, Floats]:
    """The sparse vector of blocks, clues and numbers: columns (unsorted; repeated ones add up) and values."""
    columns: list[Columns] = []
    values: list[Floats] = []
    for block in found:
        here = distinct(block.columns)
        columns.append(here)
        values.append(np.full(len(here), block.value(len(here))))
    for some in present:
        columns.append(np.array([clue_column(name) for name in some.names], dtype=np.int64))
        values.append(np.full(len(some.names), some.gain))
    dense = np.array(plain)
    known = np.flatnonzero(dense)
    columns.append(NUMBERS_FROM + known)
    values.append(dense[known])
    return np.concatenate(columns), np.concatenate(values)


def vector(reading: Reading, sites: frozenset[str] = frozenset()) -> tuple[Columns, Floats]:
    """The sparse vector of a comment: see `assemble`."""
    return assemble(*features_of(reading, sites), numbers(reading))
