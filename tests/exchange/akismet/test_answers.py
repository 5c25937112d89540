"""Yes and no, and what is neither."""

from __future__ import annotations

import uuid

import pytest

from moderation.exchange.akismet.answers import Standing, verdict
from moderation.tables import Status

GUID = uuid.UUID(int=7)
AGAIN = "X-akismet-recheck-after"


@pytest.mark.parametrize(
    ("status", "probability", "by_rule", "told", "recheck", "expected"),
    [
        (Status.PUBLISHED, 0.1, False, False, False, ("false", None)),
        (Status.SPAM, 0.99, False, True, False, ("true", None)),
        (Status.REJECTED, 0.1, False, True, True, ("true", None)),
        (Status.PENDING, 0.1, True, True, False, ("false", "1296000")),
        (Status.PENDING, None, False, True, False, ("false", "1296000")),
        (Status.PENDING, 0.9, False, True, False, ("false", "1296000")),
        (Status.PENDING, 0.4, False, False, False, ("false", "120")),
        (Status.PENDING, 0.4, False, False, True, ("false", None)),
        (Status.PENDING, 0.4, False, True, True, ("false", None)),
        (Status.PENDING, 0.5, False, False, False, ("true", None)),
        (Status.PENDING, 0.4, True, False, False, ("true", None)),
        (Status.PENDING, None, False, False, False, ("true", None)),
    ],
)
def test_verdicts(
    status: Status,
    probability: float | None,
    by_rule: bool,
    told: bool,
    recheck: bool,
    expected: tuple[str, str | None],
) -> None:
    standing = Standing(GUID, status, probability, held_by_rule=by_rule)
    reply = verdict(standing, will_be_told=told, is_recheck=recheck)
    assert (reply.body, reply.headers.get(AGAIN)) == expected
    assert reply.headers["X-akismet-guid"] == GUID.hex


def test_only_spam_is_discarded_and_named() -> None:
    blatant = Standing(GUID, Status.SPAM, 1.0, is_blatant=True)
    assert verdict(blatant, will_be_told=False, is_recheck=False, wants_class=True).headers == {
        "X-akismet-guid": GUID.hex,
        "X-akismet-pro-tip": "discard",
        "X-akismet-classification": "spam",
    }
    published = Standing(GUID, Status.PUBLISHED, 1.0, is_blatant=True)
    assert "X-akismet-pro-tip" not in verdict(published, will_be_told=False, is_recheck=False).headers
