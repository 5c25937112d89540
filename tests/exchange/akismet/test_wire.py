"""Bytes to fields: whatever comes, something is read of it, or it is refused by name."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.errors import MalformedError
from moderation.exchange.akismet.wire import decode, key_of, read_form, read_json, unslash

KEY, OTHER = "0123456789ab", "ba9876543210"


@given(st.binary(max_size=300), st.text(max_size=20))
def test_no_form_breaks_it(raw: bytes, charset: str) -> None:
    for value in read_form(raw, charset).values():
        value.encode()


@given(st.binary(max_size=300))
def test_no_json_breaks_it(raw: bytes) -> None:
    with suppress(MalformedError):
        read_json(raw)


@given(
    st.dictionaries(st.text(max_size=8), st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists))
)
def test_every_json_object_is_read(document: dict[str, object]) -> None:
    assert set(read_json(json.dumps(document).encode())) <= set(document) | {"comment_context"}


@pytest.mark.parametrize(
    "charset", ["zip", "base64", "idna", "punycode", "unicode_escape", "utf-7", "no such", "\0", ""]
)
def test_what_is_no_character_set_is_none(charset: str) -> None:
    assert decode(b"\xff\xfe", charset) == "��"


@pytest.mark.parametrize(
    ("charset", "text"), [("ISO-8859-1", "Grüße"), ("koi8-r", "хлеб"), ("Shift_JIS", "パン"), ("GBK", "面包")]
)
def test_character_sets_of_old_pages_are_read(charset: str, text: str) -> None:
    assert decode(text.encode(charset), charset) == text
    assert decode(text.encode(), charset) == text


def test_the_charset_may_be_named_by_a_field() -> None:
    assert read_form(b"blog_charset=windows-1251&comment_content=%F5%EB%E5%E1")["comment_content"] == "хлеб"


@pytest.mark.parametrize(
    "names", [["comment_context[]"] * 2, ["comment_context[0]", "comment_context[1]"], ["comment_context"] * 2]
)
def test_a_context_is_a_list_however_it_is_sent(names: list[str]) -> None:
    form = "&".join(f"{name}={value}" for name, value in zip(names, ("bread", "baking"), strict=True))
    assert read_form(form.encode()) == {"comment_context": "bread\nbaking"}


@pytest.mark.parametrize(
    ("method", "fields", "host", "path", "expected"),
    [
        ("comment-check", {"api_key": KEY}, f"{OTHER}.rest.example.org", OTHER, KEY),
        ("comment-check", {}, f"{KEY}.rest.example.org:8000", OTHER, KEY),
        ("comment-check", {}, "moderation.example.org", KEY, KEY),
        ("comment-check", {"key": OTHER}, "moderation.example.org", KEY, KEY),
        ("verify-key", {"key": KEY, "api_key": OTHER}, "moderation.example.org", "", KEY),
        ("verify-key", {"api_key": KEY}, "moderation.example.org", "", KEY),
        ("get-stats", {"key": KEY.upper()}, f"{OTHER}.rest.example.org", "", KEY),
        ("comment-check", {}, "not-twelve-hex.example.org", "", ""),
        ("comment-check", {}, "[::1]:8000", "", ""),
        ("comment-check", {}, "moderation.example.org", f"{KEY}0", ""),
        *(
            ("verify-key", {"key": bad}, "moderation.example.org", KEY, "")
            for bad in ("\ud800", "\0", KEY[1:], "é" * 12)
        ),
    ],
)
def test_which_key_counts(method: str, fields: dict[str, str], host: str, path: str, expected: str) -> None:
    assert key_of(method, fields, host, path) == expected


@pytest.mark.parametrize(
    ("sent", "written"),
    [
        (r"It\'s the \"best\" in C:\\bread", 'It\'s the "best" in C:\\bread'),
        ("Nothing to escape.\nReally.", "Nothing to escape.\nReally."),
        ("It's as it is in the database", "It's as it is in the database"),
        (r"C:\bread, as in the database", r"C:\bread, as in the database"),
    ],
)
def test_what_wordpress_escapes_is_read_as_it_was_written(sent: str, written: str) -> None:
    assert unslash({"comment_content": sent})["comment_content"] == written


def test_one_quote_that_is_not_escaped_shows_that_none_is() -> None:
    fields = {"comment_author": "O'Neil", "comment_content": r"Write \' for a quote"}
    assert unslash(fields) == fields


@given(st.text(max_size=100))
def test_escaping_is_undone_whatever_the_text(text: str) -> None:
    slashed = text.replace("\\", "\\\\").replace("'", "\\'").replace('"', '\\"').replace("\0", "\\0")
    assert unslash({"comment_content": slashed})["comment_content"] == text
