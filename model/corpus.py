"""The labelled comments that the starter is made of: which files, how much each counts, what is kept apart.

Only `train_starter` and the benchmarks read them; they are not part of the project.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from model.links import registered_domain
from model.neighbours import Union, clusters, signature
from model.sample import Label, LabelledSample, Sample

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its licence goes to the model card, its ``weight`` is what a row counts."""

    name: str
    licence: str
    lang: str
    weight: float = 1.0


_MINED: Final = "published comments, collected from a public repository; weights only, no text"

#: Other media lend their words; text messages at a discount, for they would dominate the short ones.
SOURCES: Final = (
    Source("wordpress_spam_2", _MINED, "en"),
    Source("wordpress_spam", _MINED, "en"),
    Source("youtube", "CC BY 4.0 (Alberto, Lochter, Almeida 2015)", "en", 0.5),
    Source("blog_haacked", _MINED, "en"),
    Source("blog_mademistakes", _MINED, "en"),
    Source("blog_network", _MINED, "en"),
    Source("forum", _MINED, "en"),
    Source("sms", "CC BY 4.0 (Almeida, Gómez Hidalgo, Yamakami 2011)", "en", 0.1),
    Source("youtube_id", _MINED, "id"),
    Source("chat_zh", _MINED, "zh"),
    Source("telegram_ru", _MINED, "ru", 0.5),
)

#: Fingerprints of published comments that a person, reading them again, took for spam that slipped through: keyword
#: names under a compliment. They are left out of training and of measuring.
DOUBTED: Final = Path(__file__).parent / "corpus_doubted.txt"

#: Comments written for the judge: kinds of spam that the corpora lack or have of one hand only, and what readers
#: write, in the languages of which the corpora have spam only, too.
WRITTEN: Final = Path(__file__).parent / "corpus_written.txt"
_CHOICE: Final = re.compile(r"\{([^{}]*)\}")
_WAYS: Final = 8


def fingerprint(sample: Sample) -> str:
    """Twelve hex digits that name a comment without saying it."""
    return hashlib.sha256(f"{sample.author_name}\n{sample.body}".encode()).hexdigest()[:12]


class CorpusError(Exception):
    """The folder of labelled comments is not there or not whole."""


def load(folder: Path) -> list[LabelledSample]:
    """All rows in a fixed order, weighted by source, campaigns named in ``group``.

    Raises:
        CorpusError: the folder or one of its files is missing.
    """
    missing = [source.name for source in SOURCES if not (folder / f"{source.name}.jsonl").is_file()]
    if missing:
        text = f"{folder} lacks {', '.join(name + '.jsonl' for name in missing)}: the starter is made of these files"
        raise CorpusError(text)
    doubted = frozenset(DOUBTED.read_text(encoding="ascii").split())
    rows = [row for source in SOURCES for row in _rows(folder, source) if fingerprint(row.sample) not in doubted]
    rows += _written()
    near = clusters([signature(row.sample.body) for row in rows])
    copies = Counter(near)
    return [
        # Of n copies the whole weighs as much as the square root of n: a wave of spam is news, but not n-fold news.
        replace(row, group=group, weight=row.weight * copies[first] ** -0.5)
        for row, group, first in zip(rows, _operators(rows, near), near, strict=True)
    ]


def _written() -> list[LabelledSample]:
    """The comments of `WRITTEN`, each in `_WAYS` of its ways, drawn with a fixed seed."""
    chance = random.Random(20261124)  # noqa: S311 - which words, no secrets
    label, lang = Label.HAM, "en"
    found = []
    for line in WRITTEN.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            kind, _, language = line.strip("[]").partition(" ")
            label, lang = Label(kind), language or "en"
        elif line and not line.startswith("#"):
            bodies = {_CHOICE.sub(lambda match: chance.choice(match[1].split("|")), line) for _ in range(_WAYS)}
            found += [LabelledSample(Sample(body), label, 0.5, "", WRITTEN.stem, lang) for body in sorted(bodies)]
    return found


def _rows(folder: Path, source: Source) -> list[LabelledSample]:
    with (folder / f"{source.name}.jsonl").open(encoding="utf-8") as lines:
        return [_row(json.loads(line), source) for line in lines]


def _row(found: dict[str, Any], source: Source) -> LabelledSample:
    sample = Sample(
        body=found["body"],
        author_name=found.get("author_name") or "",
        author_url=found.get("author_url") or "",
        thread=found.get("thread") or "",
    )
    return LabelledSample(sample, Label(found["label"]), source.weight, "", source.name, source.lang)


def _operators(rows: Sequence[LabelledSample], near: Sequence[int]) -> list[str]:
    """One hand's work: spam with near-identical text, the same linked domain or the same name."""
    union = Union(len(rows))
    for item, first in enumerate(near):
        union.join(first, item)
    spam = [row if row.label is Label.SPAM else None for row in rows]
    union.join_equal((registered_domain(row.sample.author_url) or None) if row is not None else None for row in spam)
    union.join_equal((row.sample.author_name.lower() or None) if row is not None else None for row in spam)
    return [f"g{union.find(item)}" for item in range(len(rows))]
