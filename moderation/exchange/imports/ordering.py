"""Replies after what they reply to, whatever the order of the file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from moderation.exchange.imports.checking import Checked, Good
from moderation.exchange.imports.rows import Draft


def parents_first(found: Iterable[Good]) -> Iterator[Good]:
    """Yield all in their order, but no reply before its parent; one whose parent is missing comes last."""
    seen: set[str] = set()
    waiting: defaultdict[str, list[Checked]] = defaultdict(list)
    for item in found:
        if isinstance(item, Checked) and item.source.parent_key and item.source.parent_key not in seen:
            waiting[item.source.parent_key].append(item)
        else:
            yield item
            if isinstance(item, Checked):
                yield from _release(item, seen, waiting)
    while waiting:
        keys = {item.source.key for items in waiting.values() for item in items}
        # Where all wait for one another in a circle, any of them must be the first.
        parent = next((parent for parent in waiting if parent not in keys), next(iter(waiting)))
        for item in waiting.pop(parent):
            yield item
            yield from _release(item, seen, waiting)


def _release(item: Checked, seen: set[str], waiting: dict[str, list[Checked]]) -> Iterator[Checked]:
    stack = [item]
    while stack:
        current = stack.pop()
        if current is not item:
            yield current
        if current.source.key:
            seen.add(current.source.key)
            stack.extend(reversed(waiting.pop(current.source.key, [])))


def runs(drafts: Iterable[Draft]) -> Iterator[list[Draft]]:
    """Cut the comments so that each stands in a later run than what it replies to, whose place it needs to know."""
    run: list[Draft] = []
    keys: set[str] = set()
    for draft in drafts:
        if draft.item.source.parent_key in keys:
            yield run
            run, keys = [], set()
        run.append(draft)
        if draft.item.source.key:
            keys.add(draft.item.source.key)
    if run:
        yield run
