"""What happened each day: counted once out of the decisions, which never change, and kept.

A day that is over is counted into ``day_count`` and stays there, also when retention removes its comments. The days
since are counted when they are asked for.
"""

from __future__ import annotations

import math
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import String, cast, func, select
from sqlalchemy.orm import Session, aliased

from moderation.clock import Clock
from moderation.database import Database, lock
from moderation.outbox import Kind, enqueue
from moderation.review.decisions import answers_to_audit
from moderation.tables import (
    AUDIT,
    CAMPAIGN,
    NOT_RECEIVED,
    Action,
    Comment,
    Day,
    DayCount,
    Decision,
    Job,
    JobState,
    Person,
    Status,
)

NOBODY = uuid.UUID(int=0)
#: A day is over for us when everything that began in it has surely been written.
SETTLED = timedelta(hours=1)
#: So many days are counted while somebody waits; more are a job's.
AT_ONCE = 7
#: Waiting times are kept by their logarithm: each step is a quarter longer than the one before.
_STEP = math.log(1.25)

Key = tuple[uuid.UUID, str, uuid.UUID]
Progress = Callable[[float, str], None]


@dataclass(slots=True)
class Numbers:
    """The figures of some sites. ``days``: of each day, figures by name; ``people``: figures by address; ``waits``."""

    days: dict[date, Counter[str]] = field(default_factory=dict)
    people: dict[str, Counter[str]] = field(default_factory=dict)
    waits: Counter[int] = field(default_factory=Counter)
    #: Days that are not in the figures yet, since they wait to be counted.
    missing: int = 0

    def total(self, name: str) -> int:
        """Return a figure over all days."""
        return sum(day[name] for day in self.days.values())

    @property
    def spam_stopped(self) -> int:
        """Comments that came to stand as spam, by the judge or by people, less those that were let out again."""
        return sum(map(spam_stopped, self.days.values()))

    @property
    def median_wait(self) -> float | None:
        """Seconds that half of the decided comments had waited at most, to a quarter; ``None`` where none had."""
        return _median(self.waits)

    @property
    def agreement(self) -> tuple[int, int]:
        """How many audits were answered by two persons alike, and how many by two persons at all."""
        # What was answered before these days may have been taken back in them.
        alike, apart = (max(0, self.total(name)) for name in ("audits agreed", "audits differed"))
        return alike, alike + apart


def spam_stopped(counts: Counter[str]) -> int:
    """Return of some days' figures how much spam was stopped."""
    return counts["came spam"] + counts["into spam"] - counts["out of spam"]


def median_wait(counts: Counter[str]) -> float | None:
    """Return of some days' figures the median wait of what was decided, in seconds."""
    steps = {name: count for name, count in counts.items() if name.startswith("wait ")}
    return _median({int(name.removeprefix("wait ")): count for name, count in steps.items()})


def _median(waits: Mapping[int, int]) -> float | None:
    half, seen = sum(waits.values()) / 2, 0
    for step, count in sorted(waits.items()):
        seen += count
        if seen >= half > 0:
            return math.exp((step + 0.5) * _STEP)
    return None


def count_day(session: Session, day: date) -> Counter[Key]:
    """Count a day's decisions: by site, name and person."""
    start = datetime.combine(day, time(), UTC)
    span = (Decision.created_at >= start, Decision.created_at < start + timedelta(days=1))
    found: Counter[Key] = Counter()
    first = (*span, Decision.number == 1, Decision.action == Action.JUDGE, Decision.origin.not_in(NOT_RECEIVED))
    base = select(Comment.site_id, Decision.to_status, func.count()).join(Comment, Comment.id == Decision.comment_id)
    for site_id, status, count in session.execute(base.where(*first).group_by(Comment.site_id, Decision.to_status)):
        found[site_id, f"came {status.value}", NOBODY] += count
    for status in (Status.PUBLISHED, Status.PENDING, Status.SPAM):
        marked = cast(Decision.reasons, String).contains(f'"log_only_{status.value}"')
        logged = base.where(*first, marked).group_by(Comment.site_id, Decision.to_status)
        for site_id, _, count in session.execute(logged):
            found[site_id, f"would be {status.value}", NOBODY] += count
    moves = (
        select(Comment.site_id, Decision.from_status, Decision.to_status, func.count())
        .join(Comment, Comment.id == Decision.comment_id)
        .where(*span, Decision.number > 1, Decision.from_status != Decision.to_status)
        .group_by(Comment.site_id, Decision.from_status, Decision.to_status)
    )
    for site_id, old, new, count in session.execute(moves):
        if Status.SPAM in (old, new):
            found[site_id, "into spam" if new is Status.SPAM else "out of spam", NOBODY] += count
    _count_people(session, span, found)
    return found


def close_days(database: Database, clock: Clock, progress: Progress = lambda _share, _what: None) -> int:
    """Count every day that is over and has not been counted. Safe to repeat and to interrupt. Returns how many."""
    closed = 0
    with database.reading() as session:
        open_days = days_open(session, clock())
    over = [day for day in open_days if _is_over(day, clock())]
    for place, day in enumerate(over):
        progress(place / len(over), f"{place} of {len(over)} days counted")
        with database.reading() as session:
            found = count_day(session, day)
        with database.writing() as session:
            lock(session, ("day", day.isoformat()))
            if session.get(Day, day) is None:
                session.add(Day(day=day))
                session.add_all(
                    DayCount(site_id=site_id, day=day, name=name, person=person, count=count)
                    for (site_id, name, person), count in found.items()
                )
                closed += 1
    return closed


