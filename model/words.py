"""Where the words of a normal text stand, found without a loop over the text.

A word is a run of letters and digits of any script, a run of shouting and money signs, one Chinese character
or one pictograph. Each code point's class is looked up in a table, and a word begins where the class changes.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from model.hashing import Codes, Columns

_LETTER, _SIGN, _PICTURE = 1, 2, 3
#: Code points above are taken for the last one, which is a rare Chinese character.
_LAST: Final = 0x20000


def _classes() -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    table = np.zeros(_LAST + 1, dtype=np.uint8)
    letters = "".join(map(chr, range(_LAST)))
    for run in re.finditer(r"\w+", letters):
        table[run.start() : run.end()] = _LETTER
    table[[ord(sign) for sign in "$€£¥₽!?"]] = _SIGN
    table[0x3400:0xA000] = _PICTURE
    table[0x20000:] = _PICTURE
    table[0x2600:0x27C0] = _PICTURE
    table[0x1F300:0x1FB00] = _PICTURE
    return table


_CLASS: Final = _classes()


def word_spans(points: Codes) -> tuple[Columns, Columns]:
    """Starts and ends of the words of a text given as code points (see `hashing.codes`), shape ``(words,)`` each."""
    kinds = np.zeros(len(points) + 2, dtype=np.uint8)
    _CLASS.take(points.view(np.int64), out=kinds[1:-1], mode="clip")
    before, here = kinds[:-1], kinds[1:]
    change = before != here
    change |= here == _PICTURE  # each is a word of its own
    return np.logical_and(change, here).nonzero()[0], np.logical_and(change, before).nonzero()[0]
