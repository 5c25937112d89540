"""A comment as a sparse vector: hashed blocks of words, letters, links and clues, then the plain numbers.

Within a block every distinct feature counts once: telling a thing thirty times does not make it truer. The features of
a text share a length that hardly grows with the text (see `Block`), so that a long comment has no louder voice; an
empty block is all zeros and says nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from model import clues, hashing
from model.features import NUMBERS, numbers
from model.hashing import OWN, SHARED, Codes, Columns
from model.links import MOST_LINKS, Link, path_shape, path_words
from model.reading import Reading, word_spans

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]

#: Columns of a vector: the shared hashed space, the sites' own hashed space, the plain numbers.
NUMBERS_FROM: Final = SHARED + OWN
WIDTH: Final = NUMBERS_FROM + len(NUMBERS)

GRAMS: Final = (2, 3, 4, 5)
_SALT: Final = {
    name: hashing.salt(name) for name in ("word", "pair", "char", "name", "name char", "link", "mail", "clue")
}
_PAIR: Final = np.uint64(0x9FB21C651E98DF25)


@dataclass(frozen=True, slots=True)
class Block:
    """Occurrences of hashed features: ``columns[i]`` comes from ``field[starts[i]:ends[i]]`` of the normal form.

    Each of the n distinct features has the value ``gain / sqrt(n + damp)``, or just ``gain`` without ``damp``: the
    damping keeps two words from shouting as loud as two hundred. ``starts`` is ``None`` where the features speak of the
    field as a whole; ``clues`` names them where they have names. Arrays and ``clues`` are of length n.
    """

    name: str
    field: str
    columns: Columns
    gain: float
    damp: float | None = None
    starts: Columns | None = None
    ends: Columns | None = None
    clues: Sequence[str] | None = None

    def value(self, distinct_features: int) -> float:
        """The value of each distinct feature."""
        return self.gain if self.damp is None else self.gain / math.sqrt(distinct_features + self.damp)


def _grams(sums: Codes, salt: int) -> Columns:
    return hashing.columns(np.concatenate([hashing.grams(sums, length) for length in GRAMS]), salt)


def _gram_spans(length: int) -> tuple[Columns, Columns]:
    starts = [np.arange(max(length - size + 1, 0)) for size in GRAMS]
    ends = [start + size for start, size in zip(starts, GRAMS, strict=True)]
    return np.concatenate(starts), np.concatenate(ends)


def _word_block(
    sums: Codes, spans: Sequence[tuple[int, int]], salts: tuple[str, str]
) -> tuple[Columns, Columns, Columns]:
    """Words and pairs of neighbours: columns, starts, ends."""
    if not spans:
        none = np.zeros(0, dtype=np.int64)
        return none, none, none
    starts, ends = np.array(spans, dtype=np.int64).T
    words = hashing.slices(sums, starts, ends)
    pairs = words[:-1] * _PAIR + words[1:]
    columns = np.concatenate((hashing.columns(words, _SALT[salts[0]]), hashing.columns(pairs, _SALT[salts[1]])))
    return columns, np.concatenate((starts, starts[:-1])), np.concatenate((ends, ends[1:]))


def _text_blocks(text: str, words: list[tuple[int, int]], *, spans: bool) -> list[Block]:
    """Words, pairs and letters of the body."""
    sums = hashing.prefixes(hashing.codes(text))
    word_columns, starts, ends = _word_block(sums, words, ("word", "pair"))
    gram_starts, gram_ends = _gram_spans(len(text)) if spans else (None, None)
    return [
        Block("words", "body", word_columns, 1.0, 20.0, starts, ends),
        Block("letters", "body", _grams(sums, _SALT["char"]), 1.0, 100.0, gram_starts, gram_ends),
    ]


def _name_blocks(reading: Reading) -> list[Block]:
    text = f" {reading.name.text} "
    sums = hashing.prefixes(hashing.codes(text))
    words, _, _ = _word_block(sums, word_spans(text), ("name", "name"))
    return [
        Block("name", "author_name", words, 0.5, 5.0),
        Block("letters of the name", "author_name", _grams(sums, _SALT["name char"]), 0.5, 20.0),
        _clues("author_name", clues.of_writer(reading), 0.5),
    ]


def _clues(field: str, found: Sequence[str], gain: float) -> Block:
    columns = hashing.columns(hashing.words(list(found)), _SALT["clue"])
    return Block("clues", field, columns, gain, clues=found)


def _link_features(link: Link) -> list[str]:
    label = link.domain.removesuffix("." + link.suffix)
    padded = f"^{label}$"
    return [
        "d:" + link.domain,
        "t:" + link.suffix,
        "s:" + path_shape(link),
        *("p:" + word for word in path_words(link)),
        *(padded[i : i + size] for size in (3, 4, 5) for i in range(len(padded) - size + 1)),
    ]


def _hashed(name: str, field: str, features: list[str], salt: str) -> Block:
    return Block(name, field, hashing.columns(hashing.words(features), _SALT[salt]), 0.5, 10.0)


def blocks(reading: Reading, sites: frozenset[str] = frozenset(), *, spans: bool = False) -> list[Block]:
    """The hashed blocks of a comment; those of the site's own space only for ``sites`` that have one."""
    text = reading.body.text
    found: list[Block] = []
    words: list[str] = []
    if text and not text.isspace():
        places = word_spans(text)
        words = [text[start:end] for start, end in places]
        found += _text_blocks(text, places, spans=spans)
        found.append(_clues("body", clues.of_talk(text, words), 0.2))
    site = reading.sample.site
    if site and site in sites:
        found.append(_own_block(words, reading, site))
    if reading.name.text:
        found += _name_blocks(reading)
    if reading.links:
        features = [feature for link in reading.links[:MOST_LINKS] for feature in _link_features(link)]
        found.append(_hashed("links", "body", features, "link"))
        found.append(_clues("body", clues.of_text_links(reading), 0.3))
    if reading.url is not None:
        found.append(_hashed("author's link", "author_url", _link_features(reading.url), "link"))
        found.append(_clues("author_url", clues.of_author_link(reading, words), 0.3))
    if reading.mail_domain:
        found.append(_hashed("address", "author_email", _mail_features(reading), "mail"))
    return found


