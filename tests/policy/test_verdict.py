"""What a policy makes of a score and the facts: earned trust, log-only mode, and the reasons of both."""

from __future__ import annotations

from dataclasses import replace

import pytest

from model.promise import Cuts
from moderation.policy.rules import Rules
from moderation.policy.standing_rules import Facts
from moderation.policy.verdict import verdict
from moderation.tables import Status

CUTS = Cuts(publish_below=0.2, spam_above=0.9)
FACTS = Facts(
    author_name="Mary",
    author_email="mary@example.com",
    author_url="",
    body="Buy a casino, they said.",
    author_published=3,
    honeypot_filled=False,
    form_seconds=None,
    address_verified=True,
)


@pytest.mark.parametrize(
    ("changed", "rules", "status"),
    [
        ({}, {"trust_after": 3}, Status.PUBLISHED),
        ({}, {"trust_after": 4}, Status.SPAM),
        ({}, {}, Status.SPAM),
        # Anybody can type in the address of somebody who is trusted.
        ({"address_verified": False}, {"trust_after": 3}, Status.SPAM),
        ({"author_spam": 1}, {"trust_after": 3}, Status.SPAM),
        # The lists and the hidden field count for the trusted, too; other rules do not.
        ({}, {"trust_after": 3, "hold_words": ("casino",)}, Status.PENDING),
        ({}, {"trust_after": 3, "spam_words": ("casino",)}, Status.SPAM),
        ({"honeypot_filled": True}, {"trust_after": 3}, Status.SPAM),
        ({}, {"trust_after": 3, "hold_everything": True}, Status.PUBLISHED),
    ],
)
def test_trust_is_earned_under_a_verified_address_only(
    changed: dict[str, object], rules: dict[str, object], status: Status
) -> None:
    made = verdict(0.99, CUTS, replace(FACTS, **changed), Rules.model_validate(rules))  # type: ignore[arg-type]
    assert made.status is status
    assert any(reason.code == "model_spam" for reason in made.reasons)


@pytest.mark.parametrize(
    ("probability", "would_be"),
    [(0.1, Status.PUBLISHED), (0.5, Status.PENDING), (0.99, Status.SPAM), (None, Status.PENDING)],
)
def test_log_only_publishes_and_records_what_it_would_have_done(probability: float | None, would_be: Status) -> None:
    made = verdict(probability, CUTS, FACTS, Rules(log_only=True))
    assert (made.status, made.would_be) == (Status.PUBLISHED, would_be)
    assert made.reasons[-1].code == f"log_only_{would_be}"
    # What fired is recorded as without log-only mode.
    assert made.reasons[:-1] == verdict(probability, CUTS, FACTS, Rules()).reasons
