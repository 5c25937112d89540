"""Hashing of words and character n-grams into one space of columns, vectorised, the same in every process for ever.

A text is read once as an array of code points; the polynomial hash of *any* slice then costs one subtraction and one
multiplication modulo 2**64 (prefix sums times an inverse power), so that a thousand n-grams cost a handful of numpy
calls. The idea is that of Karp and Rabin (1987); the space is that of Weinberger et al. (ICML 2009).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Codes: TypeAlias = NDArray[np.uint64]
Columns: TypeAlias = NDArray[np.int64]

#: Columns of the hashed space that sites share, and of the one (next to it) where sites keep what is theirs.
BITS: Final = 20
SITE_BITS: Final = 18
SHARED: Final = 1 << BITS
OWN: Final = 1 << SITE_BITS

#: Longest text that is hashed, in code points: `text.HEAD + text.TAIL`, and a name of 300 of the characters that one
#: compatibility form writes as eighteen.
LONGEST: Final = 24_000

_BASE: Final = 0x9E3779B97F4A7C15 | 1
_MIX: Final = np.uint64(0xD6E8FEB86659FD93)
_HALF: Final = np.uint64(32)
_MASK: Final = (1 << 64) - 1


def _powers(base: int) -> Codes:
    powers = np.full(LONGEST + 1, base & _MASK, dtype=np.uint64)
    powers[0] = 1
    with np.errstate(over="ignore"):
        return np.asarray(np.multiply.accumulate(powers), dtype=np.uint64)


_POWER: Final = _powers(_BASE)
_INVERSE: Final = _powers(pow(_BASE, -1, 1 << 64))


def codes(text: str) -> Codes:
    """The text's code points, shape ``(len(text),)``; lone surrogates are themselves."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)


def prefixes(points: Codes) -> Codes:
    """Prefix sums for `slices`: shape ``(n + 1,)``."""
    sums = np.zeros(len(points) + 1, dtype=np.uint64)
    np.cumsum((points + np.uint64(1)) * _POWER[: len(points)], out=sums[1:])
    return sums


def slices(sums: Codes, starts: Columns, ends: Columns) -> Codes:
    """Hashes of the slices ``[start, end)``, equal for equal text wherever it stands."""
    return np.asarray((sums[ends] - sums[starts]) * _INVERSE[starts], dtype=np.uint64)


def grams(sums: Codes, length: int) -> Codes:
    """Hashes of all slices of ``length`` code points, shape ``(n - length + 1,)``, the same as by `slices`."""
    count = len(sums) - length
    if count <= 0:
        return np.zeros(0, dtype=np.uint64)
    return np.asarray((sums[length:] - sums[:count]) * _INVERSE[:count], dtype=np.uint64)


def columns(hashes: Codes, salt: int, bits: int = BITS) -> Columns:
    """The column of each hash in a space of ``2**bits``; ``salt`` keeps what is hashed for different ends apart."""
    mixed = (hashes ^ np.uint64(salt & _MASK)) * _MIX
    mixed ^= mixed >> _HALF
    mixed *= _MIX
    return np.asarray(mixed >> np.uint64(64 - bits), dtype=np.int64)


def columns_of_parts(parts: Sequence[tuple[Sequence[Codes], int]]) -> list[Columns]:
    """`columns` of several groups of hashes, each with a salt of its own, in one go."""
    sizes = [sum([len(piece) for piece in pieces]) for pieces, _ in parts]
    mixed = np.concatenate([piece for pieces, _ in parts for piece in pieces])
    done = 0
    found = []
    for size, (_, salted) in zip(sizes, parts, strict=True):
        mixed[done : done + size] ^= np.uint64(salted)
        done += size
    mixed *= _MIX
    mixed ^= mixed >> _HALF
    mixed *= _MIX
    mixed >>= np.uint64(64 - BITS)
    whole = mixed.view(np.int64)
    done = 0
    for size in sizes:
        found.append(whole[done : done + size])
        done += size
    return found


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
