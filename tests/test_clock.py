"""Time and identity."""

from __future__ import annotations

from datetime import UTC, timedelta

from moderation.clock import new_id, utc_now


def test_now_is_aware_and_in_utc() -> None:
    assert utc_now().tzinfo is UTC
    assert utc_now() - utc_now() < timedelta(seconds=1)


def test_identifiers_are_version_7_and_rise_in_the_order_they_are_made() -> None:
    made = [new_id() for _ in range(2000)]

    assert {identifier.version for identifier in made} == {7}
    assert made == sorted(set(made))
    assert [identifier.hex for identifier in made] == sorted(identifier.hex for identifier in made)
