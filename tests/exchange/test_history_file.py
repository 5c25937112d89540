from __future__ import annotations

import pytest

from model.jsonl import LONGEST_LINE, BadLine
from model.sample import Label
from moderation.exchange.history_file import BadLines, BadLinesError, CommentLine, RecordLine, read_history


def test_labelled_lines_are_read_with_their_numbers() -> None:
    found = list(read_history([b'{"body": "a", "label": "ham"}', b"", b'\xef\xbb\xbf{"body": "b", "label": "spam"}']))
    assert [(line.number, line.sample.body, line.label) for line in found if isinstance(line, CommentLine)] == [
        (1, "a", Label.HAM),
        (3, "b", Label.SPAM),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"body": "\xff", "label": "ham"}', "not UTF-8"),
        (b'{"label": "ham"}', "body: missing"),
        (b'{"body": "a"}', "label: must be"),
        (b'{"body": "a", "label": "rejected"}', "label: must be"),
        (b'{"body": "a", "label": "ham", "author_name": 5}', "author_name: must be a string"),
        (b'{"kind": "comment", "body": "a", "label": "eggs"}', "label: must be"),
        (b"[" * 100_000, "not JSON"),
        (b'{"body": "a", "label": "ham", "weight": ' + b"9" * 5000 + b"}", "not JSON: Exceeds the limit"),
        (b'{"body": "a", "label": "ham", "weight": ' + b"9" * 400 + b"}", "weight: must be a number"),
        (rb'{"body": "a", "label": "ham", "author_name": "x\ud800"}', "author_name: half of a surrogate"),
        (rb'{"kind": "thread", "key": "/a", "url": "https://a.example/\uDFFF"}', "url: half of a surrogate"),
        (rb'{"kind": "comment", "body": "a", "facts": {"x": ["\uDc00"]}}', "facts: half of a surrogate"),
        (b'{"body": "a' + b"a" * LONGEST_LINE + b'", "label": "ham"}', "longer than"),
        (b'{"body": "a", "body": "b", "label": "ham"}', "body: stands twice"),
        (b'{"body": "a", "label": "ham", "knowledge": {"x": 1, "x": 2}}', "x: stands twice"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_line_is_named_with_its_number_and_reason(line: bytes, reason: str) -> None:
    [good, bad] = read_history([b'{"body": "a", "label": "ham"}', line])
    assert isinstance(good, CommentLine)
    assert isinstance(bad, BadLine)
    assert bad.number == 2
    assert bad.reason.startswith(reason)


def test_a_whole_pair_of_surrogates_is_a_character() -> None:
    [found] = read_history([rb'{"body": "a \ud83e\udd56", "label": "ham"}'])
    assert isinstance(found, CommentLine)
    assert found.sample.body == "a 🥖"


def test_of_an_export_every_kind_of_record_is_read() -> None:
    found = list(
        read_history(
            [
                b'{"kind": "site", "name": "Blog"}',
                b'{"kind": "policy"}',
                b'{"kind": "thread", "key": "/bread"}',
                b'{"kind": "comment", "body": "a", "label": null}',
                b'{"kind": "decision"}',
            ]
        )
    )
    assert [(type(line), line.number) for line in found] == [
        (RecordLine, 1),
        (RecordLine, 2),
        (RecordLine, 3),
        (CommentLine, 4),
        (RecordLine, 5),
    ]


def test_of_many_bad_lines_the_first_are_named_and_all_are_counted() -> None:
    bad = BadLines()
    for number in range(1, 31):
        bad.add(BadLine(number, "not JSON"))
    message = BadLinesError(bad, "nothing was sent").message
    assert message.startswith("30 lines cannot be read; nothing was sent.")
    assert "line 20: not JSON" in message
    assert "line 21" not in message
    assert "10 more" in message
