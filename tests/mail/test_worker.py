"""The worker itself: it sends what waits and knows when a digest is due, asked by nobody."""

from __future__ import annotations

from sqlalchemy import select

from moderation.app import create_app
from moderation.database import Database
from moderation.jobs.kinds import WORK
from moderation.settings import Settings
from moderation.tables import Job, Role
from tests.factories import make_person, make_site, post_id
from tests.jobs.workers import eventually, is_done, services_of, working
from tests.mail.postbox import Postbox


def test_a_digest_comes_by_itself(database: Database, settings: Settings, postbox: Postbox) -> None:
    real = services_of(settings, database)
    site = make_site(real)
    moderator = make_person(real, Role.MODERATOR, site)
    # Without a model every comment waits.
    post_id(create_app(real).test_client(), site)
    with working(real, WORK):
        eventually(lambda: len(postbox.letters) == 1)
        with database.reading() as session:
            job_id = session.scalars(select(Job.id).where(Job.kind == "send_digest")).one()
        eventually(lambda: is_done(database, job_id))
    assert postbox.take()["To"] == moderator.actor.email
