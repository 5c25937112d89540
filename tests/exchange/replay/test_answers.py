from __future__ import annotations

import json
from typing import Any

import pytest

from moderation.exchange.replay.service import Answer, Outcome, read_answer


@pytest.mark.parametrize(
    ("status", "document", "answer"),
    [
        (201, {"status": "published", "model": "m-1"}, Answer(Outcome.PUBLISHED, model="m-1")),
        (201, {"status": "pending", "model": None}, Answer(Outcome.HELD)),
        (201, {"status": "new"}, Answer(Outcome.FAILED, "an answer that names no status")),
        (201, [], Answer(Outcome.FAILED, "an answer that names no status")),
        (200, {"status": "published"}, Answer(Outcome.FAILED, "200")),
        (409, {"code": "thread_closed"}, Answer(Outcome.REFUSED, "409 thread_closed")),
        (413, {"title": "Too large"}, Answer(Outcome.REFUSED, "413 Too large")),
        (500, {}, Answer(Outcome.FAILED, "500")),
    ],
)
def test_answers_are_read_with_care(status: int, document: Any, answer: Answer) -> None:
    assert read_answer(status, json.dumps(document).encode()) == answer
