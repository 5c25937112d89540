"""A comment as it is sent: every field checked, every bad one named at once."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetJsonSchemaHandler, ValidationError, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from moderation.errors import FieldError, InvalidError
from moderation.people.sites import origin_of

MAX_THREAD = 512
MAX_NAME = 245
MAX_URL = 2048
MAX_TITLE = 1000
#: Characters. WordPress keeps 65,535 bytes of a comment.
MAX_BODY = 65_536
#: How far a server's clock may run ahead of ours.
CLOCK_SKEW = timedelta(minutes=5)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_FORBIDDEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
# Characters that turn the direction of what follows: in a name they would disguise the text around it.
_BIDI_CONTROLS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
#: Spaces, line breaks, control and format characters; and letters and signs that are drawn as nothing.
_INVISIBLE_CATEGORIES = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})
_INVISIBLE_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe0e\ufe0f")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def _bad(*, code: str, message: str) -> PydanticCustomError:
    return PydanticCustomError(code, "{message}", {"message": message})


def _text(value: str) -> str:
    if "\x00" in value:
        raise _bad(code="nul_character", message="A NUL character cannot be stored.")
    if _FORBIDDEN.search(value):
        raise _bad(code="control_character", message="Control characters are not allowed here.")
    return value


def _line(value: str) -> str:
    value = _text(value).strip()
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in value):
        raise _bad(code="control_character", message="Line breaks and control characters are not allowed here.")
    if _BIDI_CONTROLS.search(value):
        raise _bad(code="bidi_character", message="Characters that turn the text's direction are not allowed here.")
    return value


def _email(value: str) -> str:
    if not value:
        return value
    try:
        return validate_email(value, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise _bad(code="invalid_email", message=str(error)) from error


def _web_address(value: str) -> str:
    if not value:
        return value
    # People write example.org and mean http://example.org; anything with a scheme of its own must be a web address.
    has_scheme = _SCHEME.match(value) and not re.match(r"[^/:]+\.[^/:]+:\d+([/?#]|$)", value)
    url = value if has_scheme else f"http://{value.removeprefix('//')}"
    is_word = not has_scheme and "." not in url.partition("//")[2].partition("/")[0]
    if is_word or origin_of(url) is None or re.search(r"\s", url):
        raise _bad(code="invalid_url", message="This is no web address (for example https://example.org/).")
    return url


def _ip(value: str) -> str:
    if not value:
        return value
    try:
        return str(ipaddress.ip_address(value.partition("%")[0]))
    except ValueError as error:
        raise _bad(code="invalid_ip", message="This is no IPv4 or IPv6 address.") from error


def _moment(value: datetime) -> datetime:
    try:
        value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError as error:
        raise _bad(code="out_of_range", message="This time is outside the calendar.") from error
    if value < EPOCH:
        raise _bad(code="too_early", message="This time is before 1970.")
    return value


@dataclass(frozen=True)
class Rule(AfterValidator):
    """A check that the API's description tells, as far as a pattern can."""

    pattern: str

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return what the description says of such a text."""
        return {**handler(schema), "pattern": self.pattern}


# As the description tells them: in the characters that both JSON Schema's and Python's expressions know.
_SPACES = r"\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_UNSEEN = r"\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069"
_EMPTY = (
    _SPACES
    + r"\u0000-\u001f\u007f-\u009f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4"
    r"\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\u2800\u3164\ufe0e\ufe0f\ufeff\uffa0\ufff9-\ufffb"
)
_PRINTED = r"\u0000-\u0008\u000e-\u001f\u007f"
#: A line, and a text, of which something is seen.
SEEN_LINE = f"^[{_SPACES}]*[^{_UNSEEN}]*[^{_EMPTY}][^{_UNSEEN}]*[{_SPACES}]*$"
SEEN_TEXT = f"^[^{_PRINTED}]*[^{_EMPTY}][^{_PRINTED}]*$"
Line = Rule(_line, f"^[{_SPACES}]*[^{_UNSEEN}]*[{_SPACES}]*$")
Text = Rule(_text, f"^[^{_PRINTED}]*$")
# Of addresses, the pattern tells the plain ones: which letters a host may have beyond these, no expression can say.
_HOST = r"[0-9A-Za-z-]{1,63}"
_REST = r"(:[0-9]{1,4})?([/?#][!-~\u00a1-\u167f]*)?"
WebAddress = Annotated[
    str,
    Field(max_length=MAX_URL),
    Line,
    Rule(_web_address, rf"^((https?://{_HOST}|{_HOST}\.{_HOST})(\.{_HOST})*{_REST})?$"),
]
# Names that the network keeps for itself (RFC 6761); nobody can have an address there.
_NOBODY = "|".join(
    "".join(f"[{letter}{letter.upper()}]" for letter in name)
    for name in ("arpa", "invalid", "local", "localhost", "onion", "test")
)
EMAIL: JsonSchemaValue = {
    "type": "string",
    "format": "email",
    "maxLength": 320,
    "pattern": rf"^[^@]+@(?!(.*\.)?({_NOBODY})$)[^@]+\.[^@.]+$",
    "description": "Never published.",
}
_EMAIL: JsonSchemaValue = {"anyOf": [EMAIL, {"const": ""}]}
_IP: JsonSchemaValue = {
    "anyOf": [{"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}, {"const": ""}]
}


class SubmissionFields(BaseModel):
    """The fields of a comment that anyone may send. Absent and empty are the same."""

    model_config = ConfigDict(frozen=True, extra="ignore", regex_engine="python-re")

    thread: Annotated[str, Field(min_length=1, max_length=MAX_THREAD, description="The page's key."), Line]
    thread_url: WebAddress = ""
    thread_title: Annotated[str, Field(max_length=MAX_TITLE), Line] = ""
    parent_id: Annotated[uuid.UUID | None, Field(description="The published comment that this one replies to.")] = None
    author_name: Annotated[str, Field(max_length=MAX_NAME), Line] = ""
    author_email: Annotated[
        str, Field(max_length=320, description="Never published."), Line, AfterValidator(_email), WithJsonSchema(_EMAIL)
    ] = ""
    author_url: WebAddress = ""
    body: Annotated[str, Field(min_length=1, max_length=MAX_BODY), Text]
    notify: Annotated[
        bool, Field(description="Tell the author by mail of replies, once their address is confirmed.")
    ] = False


class Submission(SubmissionFields):
    """A whole comment; the further fields are believed only from a site's server."""

    ip: Annotated[str, Field(max_length=60), Line, AfterValidator(_ip), WithJsonSchema(_IP)] = ""
    user_agent: Annotated[str, Field(max_length=2000), Text] = ""
    referrer: Annotated[str, Field(max_length=MAX_URL), Text] = ""
    created_at: Annotated[datetime, AfterValidator(_moment)] | None = None
    author_role: Annotated[str, Field(max_length=100), Line] = ""


