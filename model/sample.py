"""The one vocabulary of the judge and the service: a comment to judge, a judged one, and the reasons for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Label(StrEnum):
    """What a person said of a comment. ``rejected`` comments (unwanted, not spam) carry no label."""

    SPAM = "spam"
    HAM = "ham"


@dataclass(frozen=True, slots=True)
class Sample:
    """One comment as the judge sees it. Absent facts are empty, never invented.

    ``knowledge`` holds what the site knew when the comment was judged (see ``KNOWLEDGE``): counts, all >= 0.
    ``copied`` are the spans of the body that it takes over from somebody's published comment: they are not read.
    Both are recorded with the comment, so that training sees exactly what judging saw.
    """

    body: str
    author_name: str = ""
    author_email: str = ""
    author_url: str = ""
    ip: str = ""
    user_agent: str = ""
    thread: str = ""
    site: str = ""
    created_at: datetime | None = None
    knowledge: Mapping[str, float] = field(default_factory=dict)
    copied: tuple[tuple[int, int], ...] = ()


#: What a site may know of a comment's author when it is judged. Counts of earlier comments on the same site.
KNOWLEDGE = (
    "author_published",  # earlier published comments with this e-mail address
    "author_spam",  # earlier spam comments with this e-mail address
    "ip_published",
    "ip_spam",
    "domain_published",  # ... whose author link points at the same registered domain
    "domain_spam",
    "copies_published",  # near-identical comments seen lately that stand published
    "copies_spam",
    "copies_other",  # ... that are pending or rejected
)


@dataclass(frozen=True, slots=True)
class LabelledSample:
    """A sample with its human label. ``weight`` > 0; samples of one ``group`` (a campaign) count as one."""

    sample: Sample
    label: Label
    weight: float = 1.0
    group: str = ""
    source: str = ""
    lang: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One addend of a judgement's log-odds (positive speaks for spam), pointing at ``field[start:end]``.

    ``field`` is an attribute of ``Sample``; ``start`` and ``end`` are code-point offsets into its text as it came, or
    both ``None`` where the evidence speaks of the whole field or of the comment.
    """

    feature: str
    field: str
    weight: float
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """A judgement. ``probability`` is calibrated, in [0, 1]; the weights of ``evidence`` add up to ``log_odds``.

    ``links`` counts those that a reader would find in the text, but for what it copies.
    """

    probability: float
    log_odds: float
    evidence: tuple[Evidence, ...]
    version: str
    links: int = 0
