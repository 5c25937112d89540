"""Word lists: whole words in any script, never parts of them."""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from dataclasses import dataclass

# Scripts that set no space between words: there, a listed word is found wherever its characters stand.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
)


@functools.cache
def _letter() -> str:
    """Return what a letter with its marks is made of; asked only where a list has words, since marks take a while."""
    unspaced = re.compile(f"[{_UNSPACED}]")
    runs: list[list[int]] = []
    for code in range(sys.maxunicode + 1):
        # Combining marks belong to the letter before, and are no letters to ``re``.
        if unicodedata.category(chr(code)) not in {"Mn", "Mc", "Me"} or unspaced.match(chr(code)):
            continue
        if runs and code == runs[-1][1] + 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    marks = "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in runs)
    return rf"(?:[^\W{_UNSPACED}]|[{marks}])"


@functools.cache
def _token() -> re.Pattern[str]:
    return re.compile(f"{_letter()}+")


#: Format characters (soft hyphens, joiners, zero-width spaces) are not seen and part no words.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")


def fold(text: str) -> str:
    """Return the text as words are compared: compatibility forms and case folded, without what cannot be seen."""
    return unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).casefold().strip()


@dataclass(frozen=True, slots=True)
class _List:
    """A list made ready: plain words, found by looking up each word of the text, and what needs a search of its own."""

    plain: frozenset[str]
    others: tuple[tuple[str, re.Pattern[str]], ...]


@functools.lru_cache(maxsize=64)
def _ready(words: tuple[str, ...]) -> _List:
    folded = {fold(word) for word in words} - {""}
    plain = frozenset(word for word in folded if _token().fullmatch(word))
    return _List(plain, tuple((word, _pattern(word)) for word in sorted(folded - plain)))


def _pattern(word: str) -> re.Pattern[str]:
    # A phrase may begin or end with a sign or in a script without spaces; a letter next to that is no part of it.
    before = f"(?<!{_letter()})" if not re.match(f"[{_UNSPACED}]", word) else ""
    after = f"(?!{_letter()})" if not re.match(f"[{_UNSPACED}]", word[-1]) else ""
    return re.compile(before + re.escape(word) + after)


def listed_words(text: str, words: tuple[str, ...]) -> list[str]:
    """Return the listed words that stand in the text as whole words, each once, in order."""
    if not words:
        return []
    known, folded = _ready(words), fold(text)
    found: dict[str, int] = {}
    if known.plain:
        for token in _token().finditer(folded):
            if token[0] in known.plain:
                found.setdefault(token[0], token.start())
    for word, pattern in known.others:
        # Looking for the characters is far quicker than the search that minds what stands beside them.
        if word in folded and (match := pattern.search(folded)):
            found[word] = match.start()
    return sorted(found, key=lambda word: (found[word], word))
