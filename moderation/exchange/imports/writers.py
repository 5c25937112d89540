"""What is stored of an imported comment's writer: earlier texts, wishes for mail, proved and refusing addresses."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from moderation.counters import Author
from moderation.database import Upsert
from moderation.exchange.imports.rows import Draft
from moderation.mail.addresses import digest_of
from moderation.tables import AuthorAddress

#: What the site itself knows of an address is newer than what an export tells.
ADD_ADDRESS = Upsert(lambda insert: insert(AuthorAddress).on_conflict_do_nothing(index_elements=["site_id", "digest"]))


def earlier_rows(draft: Draft) -> Iterator[dict[str, Any]]:
    """Yield what the comment said before its writer changed it."""
    if past := draft.item.source.past:
        for text in past.writer.earlier_texts:
            yield {"comment_id": draft.id} | text.model_dump()


def notice_rows(draft: Draft) -> Iterator[dict[str, Any]]:
    """Yield the writer's wish to be told of replies, which is as old as the comment."""
    past = draft.item.source.past
    if past is not None and past.writer.notify:
        yield {"comment_id": draft.id, "created_at": past.comment.received_at}


def address_rows(drafts: Iterable[Draft], site_id: uuid.UUID) -> list[dict[str, Any]]:
    """Return what became of the writers' addresses, each once, by the digest that this site knows it by."""
    rows: dict[str, dict[str, Any]] = {}
    for draft in drafts:
        past = draft.item.source.past
        digest = digest_of(Author(site_id, draft.item.submission.author_email, "", ""))
        if past is not None and past.writer.author_address is not None and digest:
            row = {"site_id": site_id, "digest": digest, "comment_id": draft.id}
            rows.setdefault(digest, row | past.writer.author_address.model_dump())
    return list(rows.values())
