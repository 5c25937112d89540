"""What a status in another system teaches the judge."""

from __future__ import annotations

from datetime import datetime, timedelta

from model.sample import Label
from moderation.tables import Status

#: How long a comment must have stood in public before that speaks for it: until then, nobody may have looked.
STOOD = timedelta(days=30)


def verdict(status: Status, created_at: datetime | None, now: datetime) -> Label | None:
    """Return the label of a comment that stood so: spam, ham where it has been public for long, else none.

    What waits was not decided; what was put in the trash may have been anything but spam.
    """
    if status is Status.SPAM:
        return Label.SPAM
    if status is Status.PUBLISHED and created_at is not None and now - created_at >= STOOD:
        return Label.HAM
    return None
