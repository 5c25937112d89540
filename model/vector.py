"""A comment as a sparse vector: hashed blocks of words, letters, links and clues, then the plain numbers.

Blocks and clues belong to *experts*: the words, the letters, the name, the author's link, the links in the text. Each
has learnt for itself, and their log-odds are added up (see `train_starter`).

Within a block of text every distinct feature counts once: telling a thing thirty times does not make it truer. Its
features share a length that hardly grows with the text (see `Block`), so that a long comment has no louder voice; an
empty block is all zeros and says nothing.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, islice
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model import clues, hashing
from model.features import NUMBERS, numbers
from model.hashing import OWN, SHARED, Codes, Columns
from model.links import MOST_LINKS, Link, path_shape, path_words
from model.reading import Part, Reading
from model.text import HEAD, TAIL
from model.words import word_spans

Floats = NDArray[np.float64]
#: Start and end, offsets into a normal form.
Span = tuple[int, int]

#: Columns of a vector: the shared hashed space, the sites' own hashed space, the plain numbers.
NUMBERS_FROM: Final = SHARED + OWN
WIDTH: Final = NUMBERS_FROM + len(NUMBERS)

#: Whose evidence there is in the starter's corpora. Their names are those of their blocks where they have one.
WORDS: Final = "words"
LETTERS: Final = "letters"
NAME: Final = "name"
AUTHORS_LINK: Final = "author's link"
LINKS: Final = "links"
EXPERTS: Final = (WORDS, LETTERS, NAME, AUTHORS_LINK, LINKS)
#: Of these no corpus tells anything: a site's labels teach them.
ADDRESS: Final = "address"
SITE: Final = "site"
_TEXT: Final = frozenset({WORDS, LETTERS, LINKS, SITE})

#: Lengths of the character n-grams.
GRAMS: Final = (1, 2, 3, 4, 5)
#: ... of those that a site weighs in its own way, too.
_OWN_GRAMS: Final = (2, 4)
#: ... of those of the address's local part.
_LOCAL_GRAMS: Final = (3, 4)
_WORD: Final = hashing.salt("word")
_CHAR: Final = hashing.salt("char")
_NAME: Final = hashing.salt("name")
_NAME_CHAR: Final = hashing.salt("name char")
_LINK: Final = hashing.salt("link")
_MAIL: Final = hashing.salt("mail")
_CLUE: Final = hashing.salt("clue")
#: The blocks whose features a site may weigh in its own way.
_OWN: Final = frozenset({"words", "words of the name", LINKS, AUTHORS_LINK})
#: What is said of every comment of a site, and of whether it has a link: among one site's comments that tells spam from
#: comments, while between corpora it tells corpora apart, so nobody but the site itself may learn it.
_ANY, _LINKED, _UNLINKED, _SIGNED, _UNSIGNED = np.arange(5, dtype=np.int64)
#: Up to this many columns plain Python is faster than numpy.
_FEW: Final = 40
_JOIN: Final = np.uint64(0x9FB21C651E98DF25)


@dataclass(slots=True)
class Block:
    """Occurrences of hashed features in a field, shape ``(n,)``; ``expert`` is whose evidence they are.

    Each of the d distinct features has the value ``gain / sqrt(d + damp)``: the damping keeps two words from shouting
    as loud as two hundred. ``spans`` are the starts and ends, in the normal form, of the words that the block is of
    (first the words, then the pairs of neighbours). A block of letters holds all n-grams, shortest first.
    """

    name: str
    expert: str
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
        here = lasts(self.columns)
        return float(weights[self.columns] @ here) * self.value(int(np.count_nonzero(here)))


@dataclass(slots=True)
class Clues:
    """Clues that are present in a field, by name; each has the value ``gain``. ``expert`` is whose they are."""

    expert: str
    field: str
    names: Sequence[str]
    gain: float

    def log_odds(self, weights: Floats) -> float:
        """What the clues add together."""
        return self.gain * sum([weights.item(clue_column(name)) for name in self.names])


class Features(NamedTuple):
    """All features of a comment but its numbers."""

    blocks: list[Block]
    clues: list[Clues]

    @property
    def each(self) -> list[Block | Clues]:
        """Blocks and clues in one list."""
        return [*self.blocks, *self.clues]

    @property
    def aside(self) -> Features:
        """Those that are not of the text."""
        return Features(
            [one for one in self.blocks if not in_text(one)], [one for one in self.clues if not in_text(one)]
        )

    def joined(self, others: Features) -> Features:
        """These and the others."""
        return Features([*self.blocks, *others.blocks], [*self.clues, *others.clues])


def text_blocks(readings: Sequence[Reading]) -> Iterator[list[Block]]:
    """Blocks of the words and letters of body, name and address, of each reading.

    Many are hashed in one go, because a numpy call costs more than the arithmetic of a short text.
    """
    waiting: list[Reading] = []
    size = 0
    for reading in readings:
        length = len(reading.body.text) + len(reading.name.text) + len(reading.local) + 4
        if waiting and size + length > hashing.LONGEST:
            yield from _text_blocks(waiting)
            waiting, size = [], 0
        waiting.append(reading)
        size += length
    if waiting:
        yield from _text_blocks(waiting)


def _text_blocks(readings: Sequence[Reading]) -> Iterator[list[Block]]:
    """The same for texts that are together no longer than `hashing.LONGEST`, each written as "body name local$ "."""
    points = hashing.codes("".join([f"{one.body.text} {one.name.text} {one.local}$ " for one in readings]))
    sums = hashing.prefixes(points)
    whole = [hashing.grams(sums, length) for length in GRAMS]
    starts, ends = word_spans(points)
    words = hashing.slices(sums, starts, ends)
    pairs = words[:-1] * _JOIN + words[1:]
    fields = _fields(readings)
    cuts = np.searchsorted(starts, fields).tolist()
    parts: list[tuple[list[Codes], int]] = []
    for (begin, body, name, end), (first, second, third, _) in zip(fields, cuts, strict=True):
        # A name is read with the gaps around it, an address with the one before it and the sign after it.
        name_grams = [grams[body : max(name - n + 2, body)] for n, grams in zip(GRAMS, whole, strict=True)]
        parts += (
            ([grams[begin : max(body - n + 1, begin)] for n, grams in zip(GRAMS, whole, strict=True)], _CHAR),
            ([words[first:second], pairs[first : max(second - 1, first)]], _WORD),
            ([words[second:third], pairs[second : max(third - 1, second)]], _NAME),
            (name_grams if name - body > 1 else [], _NAME_CHAR),
            ([whole[n - 1][name : end - n] for n in _LOCAL_GRAMS] if end - name > 3 else [], _MAIL),
        )
    columns = iter(hashing.columns_of_parts(parts))
    for (begin, body, name, end), (first, second, _, _) in zip(fields, cuts, strict=True):
        letters, of_words, name_words, name_letters, local = islice(columns, 5)
        found = []
        if body > begin:
            spans = starts[first:second] - begin, ends[first:second] - begin
            found.append(Block("words", WORDS, "body", of_words, 1.0, 20.0, spans))
            found.append(Block("letters", LETTERS, "body", letters, 1.0, 100.0))
        if name - body > 1:
            found.append(Block("words of the name", NAME, "author_name", name_words, 0.5, 5.0))
            found.append(Block("letters of the name", NAME, "author_name", name_letters, 0.5, 20.0))
        if end - name > 3:
            found.append(Block("address", ADDRESS, "author_email", local, 0.5, 10.0))
        yield found


def _fields(readings: Sequence[Reading]) -> list[tuple[int, int, int, int]]:
    """Where each reading begins, where its body and its name end, and where it ends."""
    found = []
    begin = 0
    for reading in readings:
        body = begin + len(reading.body.text)
        name = body + 1 + len(reading.name.text)
        end = name + len(reading.local) + 3
        found.append((begin, body, name, end))
        begin = end
    return found


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


def _link_block(expert: str, field: str, links: Sequence[Link]) -> Block:
    parts = [_link_columns(link.domain, link.suffix, path_shape(link), tuple(path_words(link))) for link in links]
    return Block(expert, expert, field, parts[0] if len(parts) == 1 else np.concatenate(parts), 0.5, 10.0)


@lru_cache(maxsize=4096)
def _mail_domain_columns(domain: str) -> Columns:
    return hashing.columns(hashing.words(["d:" + domain, "t:" + domain.rpartition(".")[2]]), _MAIL)


@lru_cache(maxsize=4096)
def _site_salt(site: str) -> int:
    return hashing.salt("own " + site)


def _own_blocks(found: Sequence[Block], site: str, size: int) -> list[Block]:
    """What a text of ``size`` characters says, crossed with the site (Weinberger et al. 2009), in the sites' space.

    The words and links of the text and of the name, and some of its letters: where words are not told apart by spaces,
    or nobody else uses them, those are all that few labels can teach.
    """
    salt = _site_salt(site)
    named = {block.name: block.columns for block in found if block.name in _OWN}
    always = np.array([_ANY, _LINKED if LINKS in named else _UNLINKED, _SIGNED if AUTHORS_LINK in named else _UNSIGNED])
    columns = SHARED + hashing.crossed(np.concatenate([always, *named.values()]), salt)
    own = [Block("site", SITE, "body", columns, 1.0, 10.0)]
    for block in found:
        if block.expert == LETTERS:
            letters = np.concatenate([block.columns[a:b] for a, b in _places_of_grams(size, _OWN_GRAMS)])
            own.append(Block("letters of the site", SITE, "body", SHARED + hashing.crossed(letters, salt), 1.0, 20.0))
    return own


def _places_of_grams(size: int, lengths: Sequence[int]) -> list[Span]:
    """Where the n-grams of some ``lengths`` stand in the block of all letters of a text of ``size`` characters."""
    ends = [0, *accumulate([max(size + 1 - length, 0) for length in GRAMS])]
    return [(ends[length - 1], ends[length]) for length in lengths]


def link_blocks(reading: Reading) -> list[Block]:
    """Blocks of what the links and the address's domain are."""
    found = []
    if reading.links:
        found.append(_link_block(LINKS, "body", reading.links[:MOST_LINKS]))
    if reading.url is not None:
        found.append(_link_block(AUTHORS_LINK, "author_url", [reading.url]))
    if reading.mail_domain:
        columns = _mail_domain_columns(reading.mail_domain)
        found.append(Block("domain of the address", ADDRESS, "author_email", columns, 0.5, 1.0))
    return found