def _mail_features(reading: Reading) -> list[str]:
    padded = f"^{reading.local}$"
    top = reading.mail_domain.rpartition(".")[2]
    grams = [padded[i : i + size] for size in (3, 4) for i in range(len(padded) - size + 1)]
    return ["d:" + reading.mail_domain, "t:" + top, *grams]


def _own_block(words: list[str], reading: Reading, site: str) -> Block:
    """The words of the text and of the name, crossed with the site (Weinberger et al. 2009), in its own space."""
    features = [*words, *("name " + word for word in reading.name.text.split()), "any comment"]
    columns = SHARED + hashing.columns(hashing.words(features), hashing.salt("own " + site), hashing.SITE_BITS)
    return Block("site", "body", columns, 1.0, 10.0)


def distinct(columns: Columns) -> Columns:
    """The distinct columns, ascending, faster than `numpy.unique` on short arrays."""
    if len(columns) < 2:
        return columns
    ordered = np.sort(columns)
    keep = np.empty(len(ordered), dtype=np.bool_)
    keep[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=keep[1:])
    return np.asarray(ordered[keep])


def vector(reading: Reading, sites: frozenset[str] = frozenset()) -> tuple[Columns, Floats]:
    """The sparse vector of a comment: columns (unsorted, possibly repeated) and values, shape ``(nnz,)``."""
    columns: list[Columns] = []
    values: list[Floats] = []
    for block in blocks(reading, sites):
        here = distinct(block.columns)
        if len(here):
            columns.append(here)
            values.append(np.full(len(here), block.value(len(here))))
    plain = np.array(numbers(reading))
    present = np.flatnonzero(plain)
    columns.append(NUMBERS_FROM + present)
    values.append(plain[present])
    return np.concatenate(columns), np.concatenate(values)
