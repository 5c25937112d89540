"""What a site's clients asked and reported, counted by the month, in the forms in which they want to see it."""

from __future__ import annotations

import csv
import io
import json
import re
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import BindParameter, Executable, bindparam, select
from sqlalchemy.orm import Session

from moderation.database import InsertOf, Upsert, run
from moderation.exchange.akismet.wire import Fields
from moderation.people.sites import SiteSettings
from moderation.tables import AkismetUsage

COUNTS: Final = ("calls", "spam", "ham", "missed_spam", "false_positives")
MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
MAX_LIMIT: Final = 500
#: Seconds that a person would have looked at a piece of spam, as Akismet's own statistics have it.
SECONDS_SAVED: Final = 10


def _count(insert: InsertOf) -> Executable:
    values: dict[str, BindParameter[int]] = {name: bindparam(f"add_{name}") for name in COUNTS}
    return (
        insert(AkismetUsage)
        .values(site_id=bindparam("site_id"), month=bindparam("month"), **values)
        .on_conflict_do_update(
            index_elements=["site_id", "month"],
            set_={name: getattr(AkismetUsage, name) + step for name, step in values.items()},
        )
    )


_COUNT = Upsert(_count)


def count(session: Session, site_id: uuid.UUID, now: datetime, *what: str) -> None:
    """Count a call, and what it was about (one or more of ``COUNTS``)."""
    steps = {f"add_{name}": int(name == "calls" or name in what) for name in COUNTS}
    run(session, _COUNT, {"site_id": site_id, "month": month_of(now), **steps})


def month_of(now: datetime) -> str:
    """Return the month as the protocol writes it."""
    return f"{now:%Y-%m}"


def usage_limit(session: Session, site: SiteSettings, now: datetime) -> dict[str, Any]:
    """Return how much of what is allowed was used this month. There is no limit."""
    row = session.get(AkismetUsage, (site.id, month_of(now)))
    return {"limit": "none", "usage": row.calls if row else 0, "percentage": "0.00", "throttled": False}


def key_sites(session: Session, site: SiteSettings, fields: Fields, now: datetime) -> tuple[str, bool]:
    """Return which sites used the key in a month, as JSON's object or as CSV, and whether it is CSV."""
    month = fields.get("month", "") if MONTH.fullmatch(fields.get("month", "")) else month_of(now)
    row = session.get(AkismetUsage, (site.id, month))
    wanted = fields.get("filter", "").strip().lower()
    rows = [_row(site, row)] if row and wanted in _name(site) else []
    limit = min(_whole(fields.get("limit", ""), MAX_LIMIT), MAX_LIMIT)
    offset = _whole(fields.get("offset", ""), 0)
    page = rows[offset : offset + limit]
    if fields.get("format", "").lower() == "csv":
        return _csv(month, page), True
    return json.dumps({month: page, "limit": limit, "offset": offset, "total": len(rows)}), False


def stats(session: Session, site: SiteSettings) -> dict[str, Any]:
    """Return what the settings page of WordPress's plugin shows."""
    query = select(AkismetUsage).where(AkismetUsage.site_id == site.id).order_by(AkismetUsage.month)
    rows = session.scalars(query).all()
    names = ("spam", "ham", "missed_spam", "false_positives")
    total = {name: sum(getattr(row, name) for row in rows) for name in names}
    checked, wrong = total["spam"] + total["ham"], total["missed_spam"] + total["false_positives"]
    accuracy = 100.0 * max(checked - wrong, 0) / checked if checked else 100.0
    breakdown = {row.month: {name: getattr(row, name) for name in names} for row in rows}
    saved = total["spam"] * SECONDS_SAVED
    return {**total, "accuracy": round(accuracy, 2), "time_saved": saved, "breakdown": breakdown}


def _name(site: SiteSettings) -> str:
    return urlsplit(site.origins[0]).netloc if site.origins else ""


def _row(site: SiteSettings, row: AkismetUsage) -> dict[str, Any]:
    counts = {name: str(getattr(row, name)) for name in COUNTS[1:]}
    return {"site": _name(site), "api_calls": str(row.calls), **counts, "is_revoked": False}


def _csv(month: str, rows: Sequence[dict[str, Any]]) -> str:
    out = io.StringIO()
    names = ["site", "api_calls", *COUNTS[1:], "is_revoked"]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([f"Active sites for {month}", *[""] * (len(names) - 1)])
    writer.writerow(names)
    writer.writerows([row[name] for name in names] for row in rows)
    return out.getvalue()


def _whole(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else default  # noqa: PLR2004
