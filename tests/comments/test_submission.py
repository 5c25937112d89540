"""Every bad field is named, at once, with a code; what is good is kept as it came."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.comments.submission import MAX_BODY, Submission, parse_submission
from moderation.errors import InvalidError

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
GOOD: dict[str, Any] = {"thread": "t", "author_name": "Ann", "author_email": "ann@example.com", "body": "Hello."}


def parse(fields: dict[str, Any], **options: Any) -> Submission:
    """Parse as a site's server."""
    return parse_submission(
        fields, **{"by_server": True, "name_required": True, "email_required": True, "now": NOW, **options}
    )


def parsed_or_refused(fields: dict[str, Any]) -> Submission | InvalidError:
    """Return whichever it is; anything else fails the test."""
    try:
        return parse(fields)
    except InvalidError as refusal:
        return refusal


def errors_of(fields: dict[str, Any], **options: Any) -> dict[str, str]:
    """Return the codes by field."""
    with pytest.raises(InvalidError) as caught:
        parse(fields, **options)
    return {error.field: error.code for error in caught.value.errors}


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("thread", None, "missing"),
        ("thread", "", "missing"),
        ("thread", "  ", "missing"),
        ("thread", "x" * 513, "too_long"),
        ("thread", 5, "not_text"),
        ("thread", "a\nb", "control_character"),
        ("author_name", None, "missing"),
        ("author_name", " \t ", "missing"),
        ("author_name", "x" * 246, "too_long"),
        ("author_name", ["Ann"], "not_text"),
        ("author_name", "Ann\u202egnp", "bidi_character"),
        ("author_email", None, "missing"),
        ("author_email", "no address", "invalid_email"),
        ("author_email", "a@b", "invalid_email"),
        ("author_email", "a@@example.com", "invalid_email"),
        ("author_email", True, "not_text"),
        ("author_url", "javascript:alert(1)", "invalid_url"),
        ("author_url", "ftp://example.org", "invalid_url"),
        ("author_url", "http://", "invalid_url"),
        ("author_url", "http://[::1", "invalid_url"),
        ("author_url", "two words", "invalid_url"),
        ("author_url", "http://example.org/" + "x" * 2048, "too_long"),
        ("body", None, "missing"),
        ("body", "", "missing"),
        ("body", " \n ", "missing"),
        ("body", "x" * (MAX_BODY + 1), "too_long"),
        ("body", "nul \x00", "nul_character"),
        ("body", "half \ud83d", "lone_surrogate"),
        ("body", "bell \x07", "control_character"),
        ("body", {"a": 1}, "not_text"),
        ("parent_id", "7", "not_an_id"),
        ("parent_id", 7, "not_an_id"),
        ("ip", "999.1.1.1", "invalid_ip"),
        ("created_at", "yesterday", "not_a_time"),
        ("created_at", "0001-01-01T00:00:00+14:00", "out_of_range"),
        ("created_at", "9999-12-31T23:59:59-14:00", "out_of_range"),
        ("body", "\u200b\u2060 \u3164", "missing"),
        ("author_name", " \u200b\u200e", "missing"),
        ("created_at", "2126-01-01T00:00:00Z", "in_future"),
        ("created_at", "1969-01-01T00:00:00Z", "too_early"),
    ],
)
def test_a_bad_field_is_named_with_its_code(field: str, value: object, code: str) -> None:
    assert errors_of({**GOOD, field: value}) == {field: code}


def test_all_bad_fields_are_named_at_once() -> None:
    fields = {"author_email": "nobody", "author_url": "javascript:1", "body": "\x00", "parent_id": "x"}
    assert errors_of(fields).keys() == {"thread", "author_name", "author_email", "author_url", "body", "parent_id"}


def test_a_site_may_do_without_name_and_address() -> None:
    submission = parse({"thread": "t", "body": "Hi"}, name_required=False, email_required=False)
    assert (submission.author_name, submission.author_email) == ("", "")
    assert errors_of({"thread": "t", "body": "Hi"}, email_required=False) == {"author_name": "missing"}


def test_an_address_is_kept_in_its_normal_form_and_its_local_part_as_written() -> None:
    assert parse({**GOOD, "author_email": " Ann.B@EXAMPLE.com "}).author_email == "Ann.B@example.com"


@pytest.mark.parametrize(
    ("given_url", "kept"),
    [
        ("example.org", "http://example.org"),
        ("//example.org/x", "http://example.org/x"),
        ("example.org:8080/x", "http://example.org:8080/x"),
        ("example.org:8080#x", "http://example.org:8080#x"),
        ("example.org:8080?x", "http://example.org:8080?x"),
        ("HTTPS://example.org", "HTTPS://example.org"),
        ("http://bücher.example/", "http://bücher.example/"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_web_address_may_lack_its_scheme(given_url: str | None, kept: str) -> None:
    assert parse({**GOOD, "author_url": given_url}).author_url == kept


def test_a_visitor_cannot_name_what_only_a_server_knows() -> None:
    sent = {**GOOD, "ip": "not even an address", "author_role": "administrator", "created_at": "2001-01-01"}
    submission = parse(sent, by_server=False)
    assert (submission.ip, submission.author_role, submission.created_at) == ("", "", None)


def test_a_time_without_a_zone_is_utc() -> None:
    submission = parse({**GOOD, "created_at": "2020-02-03T04:05:06"})
    assert submission.created_at == datetime(2020, 2, 3, 4, 5, 6, tzinfo=UTC)


@given(st.text(min_size=1, max_size=300))
def test_a_text_is_refused_or_kept_whole(body: str) -> None:
    found = parsed_or_refused({**GOOD, "body": body})
    if isinstance(found, InvalidError):
        assert [error.field for error in found.errors] == ["body"]
    else:
        assert found.body == body


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(Submission.model_fields)) | st.text(max_size=5), json_values))
def test_whatever_comes_the_answer_is_a_submission_or_named_fields(fields: dict[str, Any]) -> None:
    found = parsed_or_refused(fields)
    if isinstance(found, InvalidError):
        assert found.errors
        assert all(error.field and error.code and error.message for error in found.errors)
