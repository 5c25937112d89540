from __future__ import annotations

import itertools
import uuid
from pathlib import Path

from sqlalchemy import select

from moderation.clock import Clock
from moderation.counters import Author, Tally, count_move
from moderation.database import Database
from moderation.tables import Reputation, Status, Thread
from tests.exchange.histories import HAM, bring_in, counts, make_site

MOVES = list(itertools.permutations([None, *Status], 2))


def thread_of(database: Database, site_id: uuid.UUID) -> uuid.UUID:
    with database.reading() as session:
        return session.scalars(select(Thread.id).where(Thread.site_id == site_id)).one()


def test_gathered_moves_count_like_single_ones(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, [HAM])
    thread_id = thread_of(database, site_id)
    authors = [
        Author(site_id, "a@example.com", "192.0.2.1", ""),
        Author(site_id, "A@example.com", "", "http://a.example"),
    ]
    tally = Tally()
    for author, (old, new) in itertools.product(authors, MOVES):
        tally.move(author, thread_id, old, new)
    with database.writing() as session:
        tally.write(session)
        gathered = counts(session)
        session.rollback()
    with database.writing() as session:
        for author, (old, new) in itertools.product(authors, MOVES):
            count_move(session, author, thread_id, old, new)
        assert counts(session) == gathered


def test_of_a_forgotten_author_not_even_a_row_of_zeros_is_left(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    site_id = make_site(database, clock)
    bring_in(database, site_id, clock, tmp_path, [HAM])
    with database.writing() as session:
        before = counts(session)
        tally = Tally()
        tally.forget(Author(site_id, HAM["author_email"], HAM["ip"], ""), Status.PUBLISHED)
        tally.write(session)
        assert session.scalars(select(Reputation)).all() == []
        left = counts(session)
    assert left == {name: count for name, count in before.items() if name in left}
    assert left[str(thread_of(database, site_id))] == 1
