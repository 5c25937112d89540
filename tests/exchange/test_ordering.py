from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from moderation.exchange.imports.checking import Checked, check
from moderation.exchange.imports.ordering import parents_first
from moderation.exchange.imports.vocabulary import ImportedComment
from moderation.tables import Status

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def comment(line: int, key: str, parent_key: str = "") -> Checked:
    found = check(
        ImportedComment(line=line, body="Hello", status=Status.PUBLISHED, key=key, parent_key=parent_key), NOW
    )
    assert isinstance(found, Checked)
    return found


def keys(items: list[Checked]) -> list[str]:
    return [item.source.key for item in parents_first(items) if isinstance(item, Checked)]


def test_a_reply_waits_for_its_parent_and_all_others_keep_their_order() -> None:
    items = [comment(1, "b", "a"), comment(2, "c", "b"), comment(3, "x"), comment(4, "a"), comment(5, "y")]
    assert keys(items) == ["x", "a", "b", "c", "y"]


def test_a_reply_whose_parent_is_missing_comes_last_with_its_own_replies_behind_it() -> None:
    assert keys([comment(1, "c", "b"), comment(2, "b", "gone"), comment(3, "x")]) == ["x", "b", "c"]


def test_comments_that_reply_to_one_another_in_a_circle_are_not_lost() -> None:
    assert sorted(keys([comment(1, "a", "b"), comment(2, "b", "a"), comment(3, "c", "c")])) == ["a", "b", "c"]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["", *"abcdefg"])), max_size=12))
def test_each_comment_comes_out_once(pairs: list[tuple[str, str]]) -> None:
    items = [comment(line, *pair) for line, pair in enumerate(pairs, 1)]
    out = list(parents_first(items))
    assert sorted(item.source.line for item in out if isinstance(item, Checked)) == [i.source.line for i in items]
