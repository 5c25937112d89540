"""Labelled JSON lines: good ones read, bad ones named."""

from __future__ import annotations

import json
import re

import pytest

from model.jsonl import BadLine, read_labelled
from model.sample import Label, LabelledSample


def test_a_full_line_is_read() -> None:
    line = {"body": "hi", "author_name": "Ann", "author_email": "a@b.example", "author_url": None, "site": "s", "thread": "t",
            "created_at": "2020-01-02T03:04:05Z", "label": "spam", "lang": "en", "other": [1], "knowledge": {"ip_spam": 2}}  # fmt: skip
    (found,) = read_labelled([json.dumps(line).encode()])
    assert isinstance(found, LabelledSample)
    assert (found.label, found.sample.author_name, found.sample.author_url, found.lang) == (Label.SPAM, "Ann", "", "en")
    assert found.sample.knowledge == {"ip_spam": 2}
    assert found.sample.created_at is not None
    assert found.sample.created_at.tzinfo is not None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not UTF-8"),
        (b"[1]", "not a JSON object"),
        (b'{"label": "ham"}', "body: missing"),
        (b'{"body": "  ", "label": "ham"}', "body: missing"),
        (b'{"body": 3, "label": "ham"}', "body: must be a string, not int"),
        (b'{"body": "a", "author_name": ["x"], "label": "ham"}', "author_name: must be a string"),
        (b'{"body": "a"}', "label: must be .* missing"),
        (b'{"body": "a", "label": "SPAM"}', "label: must be"),
        (b'{"body": "a", "label": {}}', "label: must be"),
        (b'{"body": "a", "label": "ham", "weight": 0}', "weight: must be above 0"),
        (b'{"body": "a", "label": "ham", "weight": NaN}', "weight: must be a number"),
        (b'{"body": "a", "label": "ham", "weight": 1e999}', "weight: must be a number"),
        (b'{"body": "a", "label": "ham", "weight": ' + b"9" * 400 + b"}", "weight: must be a number"),
        (b'{"body": "a", "label": "ham", "knowledge": {"ip_spam": ' + b"9" * 400 + b"}}", "ip_spam: must be a number"),
        (b'{"body": "a", "label": "ham", "weight": ' + b"9" * 5000 + b"}", "not JSON"),
        (b'{"body": "a", "label": "ham", "knowledge": {"ip_spam": -1}}', "must not be negative"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_a_bad_line_is_named_with_its_reason(line: bytes, reason: str) -> None:
    good = b'{"body": "a", "label": "ham"}'
    first, bad, last = read_labelled([good, b"  ", line, good])
    assert isinstance(first, LabelledSample)
    assert isinstance(last, LabelledSample)
    assert isinstance(bad, BadLine)
    assert bad.number == 3

    assert re.search(reason, bad.reason), bad.reason


def test_half_a_surrogate_pair_reads_as_the_sign_for_no_character() -> None:
    texts = {name: f"a{half}" for name, half in (("body", "\ud800"), ("author_name", "\udfff"), ("source", "\udc00"))}
    (found,) = read_labelled([json.dumps({**texts, "label": "spam"}).encode()])
    assert isinstance(found, LabelledSample)
    assert [found.sample.body, found.sample.author_name, found.source] == ["a\ufffd"] * 3


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_outside_the_calendar_is_no_fact(time: str) -> None:
    (found,) = read_labelled([json.dumps({"body": "a", "label": "ham", "created_at": time}).encode()])
    assert isinstance(found, LabelledSample)
    assert found.sample.created_at is None


def test_labels_may_be_left_out_for_scoring() -> None:
    (found,) = read_labelled(['{"body": "a"}'], require_label=False)
    assert isinstance(found, LabelledSample)
