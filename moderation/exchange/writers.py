"""What is kept of writers beside their comments: earlier texts, wishes for mail, proved addresses."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session

from moderation.counters import Author
from moderation.mail.addresses import digest_of
from moderation.tables import AuthorAddress, EarlierText, ReplyNotice, Site

Record = dict[str, Any]


def add_writers(session: Session, site_id: uuid.UUID, comments: Sequence[Record]) -> None:
    """Add to exported comments what else is known of their writers; nothing where nothing is."""
    ids = {comment["id"]: comment for comment in comments}
    texts = select(EarlierText).where(EarlierText.comment_id.in_(ids))
    for text in session.scalars(texts.order_by(EarlierText.comment_id, EarlierText.number)):
        told = {"number": text.number, "body": text.body, "replaced_at": text.replaced_at}
        if text.knowledge is not None:
            told |= {"knowledge": text.knowledge, "copied": text.copied or []}
        ids[text.comment_id].setdefault("earlier_texts", []).append(told)
    for comment_id in session.scalars(select(ReplyNotice.comment_id).where(ReplyNotice.comment_id.in_(ids))):
        ids[comment_id]["notify"] = True
    digests: dict[str, list[Record]] = {}
    for comment in comments:
        if digest := digest_of(Author(site_id, comment["author_email"], "", "")):
            digests.setdefault(digest, []).append(comment)
    known = select(AuthorAddress).where(AuthorAddress.site_id == site_id, AuthorAddress.digest.in_(digests))
    for address in session.scalars(known):
        told = {"asked_at": address.asked_at, "verified_at": address.verified_at, "refused_at": address.refused_at}
        for comment in digests[address.digest]:
            comment["author_address"] = told


def forget_addresses(session: Session, spellings: Collection[str], site_id: uuid.UUID | None) -> int:
    """Forget that the address was asked, proved or refused. Returns at how many sites it was known."""
    sites = [site_id] if site_id is not None else session.scalars(select(Site.id)).all()
    keys = [
        (one, digest)
        for one in sites
        for digest in {digest_of(Author(one, spelling, "", "")) for spelling in spellings} - {""}
    ]
    gone = delete(AuthorAddress).where(tuple_(AuthorAddress.site_id, AuthorAddress.digest).in_(keys))
    found = session.scalars(gone.returning(AuthorAddress.digest), execution_options={"synchronize_session": False})
    return len(found.all())
