"""What a call says, in our words: nothing is refused, and what cannot be used is kept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.comments.submission import MAX_THREAD, Submission
from moderation.exchange.akismet.dialect import parse_asked, thread_key

ORIGINS = ["https://blog.example.org"]
NAMES = """blog user_ip user_agent referrer permalink comment_type content_type comment_author comment_author_email
comment_author_url comment_content comment_date_gmt user_role is_test recheck_reason honeypot_field_name callback guid
reporter comment_post_ID comment_parent comment_author_IP POST_ak_hp_textarea""".split()


@given(st.dictionaries(st.sampled_from(NAMES), st.text(st.characters(codec=None), max_size=80)))
def test_whatever_is_sent_becomes_a_comment(fields: dict[str, str]) -> None:
    asked = parse_asked(fields, ORIGINS)
    Submission.model_validate(asked.submission.model_dump(exclude_defaults=True))
    assert asked.submission.thread
    assert asked.submission.body


def test_every_field_finds_its_place() -> None:
    asked = parse_asked(
        {
            "user_ip": "203.0.113.7",
            "user_agent": "Mozilla/5.0",
            "referrer": "https://search.example/",
            "permalink": "https://blog.example.org/bread?page=2#comments",
            "comment_author": " Mary\nMiller ",
            "comment_author_email": "mary@EXAMPLE.com",
            "comment_author_url": "mary.example",
            "comment_content": "Thanks!",
            "comment_date_gmt": "2026-01-05T11:00:00Z",
            "user_role": "subscriber,editor",
            "comment_post_ID": "17",
            "reporter": "0",
        },
        ORIGINS,
    )
    assert asked.submission == Submission(
        thread="/bread?page=2",
        thread_url="https://blog.example.org/bread?page=2#comments",
        author_name="Mary Miller",
        author_email="mary@example.com",
        author_url="http://mary.example",
        body="Thanks!",
        ip="203.0.113.7",
        user_agent="Mozilla/5.0",
        referrer="https://search.example/",
        created_at=datetime(2026, 1, 5, 11, tzinfo=UTC),
        author_role="subscriber",
    )
    assert (asked.unusable, asked.post, asked.reporter) == ({}, "17", "")


def test_what_cannot_be_used_is_kept_aside() -> None:
    asked = parse_asked(
        {"comment_author_email": "call me", "comment_author_url": "javascript:x", "user_ip": "?"}, ORIGINS
    )
    assert asked.unusable == {"author_email": "call me", "author_url": "javascript:x", "ip": "?"}


@pytest.mark.parametrize(
    ("permalink", "expected"),
    [
        ("https://blog.example.org", "/"),
        ("https://BLOG.example.org:443/a/b", "/a/b"),
        ("https://elsewhere.example/a", "https://elsewhere.example/a"),
        ("", "(signup)"),
        ("no address", "(signup)"),
    ],
)
def test_a_page_is_known_by_its_path_on_the_site(permalink: str, expected: str) -> None:
    assert thread_key(permalink, "signup", ORIGINS) == expected


def test_two_long_addresses_are_two_pages() -> None:
    keys = {thread_key("https://blog.example.org/" + "a" * 2000 + end, "comment", ORIGINS) for end in "xy"}
    assert len(keys) == 2
    assert {len(key) for key in keys} == {MAX_THREAD}


def test_a_registration_without_text_has_a_body_that_says_so() -> None:
    asked = parse_asked({"comment_type": "signup", "comment_content": " \u200b"}, ORIGINS)
    assert asked.submission.body == "[signup without text]"
