"""Hashing of words and character n-grams into one space of columns, vectorised, the same in every process for ever.

A text is read once as an array of code points; the polynomial hash of *any* slice then costs one subtraction and one
multiplication modulo 2**64 (prefix sums times an inverse power), so that a thousand n-grams cost a handful of numpy
calls. The idea is that of Karp and Rabin (1987); a column is the highest bits of such a sum, as in multilinear hashing
(Lemire & Kaser, "Strongly Universal String Hashing Is Fast", The Computer Journal 2014); the space is that of
Weinberger et al. (ICML 2009).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Codes: TypeAlias = NDArray[np.uint64]
Columns: TypeAlias = NDArray[np.int64]

#: Columns of the hashed space that sites share, and of the one (next to it) where sites keep what is theirs.
BITS: Final = 21
SITE_BITS: Final = 20
SHARED: Final = 1 << BITS
OWN: Final = 1 << SITE_BITS

#: Longest text that is hashed, in code points: `text.HEAD + text.TAIL`, and a name of 300 of the characters that one
#: compatibility form writes as eighteen.
LONGEST: Final = 24_000

_BASE: Final = 0x9E3779B97F4A7C15 | 1
_MIX: Final = np.uint64(0xD6E8FEB86659FD93)
_HALF: Final = np.uint64(32)
_MASK: Final = (1 << 64) - 1
_SPARE: Final = 64 - BITS


def _powers(first: int, base: int) -> Codes:
    powers = np.full(LONGEST + 1, base & _MASK, dtype=np.uint64)
    powers[0] = first
    with np.errstate(over="ignore"):
        return np.asarray(np.multiply.accumulate(powers), dtype=np.uint64)


_POWER: Final = _powers(_MIX.item(), _BASE)
_INVERSE: Final = _powers(1, pow(_BASE, -1, 1 << 64))


def codes(text: str) -> Codes:
    """The text's code points, shape ``(len(text),)``; lone surrogates are themselves."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)


def prefixes(points: Codes) -> Codes:
    """Prefix sums for `slices`: shape ``(n + 1,)``."""
    sums = np.empty(len(points) + 1, dtype=np.uint64)
    sums[0] = 0
    np.multiply(points, _POWER[: len(points)], out=sums[1:])
    return np.add.accumulate(sums, out=sums)


def slices(sums: Codes, starts: Columns, ends: Columns) -> Codes:
    """Hashes of the slices ``[start, end)``, equal for equal text wherever it stands."""
    return np.asarray((sums[ends] - sums[starts]) * _INVERSE[starts], dtype=np.uint64)


def grams(sums: Codes, length: int) -> Codes:
    """Hashes of all slices of ``length`` code points, shape ``(n - length + 1,)``, the same as by `slices`."""
    count = len(sums) - length
    if count <= 0:
        return np.zeros(0, dtype=np.uint64)
    found = sums[length:] - sums[:count]
    found *= _INVERSE[:count]
    return np.asarray(found)


def columns(hashes: Codes, salt: int) -> Columns:
    """The column of each hash in the shared space; ``salt`` keeps what is hashed for different ends apart."""
    return columns_of_parts([([hashes], salt)])[0]


def columns_of_parts(parts: Sequence[tuple[Sequence[Codes], int]]) -> list[Columns]:
    """`columns` of several groups of hashes, each with a salt of its own, in one go; they lie in one array."""
    hashes = np.concatenate([piece for pieces, _ in parts for piece in pieces])
    hashes >>= np.uint64(_SPARE)
    whole = hashes.view(np.int64)
    done = 0
    found = []
    for pieces, salted in parts:
        here = whole[done : done + sum([len(piece) for piece in pieces])]
        here ^= salted >> _SPARE
        found.append(here)
        done += len(here)
    return found


def crossed(shared: Columns, salt: int) -> Columns:
    """Columns of the shared space crossed with what ``salt`` stands for, in the space of `SITE_BITS`."""
    mixed = (shared.view(np.uint64) ^ np.uint64(salt)) * _MIX
    mixed ^= mixed >> _HALF
    mixed *= _MIX
    return np.asarray(mixed >> np.uint64(64 - SITE_BITS), dtype=np.int64)


def salt(name: str) -> int:
    """A fixed 64-bit number for a name (FNV-1a), for `columns`."""
    number = 0xCBF29CE484222325
    for byte in name.encode():
        number = ((number ^ byte) * 0x100000001B3) & _MASK
    return number


def words(texts: list[str]) -> Codes:
    """Hashes of whole strings, shape ``(len(texts),)``, each the same as by `slices`."""
    if not texts:
        return np.zeros(0, dtype=np.uint64)
    joined = "".join(texts)[:LONGEST]
    ends = np.cumsum([len(text) for text in texts])
    np.minimum(ends, len(joined), out=ends)
    starts = np.concatenate(([0], ends[:-1]))
    return slices(prefixes(codes(joined)), starts, ends)
