"""What our own export tells beyond a comment as it was sent: what was decided on it, and its site's rules."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo
from pydantic_core import PydanticCustomError

from model.sample import Label
from moderation.comments.submission import CLOCK_SKEW, EPOCH, MAX_BODY, field_errors
from moderation.policy.rules import Rules
from moderation.review.history import fold
from moderation.tables import Action, Status


def _moment(value: datetime, info: ValidationInfo) -> datetime:
    now: datetime = info.context["now"] if info.context else datetime.now(UTC)
    try:
        found = value.astimezone(UTC)
    except OverflowError:
        found = None
    if found is None or not EPOCH <= found <= now + CLOCK_SKEW:
        code, message = "out_of_range", "This time is before 1970 or yet to come."
        raise PydanticCustomError(code, message)
    return found


#: In UTC, and such as every database and every sum of times can take.
Moment = Annotated[AwareDatetime, AfterValidator(_moment)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]
Share = Annotated[float, Field(ge=0, le=1)]
Finite = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Name = Annotated[str, Field(max_length=200)]
Body = Annotated[str, Field(max_length=MAX_BODY)]


class BadRecordError(Exception):
    """A record of an export is not what one holds; the message names its fields."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class PastSite(_Record):
    """A site's settings."""

    name_required: bool
    email_required: bool
    policy_number: Number
    held_since: Moment | None = None


class PastPolicy(_Record):
    """One version of a site's rules."""

    number: Number
    rules: Rules
    created_by: uuid.UUID | None = None
    created_at: Moment


class PastThread(_Record):
    """When a thread was made and closed."""

    closed_at: Moment | None = None
    created_at: Moment | None = None


class PastDecision(_Record):
    """A decision on a comment."""

    id: uuid.UUID
    comment_id: uuid.UUID
    number: Number
    action: Action
    from_status: Status | None = None
    to_status: Status
    label: Label | None = None
    person_id: uuid.UUID | None = None
    origin: Name
    reason: str = ""
    reasons: list[dict[str, Any]] = []
    undoes_id: uuid.UUID | None = None
    batch_id: uuid.UUID | None = None
    model_version: Name | None = None
    spam_probability: Share | None = None
    policy_number: Number | None = None
    created_at: Moment


class PastComment(_Record):
    """What is kept of a comment beside what was sent."""

    id: uuid.UUID
    received_at: Moment
    policy_number: Number
    reasons: list[dict[str, Any]]
    knowledge: dict[str, Annotated[float, Field(allow_inf_nan=False)]]
    facts: dict[str, Any]
    model_version: Name | None
    spam_probability: Share | None
    uncertainty: Finite
    audit_share: Share | None = None
    audited_at: Moment | None = None
    audit_repeats: uuid.UUID | None = None
    erased_at: Moment | None = None
    campaign_id: uuid.UUID | None = None


class PastText(_Record):
    """What a comment said before its writer changed it."""

    number: Number
    body: Body
    replaced_at: Moment
    knowledge: dict[str, Annotated[float, Field(allow_inf_nan=False)]] | None = None
    copied: list[tuple[int, int]] | None = None


class PastAddress(_Record):
    """What became of the writer's address at the export's site."""

    asked_at: Moment
    verified_at: Moment | None = None
    refused_at: Moment | None = None


class PastWriter(_Record):
    """What else is known of a comment's writer (see ``moderation.exchange.writers``)."""

    earlier_texts: list[PastText] = []
    notify: bool = False
    author_address: PastAddress | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """A comment's columns and decisions, checked to agree with each other, and what is known of its writer."""

    comment: PastComment
    writer: PastWriter
    decisions: Sequence[PastDecision]


Kind = TypeVar("Kind", bound=BaseModel)


def read_record(kind: type[Kind], fields: Mapping[str, Any], now: datetime) -> Kind:
    """Return a record. ``now``: no time in it is later. Raises ``BadRecordError``."""
    try:
        if "\\u0000" in json.dumps(fields, ensure_ascii=False, allow_nan=False):
            message = "a NUL character cannot be stored"
            raise BadRecordError(message)
        return kind.model_validate(fields, context={"now": now})
    except ValidationError as error:
        message = "; ".join(f"{one.field}: {one.message}" for one in field_errors(error))
        raise BadRecordError(message) from error
    except RecursionError as error:
        message = "nested too deeply"
        raise BadRecordError(message) from error
    except ValueError as error:
        message = "a number that is none, or too large, cannot be stored"
        raise BadRecordError(message) from error


def read_past(fields: Mapping[str, Any], decisions: Sequence[PastDecision], now: datetime) -> Past:
    """Return what was decided on a comment. Raises ``BadRecordError`` where that does not lead to where it stands."""
    comment, writer = read_record(PastComment, fields, now), read_record(PastWriter, fields, now)
    try:
        standing = fold(decisions)
    except ValueError as error:
        message = f"its decisions cannot be: {error}"
        raise BadRecordError(message) from error
    told = (fields.get("status"), fields.get("version"), fields.get("label"))
    ids = {one.id for one in decisions}
    if len(ids) < len(decisions) or not {one.undoes_id for one in decisions} <= ids | {None}:
        message = "its decisions name each other wrongly"
        raise BadRecordError(message)
    if (standing.status, standing.version, standing.label) != told:
        message = f"its decisions lead to {standing.status} at version {standing.version}, the comment says otherwise"
        raise BadRecordError(message)
    numbers = {one.number for one in writer.earlier_texts}
    if len(numbers) < len(writer.earlier_texts):
        message = "earlier_texts: two of one number"
        raise BadRecordError(message)
    return Past(comment, writer, decisions)
