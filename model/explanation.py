"""A score as addends on spans of the fields as they came; they add up to the log-odds.

What an n-gram adds is shared out evenly over its characters, and what characters carry is collected per word: so each
word shows all that it brought in, by itself, in pairs and through its letters, and nothing is counted twice or lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from model.features import NUMBERS, numbers
from model.reading import word_spans
from model.sample import Evidence
from model.vector import NUMBERS_FROM, Block, blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from model.reading import Reading

    Floats = NDArray[np.float64]

#: Words of the body that are named one by one; the others are one addend together.
MOST_WORDS: Final = 12


def explain(reading: Reading, weights: Floats, intercept: float, sites: frozenset[str]) -> tuple[Evidence, ...]:
    """The addends of a reading made with ``trace=True``, the strongest first.

    ``weights`` has `vector.WIDTH` columns. The weights of the result add up to the log-odds but for rounding.
    """
    found = [Evidence("before reading", "", intercept)]
    found += _spanned(reading, weights, sites)
    for number, value, weight in zip(NUMBERS, numbers(reading), weights[NUMBERS_FROM:].tolist(), strict=True):
        if value and weight:
            found.append(Evidence(number.name, number.field, value * weight))
    found.sort(key=lambda evidence: -abs(evidence.weight))
    return tuple(found)


def _spanned(reading: Reading, weights: Floats, sites: frozenset[str]) -> list[Evidence]:
    text = reading.body.text
    heat = np.zeros(len(text) + 1)
    found: list[Evidence] = []
    for block in blocks(reading, sites, spans=True):
        if not len(block.columns):
            continue
        if block.field == "body" and block.starts is not None and block.ends is not None:
            heat += _heat(block, weights, len(text))
        elif block.clues is not None:
            found += _named(block, weights)
        else:
            found.append(_whole(block, weights, reading))
    if reading.body.text:
        found += _words(reading, np.cumsum(heat)[:-1])
    return found


def _shares(block: Block, weights: Floats) -> Floats:
    """What each occurrence adds, shape ``(n,)``: a feature's addend split evenly over its occurrences."""
    _, inverse, counts = np.unique(block.columns, return_inverse=True, return_counts=True)
    return np.asarray(weights[block.columns] * block.value(len(counts)) / counts[inverse])


def _heat(block: Block, weights: Floats, length: int) -> Floats:
    """Differences (to be summed up) of what each character carries, shape ``(length + 1,)``."""
    assert block.starts is not None  # noqa: S101 - the caller has checked
    assert block.ends is not None  # noqa: S101
    each = _shares(block, weights) / (block.ends - block.starts)
    size = length + 1
    return np.asarray(np.bincount(block.starts, each, size) - np.bincount(block.ends, each, size), dtype=np.float64)


def _named(block: Block, weights: Floats) -> list[Evidence]:
    """Clues, each by its name."""
    shares = _shares(block, weights).tolist()
    return [Evidence(clue, block.field, share) for clue, share in zip(block.clues or (), shares, strict=True) if share]


def _whole(block: Block, weights: Floats, reading: Reading) -> Evidence:
    """A block whose features are not told apart: one addend on its field, or on the only link it comes from."""
    amount = float(_shares(block, weights).sum())
    start = end = None
    if block.name == "links" and len(reading.links) == 1:
        start, end = reading.links[0].start, reading.links[0].end
    elif block.field in {"author_name", "author_url"}:
        start, end = 0, len(getattr(reading.sample, block.field))
    return Evidence(block.name, block.field, amount, start, end)


def _words(reading: Reading, heat: Floats) -> list[Evidence]:
    """One addend a word, the weakest together; gaps belong to the word before them."""
    spans = word_spans(reading.body.text)
    at = reading.body.at
    if not spans or at is None:
        return [Evidence("text", "body", float(heat.sum()))]
    starts = np.array([start for start, _ in spans])
    starts[0] = 0
    sums = np.add.reduceat(heat, starts)
    order = np.argsort(-np.abs(sums), kind="stable")
    named = [
        Evidence(
            reading.body.text[slice(*spans[i])], "body", float(sums[i]), at[spans[i][0]][0], at[spans[i][1] - 1][1]
        )
        for i in order[:MOST_WORDS].tolist()
    ]
    rest = order[MOST_WORDS:]
    return [*named, Evidence("other words", "body", float(sums[rest].sum()))] if len(rest) else named
