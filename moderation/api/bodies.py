"""Reading a request's body strictly: what cannot be read without loss is refused, never repaired in silence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from moderation.errors import FieldError, InvalidError, MalformedError, TooLargeError

#: Nothing that we take needs to be nested deeper.
MAX_DEPTH = 8
MAX_FIELDS = 200
MAX_BYTES = 1_048_576


def read_body(request: Request) -> Mapping[str, Any]:
    """Return the fields of a JSON or form-encoded body.

    Raises ``MalformedError`` (no JSON, no UTF-8, too deep), ``TooLargeError`` and ``InvalidError`` (a field twice).
    """
    raw = read_bytes(request)
    _decode(raw)
    if request.mimetype == "application/x-www-form-urlencoded":
        return read_form(raw)
    if request.mimetype == "multipart/form-data":
        return _once(list(request.form.items(multi=True)))
    if request.mimetype in {"application/json", "text/plain", ""} or request.mimetype.endswith("+json"):
        return read_json(raw)
    message = f"The content type {request.mimetype!r} is neither JSON nor a form."
    raise MalformedError(message, code="unsupported_media_type")


def read_bytes(request: Request) -> bytes:
    """Return the body as it came. Raises ``TooLargeError``."""
    if request.content_length is not None and request.content_length > MAX_BYTES:
        raise _too_large()
    # A body without a stated length is cut at the limit without a word; one byte more tells that there was more.
    request.max_content_length = MAX_BYTES + 1
    try:
        raw = request.get_data(cache=True, parse_form_data=False)
    except RequestEntityTooLarge as error:
        raise _too_large() from error
    if len(raw) > MAX_BYTES:
        raise _too_large()
    return raw


def _too_large() -> TooLargeError:
    return TooLargeError(f"More than {MAX_BYTES // 1024} KiB in one request.")


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"The body is not UTF-8: byte {error.start} is wrong."
        raise MalformedError(message, code="not_utf8") from error


def read_form(raw: bytes) -> Mapping[str, Any]:
    """Return the fields of a form-encoded body."""
    try:
        pairs = parse_qsl(
            _decode(raw), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=MAX_FIELDS
        )
    except UnicodeDecodeError as error:
        message = "A form field is not UTF-8."
        raise MalformedError(message, code="not_utf8") from error
    except ValueError as error:
        message = f"The form has more than {MAX_FIELDS} fields."
        raise MalformedError(message) from error
    return _once(pairs)


def read_json(raw: bytes) -> Mapping[str, Any]:
    """Return the members of a JSON object."""
    text = _decode(raw)
    try:
        document = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        where = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        message = f"The body is not JSON{where}."
        raise MalformedError(message, code="not_json") from error
    if not isinstance(document, dict):
        message = "The body must be a JSON object."
        raise MalformedError(message, code="not_an_object")
    if _depth(document) > MAX_DEPTH:
        raise _too_deep()
    return document


def _no_constant(name: str) -> None:
    message = f"{name} is no JSON"
    raise ValueError(message)


def _too_deep() -> MalformedError:
    return MalformedError(f"The body is nested more than {MAX_DEPTH} levels deep.", code="too_deep")


def _depth(value: object) -> int:
    level, depth = [value], 0
    while level:
        depth += 1
        inner: list[object] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level = inner
    return depth


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise InvalidError([FieldError(name, "duplicate_field", "This field was sent twice.") for name in twice])
    return fields
