"""Near-duplicates: MinHash signatures (Broder 1997) of what a text says, and LSH bands to look them up by.

Signatures are of the normal form, so copies in another dress match. They are stored by the service, so their form is
fixed: two versions of this file must give the same bytes, and a test holds it to that.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np
from rensa import RMinHash

from model.links import take_out
from model.text import finish, start

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

#: Permutations of a signature, four bytes each. The first half make the bands: a text of similarity s is found with
#: probability 1 - (1 - s**4)**8, which is 0.99 at 0.8, 0.89 at 0.7 and 0.06 at 0.3. All of them estimate similarity.
PERMUTATIONS: Final = 64
ROWS: Final = 4
BANDS: Final = 8
SIGNATURE_BYTES: Final = 4 * PERMUTATIONS
#: At this similarity two texts are the same text.
SAME: Final = 0.6
#: A shorter text ("Thanks for sharing!") is nobody's own: it gets no bands. Letters and digits of its normal form.
SHORTEST: Final = 30
_SEED: Final = 20261123
_SHINGLE: Final = 5
_LONGEST: Final = 4000


def plain(text: str) -> str:
    """What a text is compared by: letters and digits of its normal form, links and gaps left out, cut to a bound."""
    body, _ = take_out(start(text, trace=False))
    return "".join([char for char in finish(body).text if char.isalnum()])[:_LONGEST]


def signature(text: str) -> bytes:
    """The text's signature, `SIGNATURE_BYTES` long; all zeros for a text too short to have neighbours."""
    letters = plain(text)
    if len(letters) < SHORTEST:
        return bytes(SIGNATURE_BYTES)
    hashed = RMinHash(PERMUTATIONS, _SEED)
    hashed.update([letters[i : i + _SHINGLE] for i in range(len(letters) - _SHINGLE + 1)])
    return np.array(hashed.digest(), dtype="<u4").tobytes()


def bands(sig: bytes) -> list[int]:
    """Keys to find likely neighbours by: two texts are candidates if they share one. Each at least 0 and below 2**63.

    None for a text too short to have neighbours.
    """
    if not any(sig):
        return []
    size = 4 * ROWS
    keys = []
    for number in range(BANDS):
        part = sig[number * size : (number + 1) * size]
        digest = hashlib.blake2b(part, digest_size=8, key=number.to_bytes(2, "little")).digest()
        keys.append(int.from_bytes(digest, "little") >> 1)
    return keys


def similarity(a: bytes, b: bytes) -> float:
    """The share of shingles two texts have in common (Jaccard), estimated from their signatures, 0 to 1."""
    if not any(a) or not any(b):
        return 0.0
    return float(np.mean(np.frombuffer(a, dtype="<u4") == np.frombuffer(b, dtype="<u4")))


class Union:
    """Disjoint sets over ``0 … n-1``, smallest member first (union-find with path halving)."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def find(self, item: int) -> int:
        """The smallest member of the item's set."""
        parent = self._parent
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    def join(self, one: int, other: int) -> None:
        """Make one set of two."""
        low, high = sorted((self.find(one), self.find(other)))
        self._parent[high] = low

    def join_equal(self, keys: Iterable[Hashable | None]) -> None:
        """Join all items with the same key; ``None`` joins nothing."""
        first: dict[Hashable, int] = {}
        for item, key in enumerate(keys):
            if key is not None:
                self.join(first.setdefault(key, item), item)


def clusters(signatures: Sequence[bytes], same: float = SAME) -> list[int]:
    """Groups of near-identical texts: for each signature the index of the first of its group."""
    union = Union(len(signatures))
    first: dict[int, int] = {}
    for item, sig in enumerate(signatures):
        for key in bands(sig):
            other = first.setdefault(key, item)
            if other != item and union.find(other) != union.find(item) and similarity(signatures[other], sig) >= same:
                union.join(other, item)
    return [union.find(item) for item in range(len(signatures))]
