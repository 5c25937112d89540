"""What the desk says over the wire beyond single decisions: batches, campaigns, claims, notes, replies."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from moderation.api.schemas import DecisionOut, SkippedOut, Verdict
from moderation.comments.submission import MAX_BODY, MAX_NAME, SEEN_LINE, SEEN_TEXT, Line, Rule, Text
from moderation.review.decisions import MAX_REASON
from moderation.review.notes import MAX_NOTE
from moderation.tables import Status

Versions = Annotated[dict[uuid.UUID, Annotated[int, Field(ge=1)]], Field(max_length=1000)]


class CountsOut(BaseModel):
    """How many comments stand where; ``audit``: automatic decisions that wait to be audited."""

    counts: dict[str, int]


class PreviewIn(BaseModel):
    """A decision on many comments that is thought about. ``versions`` (id to version): those that are looked at."""

    model_config = ConfigDict(extra="forbid")

    action: Verdict
    versions: Annotated[Versions, Field(min_length=1)]


class PreviewOut(BaseModel):
    """What it would do: how many it moves from where, how many stand there already, and what it leaves alone.

    ``audits``: those that wait to be audited, wherever they stand.
    """

    model_config = ConfigDict(from_attributes=True)

    decided: int
    moves: dict[Status, int]
    audits: int
    unmoved: int
    changed: list[uuid.UUID]
    missing: list[uuid.UUID]


class UndoneOut(BaseModel):
    """What became of the decisions of a batch. ``batch_id``: that of the undo, which can be taken back itself."""

    undone: list[DecisionOut]
    skipped: list[SkippedOut]
    batch_id: uuid.UUID | None


class MemberOut(BaseModel):
    """A comment of a campaign; ``alike``: how much of the first one's text it has, 0 to 1."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    version: int
    status: Status
    site: str
    thread: str
    author_name: str
    body: str
    alike: float


class CampaignOut(BaseModel):
    """Near-identical comments."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    statuses: dict[Status, int]
    sites: list[str]
    threads: int
    outliers: list[MemberOut]
    members: list[MemberOut]


class CampaignDecisionIn(BaseModel):
    """A verdict on the members that were looked at (``versions``), and on what comes in during the next 24 hours."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["publish", "spam", "reject"]
    versions: Annotated[Versions, Field(min_length=1)]
    reason: Annotated[str, Field(max_length=MAX_REASON), Text] = ""


class PresenceIn(BaseModel):
    """What is looked at: the comment at hand (null: none), and all that are shown, with their versions."""

    model_config = ConfigDict(extra="forbid")

    comment: uuid.UUID | None = None
    shown: Versions = {}


class ClaimOut(BaseModel):
    """Who looks at a comment, and until when, unless they look on."""

    model_config = ConfigDict(from_attributes=True)

    comment_id: uuid.UUID
    email: str
    until: datetime


class MovedOut(BaseModel):
    """A shown comment that changed since."""

    model_config = ConfigDict(from_attributes=True)

    comment_id: uuid.UUID
    status: Status
    version: int


class PresenceOut(BaseModel):
    """The claim that was given (null: somebody else looks at it), the others', and what changed."""

    model_config = ConfigDict(from_attributes=True)

    mine: ClaimOut | None
    others: list[ClaimOut]
    moved: list[MovedOut]
    #: Seconds that a claim lasts, for a clock in the browser that is not ours.
    lasts: int


class NoteIn(BaseModel):
    """A note for the other moderators."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(min_length=1, max_length=MAX_NOTE), Text]


class ReplyIn(BaseModel):
    """An answer to a comment, which is published with it. ``name``: what it is signed with."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME), Line, Rule(str, SEEN_LINE)]
    body: Annotated[str, Field(min_length=1, max_length=MAX_BODY), Text, Rule(str, SEEN_TEXT)]
    version: Annotated[int, Field(ge=1)] | None = None


class RepliedOut(BaseModel):
    """The decision that published the comment, and the answer's id. Undoing ``batch_id`` takes both back."""

    decision: DecisionOut
    reply_id: uuid.UUID
    batch_id: uuid.UUID | None


class DoneOut(BaseModel):
    """It is done."""

    done: bool = True
