"""What goes over the wire, as OpenAPI describes it."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from moderation.comments.reading import MAX_THREADS, Order
from moderation.comments.submission import EMAIL, MAX_THREAD, SEEN_LINE, SEEN_TEXT, Line, Rule, Submission, Text
from moderation.paging import CURSOR
from moderation.review import queue
from moderation.review.decisions import MAX_REASON
from moderation.tables import Action, JobState, Status


def _say_what_is_required(schema: dict[str, Any]) -> None:
    properties = schema["properties"]
    for name, pattern in {"thread": SEEN_LINE, "author_name": SEEN_LINE, "body": SEEN_TEXT}.items():
        properties[name] |= {"pattern": pattern, "minLength": 1}
        properties[name].pop("default", None)
    properties["author_email"] = EMAIL
    for name in ("parent_id", "created_at"):
        # Absent, null and empty are the same.
        properties[name]["anyOf"].append({"const": ""})
    schema["required"] = ["thread", "author_name", "author_email", "body"]


class CommentIn(Submission):
    """A comment. ``ip``, ``user_agent``, ``referrer``, ``created_at`` and ``author_role`` count only with the key.

    A site may have made name, e-mail or both optional.
    """

    model_config = ConfigDict(json_schema_extra=_say_what_is_required)
    checked_by_use_case: ClassVar[bool] = True


class ReasonOut(BaseModel):
    """Why a comment stands where it stands; ``effect`` is the status this reason asks for."""

    code: str
    message: str
    effect: Status


class BodyIn(BaseModel):
    """A text that takes the place of a comment's."""

    checked_by_use_case: ClassVar[bool] = True

    body: str


class AcceptedOut(BaseModel):
    """A comment that was taken in. A visitor is told only the first three members.

    A form of ours (``form_token``) is told, too, with what and until when its writer may change the comment.
    """

    id: uuid.UUID
    status: Status
    created_at: datetime
    spam_probability: float | None = None
    reasons: list[ReasonOut] = []
    model: str | None = None
    edit_token: str = ""
    edit_until: datetime | None = None


class FormQuery(BaseModel):
    """For which thread."""

    thread: Annotated[str, Field(min_length=1, max_length=MAX_THREAD), Line]


class FormOut(BaseModel):
    """How a reply form is to look. ``notices``: whether replies can be told by mail."""

    form_token: str
    name_required: bool
    email_required: bool
    edit_minutes: int
    notices: bool
    closed: bool


Cursor = Annotated[str, Rule(str, CURSOR), Field(description="An earlier answer's next.")]
Key = Annotated[str, Field(max_length=MAX_THREAD), Line]


class ThreadQuery(BaseModel):
    """Which page of which thread."""

    thread: Annotated[str, Field(min_length=1, max_length=MAX_THREAD), Line]
    order: Order = Order.OLDEST
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Cursor = ""


class PublicCommentOut(BaseModel):
    """All that the public sees of a comment."""

    id: uuid.UUID
    parent_id: uuid.UUID | None
    author_name: str
    author_url: str
    body: str
    body_html: str
    created_at: datetime


class ThreadOut(BaseModel):
    """A page of a thread; ``next`` is the cursor of the following page."""

    comments: list[PublicCommentOut]
    next: str | None
    total: int


class FeedQuery(BaseModel):
    """Whose comments: one thread's, or without it the whole site's."""

    thread: Annotated[str, Field(max_length=MAX_THREAD), Line] = ""


class CountsQuery(BaseModel):
    """Threads to count."""

    thread: Annotated[
        list[Annotated[str, Field(max_length=MAX_THREAD), Line]], Field(min_length=1, max_length=MAX_THREADS)
    ]


class CountsOut(BaseModel):
    """Published comments of each thread."""

    counts: dict[str, int]