class _Body(BaseModel):
    body: Annotated[str, Field(min_length=1, max_length=MAX_BODY), Text]


SERVER_FIELDS = frozenset(Submission.model_fields) - frozenset(SubmissionFields.model_fields)
_CODES = {
    "string_too_long": "too_long",
    "string_type": "not_text",
    "string_unicode": "lone_surrogate",
    "extra_forbidden": "unknown_field",
    "int_parsing": "not_a_number",
    "int_type": "not_a_number",
    "datetime_type": "not_a_time",
    "datetime_parsing": "not_a_time",
    "datetime_from_date_parsing": "not_a_time",
    "datetime_object_invalid": "not_a_time",
    "enum": "not_a_choice",
    "literal_error": "not_a_choice",
    "uuid_type": "not_an_id",
    "uuid_parsing": "not_an_id",
}
_MESSAGES = {
    "missing": "This field is required.",
    "not_text": "This must be a text.",
    "not_an_id": "This is no id.",
    "not_a_time": "This is no time (for example 2026-11-23T12:00:00Z).",
    "not_a_number": "This must be a whole number.",
    "lone_surrogate": "Half of a surrogate pair is no character.",
    "unknown_field": "There is no such field.",
}


def parse_submission(
    fields: Mapping[str, Any], *, by_server: bool, name_required: bool, email_required: bool, now: datetime
) -> Submission:
    """Check the fields. Raises ``InvalidError`` that names every bad one."""
    given = {
        name: value
        for name, value in fields.items()
        if value is not None and value != "" and (by_server or name not in SERVER_FIELDS)
    }
    errors: list[FieldError] = []
    submission = None
    try:
        submission = Submission.model_validate(given)
    except ValidationError as error:
        errors = field_errors(error)
    bad = {error.field for error in errors}
    required = {"thread": True, "author_name": name_required, "author_email": email_required, "body": True}
    for name, is_required in required.items():
        value = given.get(name, "")
        if is_required and name not in bad and isinstance(value, str) and is_blank(value):
            errors.append(FieldError(name, "missing", "This field is required."))
    if submission and submission.created_at and submission.created_at > now + CLOCK_SKEW:
        errors.append(FieldError("created_at", "in_future", "This time has not come yet."))
    if errors or submission is None:
        raise InvalidError(errors)
    return submission


def parse_body(fields: Mapping[str, Any]) -> str:
    """Check a text that is to take the place of another. Raises ``InvalidError``."""
    try:
        body = _Body.model_validate({"body": fields.get("body", "")}).body
    except ValidationError as error:
        raise InvalidError(field_errors(error)) from error
    if is_blank(body):
        raise InvalidError([FieldError("body", "missing", "This field is required.")])
    return body


def is_blank(text: str) -> bool:
    """Tell whether nobody would see anything of the text."""
    return all(c in _INVISIBLE_LETTERS or unicodedata.category(c) in _INVISIBLE_CATEGORIES for c in text)


def field_errors(error: ValidationError) -> list[FieldError]:
    """Return pydantic's findings in our words, one for each field, in the order of the fields."""
    found: dict[str, FieldError] = {}
    for detail in error.errors(include_url=False, include_input=False):
        field = ".".join(str(part) for part in detail["loc"]) or "body"
        code = "missing" if detail["type"] in {"missing", "string_too_short"} else detail["type"]
        code = _CODES.get(code, code)
        found.setdefault(field, FieldError(field, code, _MESSAGES.get(code, detail["msg"])))
    return list(found.values())
