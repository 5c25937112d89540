"""Bar charts as plain SVG shapes: drawn by the server, styled by the style sheet, told in words by their table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 960, 220
LEFT, BOTTOM, TOP = 48, 24, 10


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a bar: where it stands, what it is (a class of the style sheet), and what it says when pointed at."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A text on an axis, and where."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All shapes of a chart; ``lines`` are the heights of its grid."""

    width: int
    height: int
    pieces: Sequence[Piece]
    marks: Sequence[Mark]
    lines: Sequence[float]


def stacked(labels: Sequence[str], series: Sequence[tuple[str, str, Sequence[int]]]) -> Chart:
    """Return bars, one for each label, stacked out of the series: (class, name, a number for each label)."""
    top = _round_up(max((sum(parts) for parts in zip(*(numbers for _, _, numbers in series), strict=True)), default=0))
    room, tall = WIDTH - LEFT, HEIGHT - BOTTOM - TOP
    step = room / max(len(labels), 1)
    gap = min(step * 0.2, 4)
    pieces = []
    for place, label in enumerate(labels):
        y = float(HEIGHT - BOTTOM)
        for kind, name, numbers in series:
            if numbers[place]:
                height = tall * numbers[place] / top
                y -= height
                x = LEFT + place * step + gap / 2
                words = f"{label}: {numbers[place]} {name}"
                pieces.append(Piece(round(x, 2), round(y, 2), round(step - gap, 2), round(height, 2), kind, words))
    heights = [0, top / 2, top] if top > 1 else [0, top]
    lines = [round(HEIGHT - BOTTOM - tall * value / top, 2) for value in heights]
    marks = [Mark(LEFT - 6, line + 4, f"{value:g}") for line, value in zip(lines, heights, strict=True)]
    every = math.ceil(len(labels) / 8)
    marks += [
        Mark(round(LEFT + (place + 0.5) * step, 2), HEIGHT - 6, label)
        for place, label in enumerate(labels)
        if place % every == 0
    ]
    return Chart(WIDTH, HEIGHT, pieces, marks, lines)


def _round_up(number: int) -> int:
    """Return the next round number: 1, 2, 5, 10, 20, 50, … so that the axis reads well; even from 2 on."""
    if number <= 1:
        return 1
    size = int(10 ** math.floor(math.log10(number)))
    return next(size * factor for factor in (1, 2, 4, 6, 8, 10) if size * factor >= number)