def clues_of(reading: Reading) -> list[Clues]:
    """All clues of a comment. From its "any" an expert starts wherever it is heard."""
    found = []
    if reading.name.text:
        found.append(Clues(NAME, "author_name", ["any name", *clues.of_writer(reading)], 0.5))
    if reading.links:
        found.append(_clues_of_links(reading))
    if reading.url is not None:
        found.append(Clues(AUTHORS_LINK, "author_url", ["author's link: any", *clues.of_author_link(reading)], 0.3))
    return found


def _clues_of_links(reading: Reading) -> Clues:
    return Clues(LINKS, "body", ["link: any", *clues.of_text_links(reading)], 0.3)


def features_of(readings: Sequence[Reading], sites: frozenset[str] = frozenset()) -> Iterator[Features]:
    """The features of each comment; ``sites`` are those that have weights of their own."""
    for reading, text in zip(readings, text_blocks(readings), strict=True):
        found = text + link_blocks(reading)
        site = reading.sample.site
        if site and site in sites:
            found += _own_blocks(found, site, len(reading.body.text))
        yield Features(found, clues_of(reading))


def in_text(one: Block | Clues) -> bool:
    """Whether a feature is of the text, words or links: only those of a part are found in a part of it."""
    return one.expert in _TEXT


def within(reading: Reading, features: Features, part: Part) -> Features:
    """The features of a part of a text, as if that were all of it; ``features`` are those of the whole reading.

    Words lie in a part as a whole or not at all.
    """
    blocks: list[Block] = []
    for block in features.blocks:
        if block.expert == WORDS and block.spans is not None:
            blocks.append(_words_within(block, block.spans, part))
        elif block.expert == LETTERS:
            blocks.append(_letters_within(block, len(reading.body.text), part))
    here: list[Clues] = []
    if part.links:
        blocks.append(_link_block(LINKS, "body", part.links[:MOST_LINKS]))
        here.append(_clues_of_links(replace(reading, links=list(part.links))))
    if any(block.expert == SITE for block in features.blocks):
        blocks += _own_blocks([*features.aside.blocks, *blocks], reading.sample.site, part.end - part.begin)
    return Features(blocks, here)


