"""A score as addends on spans of the fields as they came; they add up to the log-odds.

What an n-gram adds is shared out evenly over its characters, and what characters carry is collected per word: so each
word shows all that it brought in, by itself, in pairs and through its letters, and nothing is counted twice or lost.
A feature that occurs several times counts once, so it is shown where it occurs first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from model.features import NUMBERS
from model.sample import Evidence
from model.vector import GRAMS, LETTERS, LINKS, NUMBERS_FROM, WORDS, Block, clue_column, firsts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from model.hashing import Columns
    from model.reading import Part, Reading
    from model.vector import Features

    Floats = NDArray[np.float64]

#: Names the part of a text that was judged in the place of the whole.
LOUDEST: Final = "loudest part"
#: Words of the body that are named one by one; the others are one addend together.
MOST_WORDS: Final = 12


def explain(
    reading: Reading, features: Features, plain: Sequence[float], weights: Floats, intercept: float, part: Part
) -> tuple[Evidence, ...]:
    """The addends of a reading made with ``trace=True``, the strongest first.

    ``features`` and ``plain`` are its features, of a ``part`` of its text or all of it, and its numbers; ``weights``
    has `vector.WIDTH` columns. The weights of the result add up to the log-odds but for rounding.
    """
    found, clues = features
    addends = [Evidence("before reading", "", intercept)]
    addends += _text(reading, found, weights, part)
    addends += [_whole(block, weights, reading, part) for block in found if block.expert not in {WORDS, LETTERS}]
    for some in clues:
        for name in some.names:
            addends.append(Evidence(name, some.field, some.gain * weights.item(clue_column(name))))
    for number, value, weight in zip(NUMBERS, plain, weights[NUMBERS_FROM:].tolist(), strict=True):
        if value and weight:
            addends.append(Evidence(number.name, number.field, value * weight))
    addends.sort(key=lambda evidence: -abs(evidence.weight))
    return tuple(addends)


def _shares(columns: Columns, weights: Floats, block: Block) -> Floats:
    """What each occurrence adds, shape ``(n,)``: a feature's addend at its first occurrence, 0 at the others."""
    here = firsts(columns)
    return np.asarray(weights[columns] * here * block.value(int(np.count_nonzero(here))))


def loudest_part(reading: Reading, part: Part, weight: float) -> Evidence:
    """Which part of the text was judged in the place of the whole, and what that adds."""
    at = reading.body.at
    if at is None:
        return Evidence(LOUDEST, "body", weight)
    return Evidence(LOUDEST, "body", weight, at[part.begin][0], at[part.end - 1][1])


def _text(reading: Reading, found: Sequence[Block], weights: Floats, part: Part) -> list[Evidence]:
    """Addends of the body's words: what each and its letters bring in."""
    size = len(reading.body.text)
    steps = np.zeros(size + 1)  # differences along the text of what a character carries
    spans = None
    for block in found:
        if block.name == WORDS and block.spans is not None:
            spans = block.spans
            steps += _of_words(_shares(block.columns, weights, block), spans, size)
        elif block.name == LETTERS:
            _add_letters(steps, _shares(block.columns, weights, block), part)
    if spans is None:
        return []
    return _collected(reading, np.cumsum(steps)[:-1], spans)


def _of_words(shares: Floats, spans: tuple[Columns, Columns], size: int) -> Floats:
    starts, ends = spans
    begin = np.concatenate((starts, starts[:-1]))
    finish = np.concatenate((ends, ends[1:]))
    each = shares / (finish - begin)
    return np.asarray(np.bincount(begin, each, size + 1) - np.bincount(finish, each, size + 1), dtype=np.float64)


def _add_letters(steps: Floats, shares: Floats, part: Part) -> None:
    begin = part.begin
    done = 0
    for length in GRAMS:
        count = max(part.end - begin - length + 1, 0)
        each = shares[done : done + count] / length
        steps[begin : begin + count] += each
        steps[begin + length : begin + length + count] -= each
        done += count


def _collected(reading: Reading, heat: Floats, spans: tuple[Columns, Columns]) -> list[Evidence]:
    """One addend a word, the weakest together; gaps belong to the word before them."""
    at = reading.body.at
    starts, ends = spans
    if not len(starts) or at is None:
        return [Evidence("text", "body", float(heat.sum()))]
    from_first = starts.copy()
    from_first[0] = 0
    sums = np.add.reduceat(heat, from_first)
    order = np.argsort(-np.abs(sums), kind="stable")
    named = []
    for word in order[:MOST_WORDS].tolist():
        begin, finish = starts.item(word), ends.item(word)
        text = reading.body.text[begin:finish]
        named.append(Evidence(text, "body", sums.item(word), at[begin][0], at[finish - 1][1]))
    if len(order) > MOST_WORDS:
        named.append(Evidence("other words", "body", float(sums[order[MOST_WORDS:]].sum())))
    return named


def _whole(block: Block, weights: Floats, reading: Reading, part: Part) -> Evidence:
    """A block whose features are not told apart: one addend on its field, or on the only link it comes from."""
    start = end = None
    if block.name == LINKS and len(part.links) == 1:
        start, end = part.links[0].start, part.links[0].end
    elif block.field in {"author_name", "author_url"}:
        start, end = 0, len(getattr(reading.sample, block.field))
    return Evidence(block.name, block.field, block.log_odds(weights), start, end)
