"""Writing an imported history: batches of short transactions, and nothing twice however often it is repeated."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert as plain_insert
from sqlalchemy import select
from sqlalchemy.orm import Session

from model.sample import Label
from moderation.clock import Clock, new_id
from moderation.comments.caller import network_of
from moderation.comments.judge import Text, text_of
from moderation.comments.store import ADD_COMMENT, ADD_THREAD
from moderation.counters import Author, Tally
from moderation.database import Database, lock
from moderation.exchange.imports.checking import Checked
from moderation.exchange.imports.ordering import parents_first, runs
from moderation.exchange.imports.rows import Draft, band_rows, comment_row, decision_row
from moderation.exchange.imports.vocabulary import ImportedThread
from moderation.people.sites import get_site
from moderation.tables import Band, Comment, Decision, Thread

BATCH = 200
Item = Checked | ImportedThread


@dataclass(slots=True)
class ImportReport:
    """What became of a history."""

    comments: int = 0
    spam: int = 0
    ham: int = 0
    threads: int = 0
    #: Comments that were there already.
    known: int = 0
    #: Replies to comments that are not in the file; they stand at the top of their thread.
    orphans: int = 0


def write_history(
    database: Database,
    site_id: uuid.UUID,
    items: Iterable[Item],
    clock: Clock,
    progress: Callable[[int], None] = lambda _done: None,
) -> ImportReport:
    """Bring checked threads and comments into a site. Raises ``NotFoundError`` for an unknown site."""
    with database.reading() as session:
        policy_number = get_site(session, site_id).policy_number
    writer = _Writer(site_id, policy_number)
    ordered = iter(parents_first(items))
    while batch := list(itertools.islice(ordered, BATCH)):
        texts = [text_of(item.submission.body) if isinstance(item, Checked) else None for item in batch]
        now = clock()
        with database.writing() as session:
            lock(session, ("import", str(site_id)))
            writer.write(session, batch, texts, now)
        progress(len(batch))
    return writer.report


class _Writer:
    def __init__(self, site_id: uuid.UUID, policy_number: int) -> None:
        self._site_id = site_id
        self._policy_number = policy_number
        #: Where the comments are now that the file calls by a key of its own, with their threads.
        self._places: dict[str, tuple[uuid.UUID, uuid.UUID]] = {}
        self.report = ImportReport()

    def write(self, session: Session, batch: Sequence[Item], texts: Sequence[Text | None], now: datetime) -> None:
        threads = self._threads(session, batch, now)
        drafts = [
            Draft(new_id(), item, text, threads[item.submission.thread])
            for item, text in zip(batch, texts, strict=True)
            if isinstance(item, Checked) and text is not None
        ]
        new = [draft for run in runs(drafts) for draft in self._comments(session, run, now)]
        decisions = [decision_row(draft, now) for draft in new]
        bands = [row for draft in new for row in band_rows(draft, self._site_id)]
        for table, rows in ((Decision, decisions), (Band, bands)):
            if rows:
                session.execute(plain_insert(table), rows)
        tally = Tally()
        for draft in new:
            submission = draft.item.submission
            author = Author(self._site_id, submission.author_email, network_of(submission.ip), submission.author_url)
            tally.move(author, draft.thread_id, None, draft.item.source.status)
        tally.write(session)

    def _threads(self, session: Session, batch: Sequence[Item], now: datetime) -> dict[str, uuid.UUID]:
        """Make the batch's threads that are not there yet. Returns all by their keys."""
        rows: dict[str, dict[str, Any]] = {}
        for item in batch:
            key = item.submission.thread if isinstance(item, Checked) else item.key
            row = rows.setdefault(key, {"url": None, "title": None, "closed_at": None, "created_at": None})
            if isinstance(item, ImportedThread):
                row.update(url=item.url or None, title=item.title or None, closed_at=item.closed_at)
            at = item.submission.created_at if isinstance(item, Checked) else item.created_at
            # A page is as old as its first comment: rules that close old threads go by it.
            row["created_at"] = min(filter(None, (row["created_at"], at)), default=None)
        if not rows:
            return {}
        made = session.scalars(
            ADD_THREAD.of(session),
            [
                {**row, "id": new_id(), "site_id": self._site_id, "key": key, "published": 0}
                | {"created_at": min(row["created_at"] or now, now)}
                for key, row in sorted(rows.items())
            ],
        ).all()
        self.report.threads += len(made)
        found = select(Thread.key, Thread.id).where(Thread.site_id == self._site_id, Thread.key.in_(rows))
        return dict(session.execute(found).all())

    def _comments(self, session: Session, run: Sequence[Draft], now: datetime) -> list[Draft]:
        """Add the comments that are not there yet and return them. None replies to another of the run."""
        rows = [self._row(draft, now) for draft in run]
        added = set(session.scalars(ADD_COMMENT.of(session), rows))
        digests = [row["digest"] for row in rows if row["id"] not in added]
        there = select(Comment.thread_id, Comment.digest, Comment.id).where(
            Comment.site_id == self._site_id, Comment.digest.in_(digests)
        )
        known = {place[:2]: place[2] for place in session.execute(there)} if digests else {}
        for draft, row in zip(run, rows, strict=True):
            source = draft.item.source
            place = draft.id if draft.id in added else known[draft.thread_id, row["digest"]]
            if source.key:
                self._places[source.key] = (place, draft.thread_id)
            is_orphan = bool(source.parent_key) and row["parent_id"] is None
            self._count(draft.item, is_new=draft.id in added, is_orphan=is_orphan)
        return [draft for draft in run if draft.id in added]

    def _count(self, item: Checked, *, is_new: bool, is_orphan: bool) -> None:
        if not is_new:
            self.report.known += 1
            return
        self.report.comments += 1
        self.report.spam += item.source.label is Label.SPAM
        self.report.ham += item.source.label is Label.HAM
        self.report.orphans += is_orphan

    def _row(self, draft: Draft, now: datetime) -> dict[str, Any]:
        parent_id, parents_thread = self._places.get(draft.item.source.parent_key, (None, None))
        if parents_thread != draft.thread_id:
            parent_id = None
        return {
            **comment_row(draft, parent_id, now),
            "site_id": self._site_id,
            "policy_number": self._policy_number,
        }