def _words_within(block: Block, spans: tuple[Columns, Columns], part: Part) -> Block:
    starts, ends = spans
    first, last = starts.searchsorted(part.begin).item(), ends.searchsorted(part.end, side="right").item()
    pairs = block.columns[len(starts) :]
    columns = np.concatenate((block.columns[first:last], pairs[first : max(last - 1, first)]))
    here = starts[first:last], ends[first:last]
    return Block(block.name, block.expert, block.field, columns, block.gain, block.damp, here)


def _letters_within(block: Block, size: int, part: Part) -> Block:
    pieces = []
    for length, (first, _) in zip(GRAMS, _places_of_grams(size, GRAMS), strict=True):
        pieces.append(block.columns[first + part.begin : first + max(part.end + 1 - length, part.begin)])
    return Block(block.name, block.expert, block.field, np.concatenate(pieces), block.gain, block.damp)


class _Scratch(threading.local):
    """One place per column and thread, to find columns that are there twice without sorting."""

    def __init__(self) -> None:
        self.place = np.zeros(NUMBERS_FROM, dtype=np.int32)


_SCRATCH: Final = _Scratch()
_ORDER: Final = np.arange(5 * (HEAD + TAIL + 1000), dtype=np.int32)


def lasts(columns: Columns) -> NDArray[np.bool_]:
    """Which of the columns are the last of their kind, shape ``(n,)``: five times as fast as sorting."""
    place = _SCRATCH.place
    order = _ORDER[: len(columns)] if len(columns) <= len(_ORDER) else np.arange(len(columns), dtype=np.int32)
    place[columns] = order
    return np.asarray(place.take(columns, mode="clip") == order)


def firsts(columns: Columns) -> NDArray[np.bool_]:
    """Which of the columns are the first of their kind, shape ``(n,)``."""
    return lasts(columns[::-1])[::-1]


def distinct(columns: Columns) -> Columns:
    """The distinct columns in the order in which they first occur."""
    return np.asarray(columns[firsts(columns)])


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


def vectors(readings: Sequence[Reading], sites: frozenset[str] = frozenset()) -> Iterator[tuple[Columns, Floats]]:
    """The sparse vector of each comment: see `assemble`."""
    for reading, (found, present) in zip(readings, features_of(readings, sites), strict=True):
        yield assemble(found, present, numbers(reading))
