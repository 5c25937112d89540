"""The numbers a site's owner wants: as charts, with the tables behind them, and as CSV."""

from __future__ import annotations

import csv
import io
import math
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus

from flask import g, make_response, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from moderation import jobs
from moderation.api.context import read_id, services
from moderation.pages.charts import stacked
from moderation.pages.rooms import admin_blueprint
from moderation.pages.shell import show
from moderation.people.sites import get_site, list_sites
from moderation.review.numbers import Numbers, median_wait, read_numbers, request_counting, spam_stopped
from moderation.tables import Site

blueprint = admin_blueprint("admin_numbers", __name__)

PERIODS = {30: "30 days", 90: "90 days", 365: "12 months"}
#: Beyond this many days, bars stand for weeks.
DAILY = 92
CAME = (("published", "published"), ("pending", "held"), ("spam", "kept as spam"))
DEEDS = ("publish", "spam", "reject", "hold", "undo")
#: A spreadsheet takes a text that begins so for a formula, and runs it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@blueprint.get("/admin/numbers")
def get_numbers() -> Response:
    """Show the numbers of one site or of all."""
    parts = services()
    days, now = _period(), parts.clock()
    with parts.database.reading() as session:
        sites, site = _sites(session)
        found = read_numbers(session, [one.id for one in sites], now.date() - timedelta(days=days - 1), now)
        bars = _bars(found, days)
        labels = [label for label, _ in bars]
        rows = [_row(label, counts) for label, counts in bars]
        page = show(
            "admin_numbers.html",
            sites=list_sites(session, g.actor),
            site=site,
            days=days,
            periods=PERIODS,
            numbers=found,
            came=CAME,
            deeds=DEEDS,
            bars=bars,
            weekly=days > DAILY,
            rows=rows,
            stopped=stacked(labels, [("spam", "stopped", [max(0, row.stopped) for row in rows])]),
            waits=stacked(labels, [("pending", "minutes", [math.ceil((row.wait or 0) / 60) for row in rows])]),
            audits=stacked(
                labels,
                [("published", "alike", [row.alike for row in rows]), ("spam", "apart", [row.apart for row in rows])],
            ),
            comments=stacked(
                labels,
                [(kind, words, [counts[f"came {kind}"] for _, counts in bars]) for kind, words in CAME],
            ),
            work=stacked(
                labels,
                [("work", "decisions", [sum(counts[f"did {deed}"] for deed in DEEDS) for _, counts in bars])],
            ),
            wait=duration(found.median_wait),
            duration=duration,
            would_be=[(words, found.total(f"would be {kind}")) for kind, words in CAME],
        )
    if found.missing:
        with parts.database.writing() as writing:
            job_id = request_counting(writing, now)
        if job_id is not None:
            jobs.wake(parts, job_id)
    return page


@blueprint.get("/admin/numbers.csv")
def get_csv() -> Response:
    """Return the numbers by day and site as a table for spreadsheets."""
    parts = services()
    now = parts.clock()
    since = now.date() - timedelta(days=_period() - 1)
    out = io.StringIO()
    writer = csv.writer(out)
    names = ["came published", "came pending", "came spam", "into spam", "out of spam"]
    names += [f"would be {kind}" for kind, _ in CAME]
    names += [*(f"did {deed}" for deed in DEEDS), "audits agreed", "audits differed"]
    writer.writerow(["day", "site", "site id", *names, "median wait in seconds"])
    with parts.database.reading() as session:
        for site in _sites(session)[0]:
            found = read_numbers(session, [site.id], since, now)
            for day, counts in found.days.items():
                wait = median_wait(counts)
                told = [*(counts[name] for name in names), "" if wait is None else round(wait)]
                writer.writerow([day.isoformat(), safe_cell(site.name), site.id, *told])
    return _sheet(out, f"moderation-{since}-{now.date()}")


@blueprint.get("/admin/numbers/people.csv")
def get_people_csv() -> Response:
    """Return who decided how often, and how, as a table for spreadsheets."""
    now = services().clock()
    since = now.date() - timedelta(days=_period() - 1)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["person", *(f"did {deed}" for deed in DEEDS)])
    with services().database.reading() as session:
        found = read_numbers(session, [one.id for one in _sites(session)[0]], since, now)
        for who, counts in found.people.items():
            writer.writerow([safe_cell(who), *(counts[f"did {deed}"] for deed in DEEDS)])
    return _sheet(out, f"moderation-people-{since}-{now.date()}")


def _sheet(out: io.StringIO, name: str) -> Response:
    response = make_response(out.getvalue(), HTTPStatus.OK)
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def safe_cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _period() -> int:
    text = request.args.get("days", "")
    days = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 30  # noqa: PLR2004
    return days if days in PERIODS else 30


def _sites(session: Session) -> tuple[Sequence[Site], Site | None]:
    text = request.args.get("site", "")
    if not text:
        return list_sites(session, g.actor), None
    site_id: uuid.UUID = read_id(text, "site")
    site = get_site(session, site_id)
    return [site], site


def _bars(found: Numbers, days: int) -> list[tuple[str, Counter[str]]]:
    """Return the days, or the weeks if they are many, each with its figures."""
    bars: dict[date, Counter[str]] = {}
    for day, counts in found.days.items():
        first = day - timedelta(days=day.weekday()) if days > DAILY else day
        bars.setdefault(first, Counter()).update(counts)
    return [(f"{day.day} {day:%b}", counts) for day, counts in bars.items()]


@dataclass(frozen=True, slots=True)
class Row:
    """What of some days stands in the table of spam, waiting and audits; ``wait`` is the median, in seconds."""

    label: str
    stopped: int
    wait: float | None
    alike: int
    apart: int


def _row(label: str, counts: Counter[str]) -> Row:
    alike, apart = (max(0, counts[name]) for name in ("audits agreed", "audits differed"))
    return Row(label, spam_stopped(counts), median_wait(counts), alike, apart)


def duration(seconds: float | None) -> str:
    """Return a length of time in words."""
    if seconds is None:
        return "–"
    for length, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= length:
            count = round(seconds / length)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"
