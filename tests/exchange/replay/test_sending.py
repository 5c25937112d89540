from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from model.sample import Label, Sample
from moderation.comments.submission import MAX_THREAD, parse_submission
from moderation.exchange.history_file import CommentLine
from moderation.exchange.replay.report import Report
from moderation.exchange.replay.sending import GIVE_UP_AFTER, Sending, fields_of
from moderation.exchange.replay.service import Answer, Outcome

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def line(number: int, label: Label = Label.HAM, **fields: Any) -> CommentLine:
    texts = {name: value for name, value in fields.items() if name != "created_at"}
    return CommentLine(number, Sample(body=f"Note {number}", **texts), label, fields)


def run(send: Any, lines: Any, concurrency: int = 4) -> Report:
    report = Report()
    done: list[int] = []
    Sending(send, concurrency, report).run(lines, done.append)
    assert sum(done) == report.sent
    return report


def test_all_are_sent_by_so_many_at_a_time_and_no_more() -> None:
    lock, now, most = threading.Lock(), 0, 0

    def send(_: CommentLine) -> Answer:
        nonlocal now, most
        with lock:
            now, most = now + 1, max(most, now + 1)
        time.sleep(0.005)
        with lock:
            now -= 1
        return Answer(Outcome.PUBLISHED)

    report = run(send, [line(n) for n in range(40)])
    assert report.outcomes == {(Label.HAM, Outcome.PUBLISHED): 40}
    assert most == 4


def test_one_at_a_time_they_go_in_the_order_of_the_file() -> None:
    sent: list[int] = []

    def send(one: CommentLine) -> Answer:
        sent.append(one.number)
        return Answer(Outcome.HELD)

    run(send, [line(n) for n in range(30)], concurrency=1)
    assert sent == list(range(30))


def test_a_service_that_is_gone_is_given_up() -> None:
    report = run(lambda _: Answer(Outcome.FAILED, "NewConnection"), (line(n) for n in range(1000)))
    assert GIVE_UP_AFTER <= report.sent <= GIVE_UP_AFTER + 8
    assert report.stopped == "the service stopped answering (NewConnection)"


def test_single_failures_are_no_reason_to_stop() -> None:
    report = run(lambda one: Answer(Outcome.FAILED if one.number % 5 else Outcome.SPAM), [line(n) for n in range(200)])
    assert (report.sent, report.stopped) == (200, "")


def test_an_interrupt_counts_what_was_under_way() -> None:
    def lines() -> Iterator[CommentLine]:
        yield from (line(n) for n in range(10))
        raise KeyboardInterrupt

    report = run(lambda _: Answer(Outcome.SPAM), lines())
    assert (report.sent, report.stopped) == (10, "interrupted")


def test_a_mistake_of_ours_is_not_swallowed() -> None:
    def send(one: CommentLine) -> Answer:
        raise ZeroDivisionError(one.number)

    with pytest.raises(ZeroDivisionError):
        run(send, [line(1)])


def test_a_line_becomes_what_the_service_takes() -> None:
    full = line(1, thread="t" * 600, author_name="Ann", ip="192.0.2.1", created_at="2016-11-02 9:05 pm")
    fields = fields_of(full, NOW)
    assert fields["created_at"] == "2016-11-02T21:05:00+00:00"
    assert len(fields["thread"]) == MAX_THREAD
    assert "label" not in fields
    parse_submission(fields, by_server=True, name_required=False, email_required=False, now=NOW)


@pytest.mark.parametrize("created_at", ["2031-01-01T00:00:00Z", "some day", None, 5])
def test_what_is_unknown_is_not_sent(created_at: Any) -> None:
    assert fields_of(line(1, created_at=created_at), NOW) == {"thread": "replay", "body": "Note 1"}
