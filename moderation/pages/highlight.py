"""A text cut into pieces by what spoke for and against spam, so that it can be shown escaped and marked."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from model.sample import KNOWLEDGE
from moderation.api.schemas import EvidenceOut

#: What weighs less than this (in log-odds) is not worth a look; from each further step on the mark is stronger.
STEPS = (0.4, 0.8, 1.4)
#: By what a site recognises an author, or a text, in the words of the desk.
KNOWN_BY = {
    "author": "This e-mail address",
    "ip": "This IP address",
    "domain": "This link’s domain",
    "copies": "Nearly the same text",
}
_INVISIBLE = {"Cf", "Co", "Cn"}
#: Joiners are letters' business in many scripts, and emoji are made with them.
_JOINERS = frozenset("\u200c\u200d")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of the text, and by how much it spoke for (positive) or against spam."""

    text: str
    weight: float = 0.0
    title: str = ""
    #: The name of a character that nobody would see.
    hidden: str = ""

    @property
    def mark(self) -> str:
        """The name of the mark, such as ``spam-2``; empty where the piece says little."""
        strength = sum(abs(self.weight) >= step for step in STEPS)
        if not strength:
            return ""
        return f"{'spam' if self.weight > 0 else 'ham'}-{strength}"


def in_words(feature: str) -> str:
    """Return what a piece of evidence is called where people read it."""
    if feature not in KNOWLEDGE:
        return feature
    kind, _, outcome = feature.partition("_")
    what = KNOWN_BY[kind]
    return f"{'undecided' if outcome == 'other' else outcome} before: {what[0].lower()}{what[1:]}"


def pieces(text: str, evidence: Iterable[EvidenceOut], field: str = "body") -> list[Piece]:
    """Return the text in pieces. Where spans overlap, their weights add up."""
    spans = [
        (max(0, e.start), min(len(text), e.end), e)
        for e in evidence
        if e.field == field and e.start is not None and e.end is not None and e.start < e.end
    ]
    cuts = sorted({0, len(text), *(s for s, _, _ in spans), *(e for _, e, _ in spans)})
    found: list[Piece] = []
    for start, end in pairwise(cuts):
        on = [e for s, stop, e in spans if s <= start and end <= stop]
        weight = sum(e.weight for e in on)
        title = ", ".join(f"{e.feature}: {e.weight:+.2f}" for e in on)
        found += _shown(text[start:end], weight, title)
    return found


def _shown(text: str, weight: float, title: str) -> Iterator[Piece]:
    begin = 0
    for place, character in enumerate(text):
        if unicodedata.category(character) in _INVISIBLE and character not in _JOINERS:
            if begin < place:
                yield Piece(text[begin:place], weight, title)
            yield Piece("", weight, title, unicodedata.name(character, f"U+{ord(character):04X}").lower())
            begin = place + 1
    if begin < len(text):
        yield Piece(text[begin:], weight, title)
