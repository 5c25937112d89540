"""Bytes to fields, as forgiving as the clients are many: whatever can be read of a request is read."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl

from moderation.errors import MalformedError

#: WordPress sends its form and its server's environment along.
MAX_FIELDS: Final = 2000
#: Repeated, indexed or bare, it is a list; of any other field that comes twice the last one counts, as in PHP.
CONTEXT: Final = re.compile(r"comment_context(\[\d*\])?$")
#: Of the codecs that Python knows, those that are character sets; others unpack, or take long on purpose.
_CHARSETS: Final = re.compile(r"(ascii|iso8859|latin|cp\d|koi8|mac|big5|gb|hz|euc|shift_jis|johab|tis|ptcp|kz1048)")
#: What WordPress escapes as PHP once did of itself: nothing in such a text stands without its backslash.
_WRITTEN: Final = ("comment_author", "comment_author_email", "comment_author_url", "comment_content")
_SLASHED: Final = re.compile(r"""[^\\'"\0]*(?:\\['"\\0][^\\'"\0]*)*""")
_KEY: Final = re.compile(r"[0-9a-f]{12}", re.IGNORECASE)
#: Calls about a key rather than with one: there the key that is meant is called so.
_ABOUT_KEYS: Final = frozenset({"verify-key", "deactivate", "get-stats", "get-subscription"})

Fields = Mapping[str, str]


def read_form(raw: bytes, charset: str = "") -> dict[str, str]:
    """Return the fields of a form-encoded body. Raises ``MalformedError`` for one of absurdly many fields."""
    try:
        # Latin-1 keeps every byte as it is, so that each value can be decoded on its own.
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=MAX_FIELDS)
    except ValueError as error:
        message = f"More than {MAX_FIELDS} fields."
        raise MalformedError(message) from error
    values = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
    found = [(name.decode("utf-8", "replace"), value) for name, value in values]
    charset = charset or next((v.decode("ascii", "replace") for name, v in found if name == "blog_charset"), "")
    return gather((name, decode(value, charset)) for name, value in found)


def read_json(raw: bytes) -> dict[str, str]:
    """Return the members of a JSON object as texts. Raises ``MalformedError`` for anything else."""
    try:
        document = json.loads(raw.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        message = "The body is not JSON."
        raise MalformedError(message) from error
    if not isinstance(document, dict):
        message = "The body is not a JSON object."
        raise MalformedError(message)
    return gather((name, text) for name, value in document.items() for text in _texts(name, value))


def gather(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return each field once; the parts of the context on lines of their own."""
    fields: dict[str, str] = {}
    for name, value in pairs:
        if CONTEXT.match(name):
            fields["comment_context"] = (
                f"{fields['comment_context']}\n{value}" if "comment_context" in fields else value
            )
        else:
            fields[name] = value
    return fields


def decode(value: bytes, charset: str) -> str:
    """Return a value's text: as UTF-8 if it is, else in the character set that was named, if there is such a one."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        name = codecs.lookup(charset.strip()).name if charset.isascii() and charset.isprintable() else ""
        if _CHARSETS.match(name):
            return value.decode(name, "replace")
    except (LookupError, ValueError):
        pass
    return value.decode("utf-8", "replace")


def unslash(fields: Fields) -> Fields:
    """Return the fields as they were written, where WordPress asks: it sends a new comment with its quotes escaped.

    A comment that it asks about again, or reports, comes from its database as it is, and is left so.
    """
    written = {name: fields[name] for name in _WRITTEN if name in fields}
    if not all(_SLASHED.fullmatch(value) for value in written.values()):
        return fields
    return {**fields, **{name: re.sub(r"\\(.)", _unescaped, value) for name, value in written.items()}}


def key_of(method: str, fields: Fields, host: str, path_key: str) -> str:
    """Return the key that a call is made with: in its body, else as the first label of the host, else in the path.

    What cannot be a key is none, which is an empty text.
    WordPress sends the key it has with every call, also with the question whether a new one is good.
    """
    names = ("key", "api_key") if method in _ABOUT_KEYS else ("api_key",)
    label = host.partition(":")[0].partition(".")[0]
    found = next((fields[name] for name in names if fields.get(name)), "")
    key = (found or (label if _KEY.fullmatch(label) else "") or path_key).strip()
    return key.lower() if _KEY.fullmatch(key) else ""


def _unescaped(found: re.Match[str]) -> str:
    return "\0" if found[1] == "0" else found[1]


def _texts(name: str, value: object) -> Iterable[str]:
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, str | int | float):
        return [str(value)]
    if isinstance(value, list) and CONTEXT.match(name):
        return [item for item in value if isinstance(item, str)]
    return []
