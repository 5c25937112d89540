"""Word lists: whole words in any script, never parts of them."""

from __future__ import annotations

import functools
import re
import unicodedata


@functools.lru_cache(maxsize=256)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    folded = sorted({fold(word) for word in words} - {""}, key=len, reverse=True)
    if not folded:
        return None
    # Lookarounds and not \b: a listed phrase may begin or end with a sign, where \b would ask for a letter.
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, folded)) + r")(?!\w)")


def fold(text: str) -> str:
    """Return the text as words are compared: compatibility forms and case folded."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def listed_words(text: str, words: tuple[str, ...]) -> list[str]:
    """Return the listed words that stand in the text as whole words, each once, in order."""
    pattern = _pattern(words)
    return list(dict.fromkeys(pattern.findall(fold(text)))) if pattern else []