def days_open(session: Session, now: datetime) -> list[date]:
    """Return the days with decisions that have not been counted, oldest first, today included."""
    closed = session.scalar(select(func.max(Day.day)))
    since = datetime.combine(closed + timedelta(days=1), time(), UTC) if closed else datetime(1970, 1, 1, tzinfo=UTC)
    found: list[date] = []
    # From decision to decision, so that years without any cost nothing.
    while (following := _first_decision(session, since)) is not None and following <= now + SETTLED:
        found.append(following.date())
        since = datetime.combine(following.date() + timedelta(days=1), time(), UTC)
    return found


def read_numbers(
    session: Session, site_ids: Sequence[uuid.UUID], since: date, now: datetime, at_once: int = AT_ONCE
) -> Numbers:
    """Return the figures of these sites since that day."""
    numbers = Numbers(days={since + timedelta(days=n): Counter() for n in range((now.date() - since).days + 1)})
    wanted, people = set(site_ids), dict(session.execute(select(Person.id, Person.email)).all())
    kept = select(DayCount).where(DayCount.day >= since)
    if len(wanted) == 1:
        kept = kept.where(DayCount.site_id == site_ids[0])
    for row in session.scalars(kept):
        if row.site_id in wanted:
            _add(numbers, people, row.day, row.name, row.person, row.count)
    open_days = [day for day in days_open(session, now) if day >= since]
    numbers.missing = max(0, len(open_days) - at_once)
    for day in open_days[-at_once:]:
        for (site_id, name, person), count in count_day(session, day).items():
            if site_id in wanted:
                _add(numbers, people, day, name, person, count)
    return numbers


def request_counting(session: Session, now: datetime) -> uuid.UUID | None:
    """Order that the days be counted; ``None`` where that is ordered already."""
    lock(session, ("count days",))
    unfinished = (Job.kind == Kind.COUNT_DAYS, Job.state.in_((JobState.QUEUED, JobState.RUNNING)))
    if session.scalar(select(Job.id).where(*unfinished).limit(1)) is not None:
        return None
    return enqueue(session, Kind.COUNT_DAYS, {}, now)


def _add(numbers: Numbers, people: dict[uuid.UUID, str], day: date, name: str, person: uuid.UUID, count: int) -> None:
    if name.startswith("wait "):
        numbers.waits[int(name.removeprefix("wait "))] += count
    if person != NOBODY:
        numbers.people.setdefault(people.get(person, "somebody who is gone"), Counter())[name] += count
    if day in numbers.days:
        numbers.days[day][name] += count


def _count_people(session: Session, span: Sequence[object], found: Counter[Key]) -> None:
    before = aliased(Decision)
    rows = session.execute(
        select(Decision, Comment.site_id, before.created_at)
        .join(Comment, Comment.id == Decision.comment_id)
        .join(before, (before.comment_id == Decision.comment_id) & (before.number == Decision.number - 1))
        # What a verdict on a campaign did to a newcomer is nobody's work, and nobody has waited for it.
        .where(*span, Decision.person_id.is_not(None), Decision.origin != CAMPAIGN)  # type: ignore[arg-type]
    ).all()
    # What answers an audit, or takes such an answer back.
    again = {d.comment_id for d, _, _ in rows if d.origin == AUDIT or d.action in {Action.UNDO, Action.HOLD}}
    repeated = _decisions_of(session, sorted(again))
    for decision, site_id, since in rows:
        person = decision.person_id or NOBODY
        found[site_id, f"did {decision.action.value}", person] += 1
        if decision.from_status is Status.PENDING and decision.to_status is not Status.PENDING:
            waited = max((decision.created_at - since).total_seconds(), 1.0)
            found[site_id, f"wait {math.floor(math.log(waited) / _STEP)}", NOBODY] += 1
        if decision.comment_id in repeated:
            until = [one for one in repeated[decision.comment_id] if one.number <= decision.number]
            now, then = _told_by_two(until), _told_by_two(until[:-1])
            if now != then:
                # An answer that is taken back takes what it said out of the count again.
                found.update({(site_id, now, NOBODY): 1} if now else {})
                found.subtract({(site_id, then, NOBODY): 1} if then else {})


def _told_by_two(decisions: Sequence[Decision]) -> str:
    """Return whether the two answers to an audit that stand after these decisions agree; "": there are not two."""
    match answers_to_audit(decisions):
        case [first, second, *_]:
            return "audits agreed" if first.action is second.action else "audits differed"
    return ""


def _decisions_of(session: Session, comment_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Decision]]:
    """Return all decisions on these comments, in order."""
    found: dict[uuid.UUID, list[Decision]] = {}
    for place in range(0, len(comment_ids), 500):
        some = Decision.comment_id.in_(comment_ids[place : place + 500])
        for one in session.scalars(select(Decision).where(some).order_by(Decision.number)):
            found.setdefault(one.comment_id, []).append(one)
    return found


def _is_over(day: date, now: datetime) -> bool:
    return datetime.combine(day + timedelta(days=1), time(), UTC) + SETTLED <= now


def _first_decision(session: Session, since: datetime) -> datetime | None:
    return session.scalar(
        select(Decision.created_at).where(Decision.created_at >= since).order_by(Decision.created_at).limit(1)
    )
