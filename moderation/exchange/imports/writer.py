"""Writing an imported history: batches of short transactions, and nothing twice however often it is repeated."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
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
from moderation.database import Database, lock, run
from moderation.exchange.imports.checking import Checked, Good
from moderation.exchange.imports.memory import name_of, recall, remember
from moderation.exchange.imports.ordering import parents_first, runs
from moderation.exchange.imports.past import PastDecision
from moderation.exchange.imports.rows import Draft, Known, band_rows, comment_row, decision_rows
from moderation.exchange.imports.takeover import take_over
from moderation.exchange.imports.vocabulary import ImportedSettings, ImportedThread
from moderation.exchange.imports.writers import ADD_ADDRESS, address_rows, earlier_rows, notice_rows
from moderation.exchange.threads import digest_key
from moderation.people.sites import get_site
from moderation.tables import NOT_RECEIVED, Band, Comment, Decision, EarlierText, Person, ReplyNotice, Status, Thread

BATCH = 200


@dataclass(slots=True)
class ImportReport:
    """What became of a history."""

    comments: int = 0
    #: Where they stand.
    statuses: dict[Status, int] = field(default_factory=lambda: dict.fromkeys(Status, 0))
    #: Of these, labelled spam and ham.
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
    items: Iterable[Good],
    clock: Clock,
    progress: Callable[[int], None] = lambda _done: None,
) -> ImportReport:
    """Bring checked threads and comments into a site. Raises ``NotFoundError`` for an unknown site."""
    writer = _Writer(site_id)
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
    def __init__(self, site_id: uuid.UUID) -> None:
        self._site_id = site_id
        self._has_policies = False
        #: Where the comments are now that the file calls by a key of its own, with their threads.
        self._places: dict[str, tuple[uuid.UUID, uuid.UUID]] = {}
        #: What the batch's comments are called here if they are new.
        self._named: dict[str, uuid.UUID] = {}
        #: The places that comments of the file have taken, by which two that say the same stay two.
        self._taken: set[uuid.UUID] = set()
        #: The threads of comments that were here before under their own ids: the file may call them otherwise.
        self._threads_here: dict[uuid.UUID, uuid.UUID] = {}
        self.report = ImportReport()

    def write(self, session: Session, batch: Sequence[Good], texts: Sequence[Text | None], now: datetime) -> None:
        for item in batch:
            if isinstance(item, ImportedSettings):
                self._has_policies = take_over(session, self._site_id, item, now)
        threads = self._threads(session, [item for item in batch if not isinstance(item, ImportedSettings)], now)
        pairs = zip(batch, texts, strict=True)
        checked = [(item, text) for item, text in pairs if isinstance(item, Checked) and text is not None]
        ids = self._ids_for(session, [item for item, _ in checked])
        drafts = [
            Draft(own_id, item, text, threads[item.submission.thread], is_here)
            for (item, text), (own_id, is_here) in zip(checked, ids, strict=True)
        ]
        self._named = {draft.item.source.key: draft.id for draft in drafts}
        known = _known(session, drafts, has_policies=self._has_policies)
        policy_number = get_site(session, self._site_id).policy_number
        new = [draft for run in runs(drafts) for draft in self._comments(session, run, known, policy_number, now)]
        decisions = [row for draft in new for row in decision_rows(draft, known, now)]
        bands = [row for draft in new for row in band_rows(draft, self._site_id)]
        texts_before = [row for draft in new for row in earlier_rows(draft)]
        notices = [row for draft in new for row in notice_rows(draft)]
        for table, rows in ((Decision, decisions), (Band, bands), (EarlierText, texts_before), (ReplyNotice, notices)):
            if rows:
                session.execute(plain_insert(table), rows)
        if known_addresses := address_rows(new, self._site_id):
            run(session, ADD_ADDRESS, known_addresses)
        keyed = [draft.item for draft in drafts if draft.item.source.key]
        remember(session, self._site_id, [(item, self._places[item.source.key][0]) for item in keyed])
        tally = Tally()
        for draft in new:
            submission = draft.item.submission
            author = Author(self._site_id, submission.author_email, network_of(submission.ip), submission.author_url)
            tally.move(author, draft.thread_id, None, draft.item.source.status)
            first = _first_decision(draft)
            if first is not None:
                tally.came(self._site_id, first.to_status)
        tally.write(session)

    def _threads(
        self, session: Session, batch: Sequence[Checked | ImportedThread], now: datetime
    ) -> dict[str, uuid.UUID]:
        """Make the batch's threads that are not there yet. Returns all by their keys."""
        rows: dict[str, dict[str, Any]] = {}
        exact: dict[str, datetime | None] = {}
        for item in batch:
            key = item.submission.thread if isinstance(item, Checked) else item.key
            row = rows.setdefault(key, {"url": None, "title": None, "closed_at": None, "created_at": None})
            if isinstance(item, ImportedThread):
                row.update(url=item.url or None, title=item.title or None, closed_at=item.closed_at)
                if item.is_exact:
                    exact[key] = item.created_at
            at = item.submission.created_at if isinstance(item, Checked) else item.created_at
            # A page is as old as its first comment: rules that close old threads go by it.
            row["created_at"] = min(filter(None, (row["created_at"], at)), default=None)
        if not rows:
            return {}
        made = run(
            session,
            ADD_THREAD,
            [
                {**row, "id": new_id(), "site_id": self._site_id, "key": key, "published": 0}
                | {"created_at": min(exact.get(key) or row["created_at"] or now, now)}
                for key, row in sorted(rows.items())
            ],
        ).all()
        self.report.threads += len(made)
        found = select(Thread.key, Thread.id).where(Thread.site_id == self._site_id, Thread.key.in_(rows))
        return dict(session.execute(found).all())

    def _ids_for(self, session: Session, items: Sequence[Checked]) -> Iterator[tuple[uuid.UUID, bool]]:
        """Yield an id for each comment, and whether it is here under it already.

        It is the one it has since it came in before, or else the one it had, where an export tells it and nothing of
        another site is called so.
        """
        recalled = recall(session, self._site_id, items)
        told = [item.source.own_id for item in items]
        wanted = {one for one in told if one is not None}
        found = select(Comment.id, Comment.site_id, Comment.thread_id).where(Comment.id.in_(wanted))
        taken: dict[uuid.UUID, uuid.UUID | None] = {}
        for own_id, site_id, thread_id in session.execute(found) if wanted else ():
            taken[own_id], self._threads_here[own_id] = site_id, thread_id
        for item, one in zip(items, told, strict=True):
            if (place := recalled.get(name_of(item))) is not None:
                yield place, True
            elif one is None or (one in taken and taken[one] != self._site_id):
                yield new_id(), False
            else:
                yield one, one in taken
                # Named a second time by the same file, it is another comment.
                taken[one] = None

    def _comments(
        self, session: Session, drafts: Sequence[Draft], known: Known, policy_number: int, now: datetime
    ) -> list[Draft]:
        """Add the comments that are not there yet and return them. None replies to another of them."""
        rows = {draft.id: self._row(draft, known, policy_number, now) for draft in drafts}
        fresh = [rows[draft.id] for draft in drafts if not draft.is_here]
        added = set(run(session, ADD_COMMENT, fresh).scalars()) if fresh else set()
        places = self._places_of(session, [row for row in fresh if row["id"] not in added])
        for draft in drafts:
            row = rows[draft.id]
            is_placed = draft.is_here or draft.id in added
            place = draft.id if is_placed else places[draft.thread_id, row["digest"]]
            if (
                not is_placed
                and place in self._taken
                and draft.item.source.key
                and draft.item.source.key not in self._places
            ):
                place = self._add_again(session, row, draft.item.source.key, added)
            self._taken.add(place)
            if draft.item.source.key:
                self._places[draft.item.source.key] = (place, self._threads_here.get(place, draft.thread_id))
            is_orphan = bool(draft.item.source.parent_key) and row["parent_id"] is None
            self._count(draft.item, is_new=draft.id in added, is_orphan=is_orphan)
        return [draft for draft in drafts if draft.id in added]

    def _add_again(self, session: Session, row: dict[str, Any], key: str, added: set[uuid.UUID]) -> uuid.UUID:
        """Add a comment that says what another of the same file says: there, they were two."""
        row["digest"] = f"{row['digest']}-{digest_key(key)}"
        if run(session, ADD_COMMENT, [row]).scalars().all():
            added.add(row["id"])
            return uuid.UUID(str(row["id"]))
        return self._places_of(session, [row])[row["thread_id"], row["digest"]]

    def _places_of(self, session: Session, rows: Sequence[dict[str, Any]]) -> dict[tuple[uuid.UUID, str], uuid.UUID]:
        if not rows:
            return {}
        there = select(Comment.thread_id, Comment.digest, Comment.id).where(
            Comment.site_id == self._site_id, Comment.digest.in_([row["digest"] for row in rows])
        )
        return {(thread_id, digest): place for thread_id, digest, place in session.execute(there)}

    def _count(self, item: Checked, *, is_new: bool, is_orphan: bool) -> None:
        if not is_new:
            self.report.known += 1
            return
        self.report.comments += 1
        self.report.statuses[item.source.status] += 1
        self.report.spam += item.source.label is Label.SPAM
        self.report.ham += item.source.label is Label.HAM
        self.report.orphans += is_orphan

    def _row(self, draft: Draft, known: Known, policy_number: int, now: datetime) -> dict[str, Any]:
        parent_id, parents_thread = self._places.get(draft.item.source.parent_key, (None, None))
        if parents_thread != draft.thread_id:
            parent_id = None
        site = {"site_id": self._site_id, "policy_number": policy_number}
        row = site | comment_row(draft, parent_id, known, now)
        past = draft.item.source.past
        if past is not None and past.comment.campaign_id is not None:
            # The first of its near-copies may be another site's, which is not in the file.
            first = str(past.comment.campaign_id)
            row["campaign_id"] = self._places[first][0] if first in self._places else self._named.get(first)
        return row


def _first_decision(draft: Draft) -> PastDecision | None:
    """Return what the service itself decided when the comment came, where the export tells."""
    past = draft.item.source.past
    first = past.decisions[0] if past else None
    return first if first and first.person_id is None and first.origin not in NOT_RECEIVED else None


def _known(session: Session, drafts: Sequence[Draft], *, has_policies: bool) -> Known:
    decisions = [one for draft in drafts if draft.item.source.past for one in draft.item.source.past.decisions]
    if not decisions:
        return Known((), set(), has_policies)
    people = {one.person_id for one in decisions} - {None}
    return Known(
        people=set(session.scalars(select(Person.id).where(Person.id.in_(people)))),
        decisions=set(session.scalars(select(Decision.id).where(Decision.id.in_([one.id for one in decisions])))),
        has_policies=has_policies,
    )