class Age(StrEnum):
    """How long ago a comment was written: within, or longer ago than, a time."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    OVER_DAY = "over-day"
    OVER_WEEK = "over-week"
    OVER_MONTH = "over-month"


Script = Literal[
    "latin", "arabic", "chinese", "cyrillic", "devanagari", "greek", "hebrew", "japanese", "korean", "thai"
]


class QueueSite(BaseModel):
    """Of which site; without it, of all that you look after."""

    site: uuid.UUID | None = None


class QueueQuery(QueueSite):
    """Which part of the queue."""

    status: Status | Literal["audit"] = Status.PENDING
    order: queue.Order = queue.Order.OLDEST
    q: Annotated[
        str,
        Field(
            max_length=queue.MAX_SEARCH,
            description="Words, or their beginnings, that must all be in the text, name, e-mail address or link.",
        ),
        Text,
    ] = ""
    author: Annotated[str, Field(max_length=320, description="A name or an e-mail address, or part of it."), Line] = ""
    domain: Annotated[str, Field(max_length=255, description="In a link, the text or the e-mail address."), Line] = ""
    ip: Annotated[str, Field(max_length=60), Line] = ""
    reason: Annotated[str, Field(pattern=r"^[a-z_]{0,60}$", description="The code of a reason.")] = ""
    script: Annotated[Script | Literal[""], Field(description="In which letters the text is written.")] = ""
    age: Annotated[Age | Literal[""], Field(description="How long ago it was written.")] = ""
    campaign: Annotated[uuid.UUID | None, Field(description="Near-identical comments: the first one's id.")] = None
    skipped: Annotated[bool, Field(description="With what you left to others.")] = False
    collapse: Annotated[bool, Field(description="Of each campaign that waits, only the first comment.")] = False
    limit: Annotated[int, Field(ge=1, le=queue.MAX_LIMIT)] = 50
    cursor: Cursor = ""


class EvidenceOut(BaseModel):
    """One addend of the judgement's log-odds; ``start`` and ``end`` count code points of the field, where known."""

    feature: str
    field: str
    weight: float
    start: int | None
    end: int | None


class DecisionOut(BaseModel):
    """One change of a comment's standing."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    comment_id: uuid.UUID
    number: int
    action: Action
    from_status: Status | None
    to_status: Annotated[Status | None, Field(description="Null where the comment is to be audited blind.")]
    label: str | None
    person: str | None = None
    origin: str
    reason: str
    undoes_id: uuid.UUID | None
    batch_id: uuid.UUID | None
    model_version: str | None
    spam_probability: float | None
    policy_number: int | None
    created_at: datetime


class CommentOut(BaseModel):
    """All that a moderator sees of a comment."""

    id: uuid.UUID
    site: uuid.UUID
    site_name: str
    thread: str
    thread_url: str | None
    thread_title: str | None
    parent_id: uuid.UUID | None
    author_name: str
    author_email: str
    author_url: str
    author_role: str
    body: str
    body_html: str
    ip: str
    user_agent: str
    referrer: str
    created_at: datetime
    received_at: datetime
    status: Annotated[Status | None, Field(description="Null where a comment is audited blind.")]
    version: int
    spam_probability: float | None
    model: str | None
    reasons: list[ReasonOut]
    knowledge: dict[str, float]
    evidence: list[EvidenceOut]
    label: str | None
    campaign: Annotated[uuid.UUID | None, Field(description="The first of the near-identical comments before it.")] = (
        None
    )


class NoteOut(BaseModel):
    """What a moderator told the others."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    text: str
    person: str | None
    created_at: datetime


class CommentWithHistoryOut(CommentOut):
    """A comment with every decision made on it."""

    history: list[DecisionOut]
    notes: list[NoteOut]


class QueueOut(BaseModel):
    """A page of the queue; ``next`` is null at the end."""

    comments: list[CommentOut]
    next: str | None
    total: int


class RateOut(BaseModel):
    """An error rate of automatic decisions, from blind audits; ``lower`` and ``upper`` are exact bounds."""

    model_config = ConfigDict(from_attributes=True)

    decided: int
    audited: int
    errors: int
    estimate: float | None
    lower: float
    upper: float


