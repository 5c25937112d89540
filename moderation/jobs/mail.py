"""Jobs that end in a letter, and the timetable of the digests."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

import structlog
from sqlalchemy.orm import Session

from moderation.jobs import lease as leases
from moderation.jobs.lease import Lease
from moderation.jobs.queue import Queue
from moderation.mail.digest import plan_digests
from moderation.mail.links import Links
from moderation.mail.post import Desk, write_confirm, write_digest, write_reply
from moderation.mail.transport import MailDelayedError, MailError, send
from moderation.outbox import Kind
from moderation.services import Services
from moderation.tables import Job

#: A letter that cannot be sent for so long is news no more.
GIVE_UP = timedelta(days=3)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
PLAN_EVERY = 60.0

Write = Callable[[Session, Desk, uuid.UUID, uuid.UUID], EmailMessage | None]
WRITE: dict[str, tuple[str, Write]] = {
    Kind.CONFIRM_ADDRESS: ("comment_id", write_confirm),
    Kind.TELL_OF_REPLY: ("comment_id", write_reply),
    Kind.SEND_DIGEST: ("person_id", write_digest),
}

logger = structlog.get_logger(__name__)


def post_letter(services: Services, lease: Lease) -> bool:
    """Write and send the letter. Returns whether that is done, ``False`` if the mail server wants it later.

    Raises ``MailError`` where the letter cannot be sent at all. Done twice, it is the same letter with the same id.
    """
    settings, now = services.settings, services.clock()
    letter = None
    if settings.sends_mail and settings.mail_from is not None:
        name, write = WRITE[lease.kind]
        links = Links(settings.base_url(), services.secret_key, services.clock)
        desk = Desk(settings.mail_from, links, services.clock)
        with services.database.reading() as session:
            age = now - session.get_one(Job, lease.job_id).created_at
            letter = write(session, desk, lease.job_id, uuid.UUID(lease.payload[name]))
    if letter is not None:
        try:
            send(settings, letter)
        except MailDelayedError as error:
            if age > GIVE_UP:
                raise MailError(str(error)) from error
            return False
    with services.database.writing() as session:
        leases.succeed(session, lease, {"sent": letter is not None}, services.clock())
    return True


class Timetable:
    """Plans digests once a minute, in whichever worker comes to it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._next = 0.0

    def look(self, queue: Queue) -> None:
        """Plan what is due, if a minute has passed."""
        if not self._services.settings.sends_mail or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + PLAN_EVERY
        try:
            with self._services.database.writing() as session:
                planned = plan_digests(session, self._services.clock())
        except Exception as error:  # noqa: BLE001 -- the database may be away for a while; the next minute comes
            logger.warning("mail.not_planned", error=type(error).__name__)
            return
        for job_id in planned:
            queue.call(job_id)
