"""The life of comments as a state machine: whatever people and the judge do, the history adds up to what stands."""

from __future__ import annotations

import tempfile
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from model.sample import Label
from moderation.clock import utc_now
from moderation.comments.caller import Caller
from moderation.comments.intake import submit
from moderation.counters import recount
from moderation.database import Database
from moderation.errors import ConflictError
from moderation.people.access import Actor
from moderation.people.sites import create_site
from moderation.people.users import actor_of, create_person
from moderation.review.decisions import decide, undo
from moderation.review.history import Standing, fold
from moderation.tables import (
    Action,
    Comment,
    Decision,
    Reputation,
    Role,
    Status,
    StatusCount,
    Thread,
)
from tests.databases import SqliteDatabases, opened

VERDICTS = (Action.PUBLISH, Action.SPAM, Action.REJECT, Action.HOLD)
TO = {
    Action.PUBLISH: (Status.PUBLISHED, Label.HAM),
    Action.SPAM: (Status.SPAM, Label.SPAM),
    Action.REJECT: (Status.REJECTED, None),
    Action.HOLD: (Status.PENDING, None),
}


class LifeOfComments(RuleBasedStateMachine):
    """Two moderators decide and take back; beside them stands the plainest model of what should be the case."""

    template: SqliteDatabases
    comments: Bundle[uuid.UUID] = Bundle("comments")

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.made = self.template.make(Path(self.folder.name))
        self.opened = opened(self.made.__enter__())
        self.database: Database = self.opened.__enter__()
        self.now = utc_now()
        self.expected: dict[uuid.UUID, list[tuple[Status, Label | None]]] = {}
        self.last: dict[uuid.UUID, tuple[uuid.UUID, int, Action]] = {}
        with self.database.writing() as session:
            new = create_site(session, "Blog", ["https://blog.example.org"], self.now)
            self.site, self.key = new.site.id, new.key
            self.people: list[Actor] = []
            for name in ("ann", "bob"):
                person = create_person(
                    session, f"{name}@example.org", Role.MODERATOR, [new.site.id], "a long password", self.now
                )
                self.people.append(actor_of(session, person.id))

    def teardown(self) -> None:
        if hasattr(self, "opened"):
            self.opened.__exit__(None, None, None)
            self.made.__exit__(None, None, None)
            self.folder.cleanup()

    def clock(self) -> timedelta:
        self.now += timedelta(seconds=7)
        return self.now  # type: ignore[return-value]

    @rule(target=comments, author=st.integers(0, 2))
    def a_comment_comes(self, author: int) -> uuid.UUID:
        number = len(self.expected)
        fields = {
            "thread": f"/{number % 2}",
            "author_name": "Ann",
            "author_email": f"reader{author}@example.com",
            "body": f"note {number}",
        }
        accepted = submit(self.database, lambda: None, self.clock, self.site, fields, Caller(key=self.key))  # type: ignore[arg-type]
        assert accepted.status is Status.PENDING
        self.expected[accepted.id] = [(Status.PENDING, None)]
        return accepted.id

    @rule(comment=comments, who=st.integers(0, 1), action=st.sampled_from(VERDICTS), stale=st.integers(0, 1))
    def someone_decides(self, comment: uuid.UUID, who: int, action: Action, stale: int) -> None:
        history = self.expected[comment]
        actor = self.people[who]
        last = self.last.get(comment)
        repeated = last is not None and (last[1], last[2]) == (who, action)
        with self.database.writing() as session:
            seen = len(history) - stale
            if stale and not repeated:
                with pytest.raises(ConflictError) as conflict:
                    decide(session, actor, comment, action, self.clock(), seen_version=seen)  # type: ignore[arg-type]
                assert conflict.value.extra["current"]["version"] == len(history)  # type: ignore[index]
                return
            decision = decide(session, actor, comment, action, self.clock(), seen_version=seen)  # type: ignore[arg-type]
        if repeated:
            assert last is not None
            assert decision.id == last[0]
            return
        history.append(TO[action])
        self.last[comment] = (decision.id, who, action)

    @rule(comment=comments, who=st.integers(0, 1), back=st.integers(0, 2))
    def someone_takes_back(self, comment: uuid.UUID, who: int, back: int) -> None:
        history = self.expected[comment]
        with self.database.writing() as session:
            decisions = session.scalars(
                select(Decision).where(Decision.comment_id == comment).order_by(Decision.number)
            ).all()
            if back >= len(decisions):
                return
            named = decisions[-1 - back]
            repeated = back == 1 and decisions[-1].undoes_id == named.id
            refused = ""
            try:
                decision = undo(session, self.people[who], named.id, self.clock())  # type: ignore[arg-type]
            except ConflictError as conflict:
                refused = conflict.code
        if refused:
            assert back or (named.number == 1 and refused == "first_decision")
            return
        if repeated:
            assert decision.id == decisions[-1].id
            return
        assert back == 0
        history.append(history[-2])
        self.last[comment] = (decision.id, who, Action.UNDO)

    @invariant()
    def what_stands_is_what_the_model_says(self) -> None:
        if not getattr(self, "expected", None):
            return
        with self.database.reading() as session:
            for comment_id, history in self.expected.items():
                comment = session.get_one(Comment, comment_id)
                assert (comment.status, comment.label, comment.version) == (*history[-1], len(history))

    @invariant()
    def the_history_adds_up_to_what_stands(self) -> None:
        if not getattr(self, "expected", None):
            return
        with self.database.reading() as session:
            for comment in session.scalars(select(Comment)):
                decisions = session.scalars(
                    select(Decision).where(Decision.comment_id == comment.id).order_by(Decision.number)
                ).all()
                assert fold(decisions) == Standing(
                    comment.status, comment.version, comment.label, comment.labelled_at, comment.labelled_by
                )

    @invariant()
    def the_kept_counts_are_those_of_a_recount(self) -> None:
        if not getattr(self, "expected", None):
            return
        with self.database.reading() as session:
            kept = _counts(session)
            recount(session, self.site)
            assert _counts(session) == kept


def _counts(session: Session) -> tuple[object, ...]:
    session.expire_all()
    return (
        sorted((row.status, row.count) for row in session.scalars(select(StatusCount))),
        sorted((row.key, row.published) for row in session.scalars(select(Thread))),
        sorted(
            (row.kind, row.digest, row.published, row.pending, row.spam, row.rejected)
            for row in session.scalars(select(Reputation))
        ),
    )


@pytest.fixture
def machine(sqlite_databases: SqliteDatabases) -> type[LifeOfComments]:
    """The machine on copies of a migrated database."""
    LifeOfComments.template = sqlite_databases
    return LifeOfComments


def test_whatever_people_do_the_history_is_the_truth(machine: type[LifeOfComments]) -> None:
    run_state_machine_as_test(machine, settings=settings(max_examples=12, stateful_step_count=16, deadline=None))