class AuditOut(BaseModel):
    """What audits say of a site, and whether its promise stands. ``held_since``: nothing is kept as spam unseen."""

    model_config = ConfigDict(from_attributes=True)

    ham_as_spam: RateOut
    spam_in_published: RateOut
    genuine_lost: float | None
    promise_kept: bool
    held_since: datetime | None


class PromiseQuery(BaseModel):
    """What people can read a day, if a budget is asked about."""

    reviews_per_day: Annotated[float, Field(ge=0, le=1_000_000)] | None = None


class TermsOut(BaseModel):
    """What may go wrong, and how surely not more."""

    model_config = ConfigDict(from_attributes=True)

    max_ham_as_spam: float
    max_spam_in_published: float
    confidence: float


class CutsOut(BaseModel):
    """Published below the first, spam from the second on; 0 and 2 decide nothing."""

    model_config = ConfigDict(from_attributes=True)

    publish_below: float
    spam_above: float


class SolvedOut(TermsOut):
    """A promise with the cuts that keep it, and the labels it rests on (``own``: the site's alone).

    ``missing_ham`` and ``missing_published`` say how many more labels a side needs at least before it decides anything.
    """

    cuts: CutsOut
    own: bool
    n_ham: int
    n_spam: int
    ham_as_spam: int
    ham_as_spam_bound: float | None
    published: int
    spam_in_published: int
    spam_in_published_bound: float | None
    missing_ham: int
    missing_published: int
    why: str


class OfferOut(BaseModel):
    """A promise, and how many comments a day it would leave to read."""

    model_config = ConfigDict(from_attributes=True)

    terms: TermsOut
    promise: SolvedOut
    reviews_per_day: float


class PromiseOut(BaseModel):
    """The promise in force at a site. The cuts are the site's own where its policy states some.

    ``comments`` in the last ``days`` were counted for ``reviews_per_day``; none, and it is null.
    """

    model_config = ConfigDict(from_attributes=True)

    model: str
    promise: SolvedOut
    publish_below: float
    spam_above: float
    comments: int
    days: float
    reviews_per_day: float | None
    offers: list[OfferOut]
    bought: OfferOut | None


Verdict = Literal["publish", "spam", "reject", "hold"]


_BLIND = (
    "False where the verdict was in view: what waits to be audited then waits on, for an answer that is given blind."
)
Blind = Annotated[bool, Field(strict=True, description=_BLIND)]


class DecisionIn(BaseModel):
    """A decision. ``version`` is the one that was looked at; without it whatever stands now is decided on."""

    model_config = ConfigDict(extra="forbid")

    action: Verdict
    reason: Annotated[str, Field(max_length=MAX_REASON), Text] = ""
    version: Annotated[int, Field(ge=1)] | None = None
    blind: Blind = True


class DecidedOut(BaseModel):
    """A decision and the comment as it stands after it."""

    decision: DecisionOut
    comment: CommentOut


class DecisionsIn(BaseModel):
    """One decision for many comments. ``versions`` (id to version) are those that were looked at."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[uuid.UUID], Field(min_length=1, max_length=1000)]
    action: Verdict
    reason: Annotated[str, Field(max_length=MAX_REASON), Text] = ""
    versions: dict[uuid.UUID, int] = {}
    blind: Blind = True


class CurrentOut(BaseModel):
    """How a comment stands that somebody else has decided on, and who that was."""

    status: Status
    version: int
    action: Action
    decided_by: str | None
    decided_at: datetime


class SkippedOut(BaseModel):
    """A comment that was not decided on, and why; ``current``: how it stands, where somebody decided meanwhile."""

    id: uuid.UUID
    code: str
    detail: str
    current: CurrentOut | None = None


class DecisionsOut(BaseModel):
    """What became of many comments."""

    decided: list[DecisionOut]
    skipped: list[SkippedOut]
    batch_id: uuid.UUID | None


class JobOut(BaseModel):
    """How far a job is; ``progress`` from 0 to 1."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    kind: str
    state: JobState
    progress: float
    message: str
    result: dict[str, object] | None
    created_at: datetime
    finished_at: datetime | None
