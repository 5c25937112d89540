"""What spam sells: words by theme, in the languages of the corpora.

Single words of trade are weak evidence in a text and strong evidence in a name or a host. The themes let the judge
carry over what it learnt of one word of trade to another that its corpora never held. The words are in `lexicon.txt`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

#: Too common inside hosts and run-together names to betray anything there.
_COMMON: Final = "topics"
_SHORTEST_STEM: Final = 4


def _sections() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            found[line.strip("[]")] = here = []
        elif line and not line.startswith("#"):
            here.append(line)
    return found


_WORDS: Final = {theme: " ".join(lines).split() for theme, lines in _sections().items()}

#: Word of trade, in normal form, to its theme.
THEME_OF: Final = {word: theme for theme in reversed(_WORDS) for word in _WORDS[theme]}

_STEMS: Final = tuple(
    (theme, tuple(sorted({word for word in words if len(word) >= _SHORTEST_STEM and word.isascii()})))
    for theme, words in _WORDS.items()
    if theme != _COMMON
)


def _by_beginning() -> dict[str, tuple[tuple[str, str], ...]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for theme, stems in _STEMS:
        for stem in stems:
            found.setdefault(stem[:_SHORTEST_STEM], []).append((stem, theme))
    return {beginning: tuple(stems) for beginning, stems in found.items()}


#: Stems with their themes by their first letters: a look-up a letter instead of a search a stem.
_BEGINNING: Final = _by_beginning()


@lru_cache(maxsize=16384)
def themes_within(text: str) -> tuple[str, ...]:
    """Themes of which a word stands anywhere inside ``text`` (a host, a path, a run-together name)."""
    found = {
        theme
        for place in range(len(text) - _SHORTEST_STEM + 1)
        for stem, theme in _BEGINNING.get(text[place : place + _SHORTEST_STEM], ())
        if text.startswith(stem, place)
    }
    return tuple(theme for theme, _ in _STEMS if theme in found) if found else ()
