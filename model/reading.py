"""A comment as the judge reads it: every field in normal form, links taken out, ready for the features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from model.copying import blanked
from model.links import Link, read_url, take_out
from model.text import Trace, finish, start

if TYPE_CHECKING:
    from model.sample import Sample

#: Names that a form or an importer fills in when the writer gave none: absent, not a name.
PLACEHOLDER_NAMES: Final = frozenset({"", "anonymous", "anon", "guest", "unknown", "no name", "noname", "n/a", "none"})


#: Longest name and address read, in code points.
_SHORT: Final = 300


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the body of a reading: its span in the normal form, and the links that stand in it."""

    begin: int
    end: int
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Reading:
    """One comment, read.

    ``body`` is the text without links and markup; ``links`` are the body's; ``url`` is the author's own link, if it
    can be read as one; ``local`` and ``mail_domain`` are the parts of the address, empty where there is none.
    """

    sample: Sample
    body: Trace
    links: list[Link]
    name: Trace
    url: Link | None
    local: str
    mail_domain: str


def read(sample: Sample, *, trace: bool = False) -> Reading:
    """Read a comment; with ``trace``, keep the way back to the original offsets. Never raises on any text."""
    said = blanked(sample.body, sample.copied) if sample.copied else sample.body
    body, links = take_out(start(said, trace=trace))
    name = finish(start(sample.author_name[:_SHORT], trace=trace))
    if name.text.strip(" .-_") in PLACEHOLDER_NAMES:
        name = Trace("", [] if trace else None, name.tricks)
    url = read_url(sample.author_url[:2000], "author") if sample.author_url else None
    local, _, domain = sample.author_email[:_SHORT].strip().lower().rpartition("@")
    return Reading(sample, finish(body), links, name, url, local, domain)
