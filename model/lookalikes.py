"""Letters that look like other letters: tables for `text.py`.

A hand-made part of Unicode's confusables (Technical Standard 39) for the scripts in which spam is disguised. Letters
of living scripts (`TO_LATIN`, `TO_CYRILLIC`) are folded only inside words that mix scripts; `ALWAYS` holds signs that
no text is written in.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_CYRILLIC: Final = "авеёкмнорстухіјѕһԁԛԝґьпгзѵӏ"
_AS_LATIN: Final = "abeekmhopctyxijshdqwrbnr3vl"
_GREEK: Final = "αβγεηικνορτυχωϲϳ"
_GREEK_AS_LATIN: Final = "abyenikvoptuxwcj"
_ARMENIAN: Final = "օոսցհյքցզ"
_ARMENIAN_AS_LATIN: Final = "onughjpgq"

#: Letters of other scripts that pass for Latin ones, in lower case.
TO_LATIN: Final = {
    **dict(zip(_CYRILLIC, _AS_LATIN, strict=True)),
    **dict(zip(_GREEK, _GREEK_AS_LATIN, strict=True)),
    **dict(zip(_ARMENIAN, _ARMENIAN_AS_LATIN, strict=True)),
}

#: Latin letters that pass for Cyrillic ones, in lower case.
TO_CYRILLIC: Final = dict(zip("abekmhopctyxijsn3r", "авекмнорстухијѕпзг", strict=True))

_SMALL_CAPITALS: Final = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ"
_SMALL_CAPITALS_AS: Final = "abcdefghijklmnopqrstuvwyz"
_ODD: Final = {
    "a": "ɑ", "b": "ƅɓ", "d": "ɗđ", "e": "ɛ", "f": "ƒ", "g": "ɡ", "h": "ɦħ", "i": "ı", "j": "ȷ", "l": "ɩʟł", "m": "ɱɯ",
    "n": "ɲɳŋ", "o": "ɵɔø", "r": "ɹʀʂ", "s": "ʃ", "t": "ƭʈŧ", "v": "ʋ", "w": "ʍ", "y": "ʏ", "z": "ʐƶ",
    "'": "ʼ’‘‛′´ʹꞌ", '"': "“”„«»", "-": "–—−‐‑‒", ".": "…",
}  # fmt: skip

#: Signs that stand for a letter wherever they occur, and punctuation with many shapes.
ALWAYS: Final = {
    **dict(zip(_SMALL_CAPITALS, _SMALL_CAPITALS_AS, strict=True)),
    **{sign: plain for plain, signs in _ODD.items() for sign in signs},
    **{chr(first + i): chr(97 + i) for first in (0x1F150, 0x1F170, 0x1F1E6) for i in range(26)},
}


def latin_base(char: str) -> str:
    """The letter under the accents of a Latin letter; any other character unchanged.

    Accents carry meaning to readers, not to a spam judge, and hide words from it: "vïàgrà". Only Latin letters are
    stripped: й is another letter than и, and marks of other scripts are vowels.
    """
    base = unicodedata.normalize("NFD", char)[0]
    return base if base.isascii() and base.isalpha() else char
