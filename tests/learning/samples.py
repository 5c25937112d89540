"""Made-up labelled comments that a judge can learn from, each unlike the others."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from model.sample import Label, LabelledSample, Sample

_HAM = [
    "bread",
    "dough",
    "oven",
    "crust",
    "flour",
    "recipe",
    "weekend",
    "family",
    "garden",
    "photo",
    "question",
    "thanks",
    "letter",
    "history",
    "music",
]
_SPAM = [
    "cheap",
    "pills",
    "casino",
    "bonus",
    "loan",
    "replica",
    "discount",
    "followers",
    "crypto",
    "profit",
    "click",
    "order",
    "winner",
    "seo",
    "backlinks",
]
_FILLING = [f"{a}{b}{c}" for a in "bdklmnrst" for b in "aeiou" for c in ("lan", "mor", "tis", "ven", "rok")]


def rows(n: int, *, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Yield ``n`` lines, spam and ham by turns."""
    chance = random.Random(seed)
    for number in range(n):
        label = Label.SPAM if number % 2 else Label.HAM
        own = chance.choices(_SPAM if label is Label.SPAM else _HAM, k=6)
        words = [*own, *chance.sample(_FILLING, 14)]
        chance.shuffle(words)
        yield {"body": " ".join(words), "author_name": words[0].title(), "label": label.value}


def samples(n: int, *, seed: int = 0) -> list[LabelledSample]:
    """The same, as samples."""
    return [LabelledSample(Sample(row["body"], row["author_name"]), Label(row["label"])) for row in rows(n, seed=seed)]


def flipped(given: list[LabelledSample]) -> list[LabelledSample]:
    """The same comments with each label turned over."""
    other = {Label.SPAM: Label.HAM, Label.HAM: Label.SPAM}
    return [LabelledSample(one.sample, other[one.label]) for one in given]


def write(path: Path, lines: Iterator[dict[str, Any]]) -> Path:
    """Write a JSONL file."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path
