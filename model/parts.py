"""Parts of a text that are judged by themselves where the whole leaves a doubt.

Spam hides in the words of a genuine comment: judged as a whole, the two outvote each other. Where the log-odds of the
whole lie in the judge's `Doubt`, its ends are judged alone as well, and the loudest speaks for all. A comment about
which there is no doubt costs nothing more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from model.sample import Sample

    Floats = NDArray[np.float64]
    Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Doubt:
    """Where parts are judged: while the log-odds of the whole lie between ``low`` and ``high``.

    ``margin`` is taken off the log-odds of a part: of several parts one is louder than the whole by chance, too.
    """

    low: float
    high: float
    margin: float = 0.0

    def leaves(self, whole: Floats) -> NDArray[np.bool_]:
        """Whether the log-odds of a whole leave a doubt, of each."""
        return (self.low < whole) & (whole < self.high)

    def mapped(self, slope: float, offset: float) -> Doubt:
        """The same where all log-odds are turned to ``slope`` * log-odds + ``offset``."""
        return Doubt(slope * self.low + offset, slope * self.high + offset, slope * self.margin)


#: Whole sentences of at least so many words make an end of a text of at least `_LONG` words.
_END: Final = 25
_LONG: Final = 38
#: Where a text is cut into paragraphs, lines, sentences.
_PARAGRAPH: Final = re.compile(r"\n[^\S\n]*\n\s*|</p>\s*|<br[ /]*>\s*<br[ /]*>\s*", re.IGNORECASE)
# Gaps are tried from their first character only: from each, a long one without an end of line would take ages.
_LINE: Final = re.compile(r"(?<!\s)\s*\n\s*|<br[ /]*>\s*", re.IGNORECASE)
# Begun with one set of characters, which the search skips to, instead of with two alternatives.
_SENTENCE: Final = re.compile(r"[.!?\u2026\n](?:(?<!\n)[\"')\]\u201d\u2019]*\s+|(?<=\n)\n*)")


def parts_of(body: str) -> list[Span]:
    """Spans of the first and the last paragraph, line, and sentences of 25 words; ascending, none twice.

    None where a text has no such parts, never the whole.
    """
    found = {*_sentences(body)}
    if "\n" in body or "<" in body:
        found.update(_ends(body, _PARAGRAPH), _ends(body, _LINE))
    return sorted(found - {(0, len(body))})


def _ends(body: str, separator: re.Pattern[str]) -> list[Span]:
    """The first and the last piece between separators that says anything."""
    text = body.strip()
    begin = body.find(text)
    cuts = [cut.span() for cut in separator.finditer(text)]
    if not cuts:
        return []
    return [(begin, begin + cuts[0][0]), (begin + cuts[-1][1], begin + len(text))]


def _sentences(body: str) -> list[Span]:
    """The sentences that hold the first 25 words, and those that hold the last."""
    if len(body.split()) < _LONG:
        return []
    stops = [stop.end() for stop in _SENTENCE.finditer(body)]
    behind = len(body.split(None, _END)[-1])
    before = len(body.rsplit(None, _END)[0])
    end_of_first_words = len(body[: len(body) - behind].rstrip())
    begin_of_last_words = len(body) - len(body[before:].lstrip())
    first = next((stop for stop in stops if stop >= end_of_first_words), None)
    last = next((stop for stop in reversed(stops) if stop <= begin_of_last_words), None)
    return [*([(0, first)] if first else []), *([(last, len(body))] if last else [])]


def alone(sample: Sample, part: Span) -> Sample:
    """The comment as if a part of its text were all of it."""
    begin, end = part
    copied = [(max(start, begin) - begin, min(stop, end) - begin) for start, stop in sample.copied]
    return replace(sample, body=sample.body[begin:end], copied=tuple(span for span in copied if span[0] < span[1]))


def loudest(samples: Sequence[Sample], whole: Floats, doubt: Doubt, judge: Callable[[list[Sample]], Floats]) -> Floats:
    """Log-odds of comments as `Scorer` gives them, shape ``(n,)``, from those of the ``whole`` texts.

    ``judge`` gives the log-odds of texts as they are.
    """
    views: list[Sample] = []
    owner: list[int] = []
    for item in np.flatnonzero(doubt.leaves(whole)).tolist():
        for part in parts_of(samples[item].body):
            views.append(alone(samples[item], part))
            owner.append(item)
    found = whole.copy()
    if views:
        np.maximum.at(found, np.array(owner), judge(views) - doubt.margin)
    return found
