"""What a text takes over from another word for word: spam hidden in a copied comment is judged by what was added."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Words in a row that make a phrase somebody else's.
PHRASE: Final = 4
_WORD: Final = re.compile(r"\w+")
#: A word longer than this is no word that anyone says; it bounds what comparing costs.
_MOST: Final = 20_000


def copied_spans(body: str, original: str) -> tuple[tuple[int, int], ...]:
    """Spans of ``body`` that say, in phrases of `PHRASE` words or more, what ``original`` says; ascending, apart.

    Case and punctuation do not count. Texts are compared up to their first 20,000 characters.
    """
    said = [word.lower() for word in _WORD.findall(original[:_MOST])]
    phrases = {tuple(said[i : i + PHRASE]) for i in range(len(said) - PHRASE + 1)}
    words = list(_WORD.finditer(body[:_MOST]))
    plain = [word[0].lower() for word in words]
    spans: list[tuple[int, int]] = []
    for i in range(len(words) - PHRASE + 1):
        if tuple(plain[i : i + PHRASE]) in phrases:
            begin, end = words[i].start(), words[i + PHRASE - 1].end()
            if spans and begin <= spans[-1][1] + 1:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((begin, end))
    return tuple(spans)


def blanked(body: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with ``spans`` blanked, every other character in its place."""
    for begin, end in spans:
        kept = body[begin:end]
        body = body[:begin] + " " * len(kept) + body[begin + len(kept) :]
    return body
