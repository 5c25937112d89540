"""The formats that are read, by name."""

from __future__ import annotations

from dataclasses import dataclass

from moderation.exchange.imports import commento, disqus, isso, jsonl, remark42, wordpress
from moderation.exchange.imports.keys import KeyKind
from moderation.exchange.imports.vocabulary import Reader


@dataclass(frozen=True, slots=True)
class Format:
    """How a file is read, what its records are counted by, and what its threads are called unless told otherwise."""

    read: Reader
    unit: str = "line"
    key: KeyKind = KeyKind.PATH


FORMATS = {
    # WordPress' own reply form names its post by number, and so do the comments that it sends from then on.
    "wordpress": Format(wordpress.read, key=KeyKind.ID),
    "disqus": Format(disqus.read),
    "isso": Format(isso.read, unit="comment"),
    "remark42": Format(remark42.read),
    "commento": Format(commento.read, unit="comment"),
    "comentario": Format(commento.read, unit="comment"),
    "jsonl": Format(jsonl.read, key=KeyKind.ID),
}
