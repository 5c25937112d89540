"""Parts of a text that are judged by themselves where the whole leaves a doubt.

Spam hides in the words of a genuine comment: judged as a whole, the two outvote each other. Where the log-odds of the
whole lie in the judge's `Doubt`, its ends are judged alone as well, with everything that was found beside the text,
and the loudest speaks for all. The text is not read again: what a part holds was found with the whole.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from model.links import marked
from model.reading import Part
from model.vector import assemble, within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from model.hashing import Columns
    from model.links import Link
    from model.reading import Reading
    from model.vector import Features, Span

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Doubt:
    """Where parts are judged: while the log-odds of the whole lie between ``low`` and ``high``.

    ``margin`` is taken off the log-odds of a part: of several parts one is louder than the whole by chance, too.
    """

    low: float
    high: float
    margin: float = 0.0

    def leaves(self, whole: float) -> bool:
        """Whether the log-odds of a whole leave a doubt."""
        return self.low < whole < self.high

    def mapped(self, slope: float, offset: float) -> Doubt:
        """The same where all log-odds are turned to ``slope`` * log-odds + ``offset``."""
        return Doubt(slope * self.low + offset, slope * self.high + offset, slope * self.margin)


#: Whole sentences of at least so many words make an end of a text that has half as many again.
_END: Final = 25
_SENTENCE: Final = re.compile(r"[.!?][\"')\]\u201d\u2019]* ")


def parts_of(reading: Reading) -> list[Part]:
    """The first and the last paragraph, line, and sentences of 25 words; ascending, none twice.

    None where a text has no such parts, never the whole.
    """
    text, loose = reading.body.text, reading.body.loose
    size = len(text)
    lines, paragraphs = _begins(loose) if "\n" in loose else ([], [])
    found = {*_ends(lines, size), *_ends(paragraphs, size), *_sentences(text, lines)} - {(0, size)}
    links = _places(reading) if found and reading.links else []
    return [Part(begin, end, tuple(_links_within(links, begin, end, text))) for begin, end in sorted(found)]


def _begins(loose: str) -> tuple[list[int], list[int]]:
    """Where in the normal form lines begin, and where paragraphs do; but for the first of either."""
    lines: list[int] = []
    paragraphs: list[int] = []
    place = 0
    blank = False
    for line in loose.split("\n"):
        length = len(" ".join(line.split()))
        if not length:
            blank = True
            continue
        if place:
            lines.append(place)
            paragraphs += [place] * blank
        place += length + 1
        blank = False
    return lines, paragraphs


def _places(reading: Reading) -> list[tuple[Link, int, int]]:
    """The links in the text, each with the end of the word before it and the begin of the next one.

    One that begins a line is not of the line before, one that ends a line not of the next; one that is a line of its
    own is of both. What left no gap of its own, because it stood inside of another, is of every part.
    """
    text, loose = reading.body.text, reading.body.loose
    found = [(link, 0, len(text)) for link in reading.links]
    for start, number in marked(loose):
        after = end = len(" ".join(loose[:start].split()))
        begin = end + 1 if end else 0
        first = not loose[loose.rfind("\n", 0, start) + 1 : start].strip()
        last = not loose[start:].partition("\n")[0].strip()
        if first and not last:
            after = begin
        elif last and not first:
            begin = end
        found[number] = reading.links[number], after, begin
    return found


def _links_within(links: Sequence[tuple[Link, int, int]], begin: int, end: int, text: str) -> Iterator[Link]:
    """The links of a part of the text, each with its place in that."""
    for link, after, before in links:
        if after <= end and before >= begin:
            place = "glued" if link.place == "glued" else ""
            if before <= begin:
                place = "start"
            elif not text[before:end].strip(" .!"):
                place = "end"
            yield replace(link, place=place)


def _ends(begins: Sequence[int], size: int) -> list[Span]:
    """The first and the last of the pieces that a text of ``size`` characters falls into."""
    return [(0, begins[0] - 1), (begins[-1], size)] if begins else []


def _sentences(text: str, lines: Sequence[int]) -> list[Span]:
    """The sentences that hold the first words, and those that hold the last."""
    if text.count(" ") < 1.5 * _END:
        return []
    begins = sorted({stop.end() for stop in _SENTENCE.finditer(text)}.union(lines))
    end_of_first = len(text) - len(text.split(" ", _END)[-1])
    begin_of_last = len(text.rsplit(" ", _END)[0]) + 1
    first = bisect_left(begins, end_of_first)
    last = bisect_right(begins, begin_of_last)
    found = [(0, begin - 1) for begin in begins[first : first + 1]]
    return found + [(begin, len(text)) for begin in begins[max(last - 1, 0) : last]]


def part_vectors(reading: Reading, features: Features, plain: Sequence[float]) -> list[tuple[Columns, Floats]]:
    """The sparse vectors of the parts of a comment (see `vector.assemble`), of its features and numbers."""
    aside = features.aside
    return [assemble(*aside.joined(within(reading, features, part)), plain) for part in parts_of(reading)]


def loudest(
    whole: Floats, doubt: Doubt, judge: Callable[[NDArray[np.int64]], tuple[NDArray[np.int64], Floats]]
) -> Floats:
    """Log-odds of comments as `Scorer` gives them, shape ``(n,)``, from those of the ``whole`` texts.

    ``judge`` gives, for comments by their places, the parts of their texts: whose each is, and its log-odds.
    """
    found = whole.copy()
    owner, parts = judge(np.flatnonzero([doubt.leaves(one) for one in whole.tolist()]))
    np.maximum.at(found, owner, parts - doubt.margin)
    return found
