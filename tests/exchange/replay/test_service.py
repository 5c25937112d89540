from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from flask import Flask
from sqlalchemy import func, select

from moderation.errors import InvalidError, ModerationError, NotFoundError, UnauthenticatedError, UnavailableError
from moderation.exchange.replay.replaying import temporary_key
from moderation.exchange.replay.service import MAX_TRIES, Answer, Outcome, Service
from moderation.services import Services
from moderation.tables import Comment
from tests.conftest import FakeClock
from tests.exchange.servers import running
from tests.factories import CLEAN, SPAM, MadeSite, different, make_site

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
# What answers when nothing listens any more: a port that was free a moment ago.
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site."""
    return make_site(services)


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    """The address of the running service."""
    with running(app) as (url, _):
        yield url


def plain_app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Another program that answers everything kindly."""
    start_response("200 OK", [("Content-Type", "text/html")])
    return [b"<h1>It works!</h1>"]


def check(url: str, site_id: uuid.UUID, key: str) -> None:
    with closing(Service(url, site_id, key)) as service:
        service.check()


def test_a_service_that_will_take_comments_passes_and_has_stored_nothing(
    services: Services, site: MadeSite, url: str
) -> None:
    check(url, site.id, site.key)
    check(f"{url}/", site.id, site.key)
    with temporary_key(services.database, site.id, services.clock) as key:
        check(url, site.id, key)
    with services.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Comment)) == 0


def test_what_would_not_work_is_told_before_anything_is_sent(services: Services, site: MadeSite, url: str) -> None:
    other = make_site(services)
    with running(plain_app) as (elsewhere, _):
        cases: list[tuple[str, uuid.UUID, str, type[ModerationError], str]] = [
            (NOBODY, site.id, site.key, UnavailableError, "Nothing answers at http://127.0.0.1:9 "),
            (elsewhere, site.id, site.key, UnavailableError, "is not this service"),
            (url, uuid.uuid4(), site.key, NotFoundError, "has no site"),
            (url, site.id, "wrong", UnauthenticatedError, "does not take the key"),
            (url, site.id, other.key, UnauthenticatedError, "does not take the key"),
            (url, site.id, site.akismet_key, UnauthenticatedError, "does not take the key"),
            ("blog", site.id, site.key, InvalidError, "fields"),
        ]
        for where, site_id, key, kind, message in cases:
            with pytest.raises(kind, match=message):
                check(where, site_id, key)


def test_a_key_that_ended_with_its_block_opens_nothing(services: Services, site: MadeSite, url: str) -> None:
    with temporary_key(services.database, site.id, services.clock) as key:
        pass
    with pytest.raises(UnauthenticatedError):
        check(url, site.id, key)
    with pytest.raises(NotFoundError), temporary_key(services.database, uuid.uuid4(), services.clock):
        pass


def test_answers_say_what_became_of_each_comment(services: Services, site: MadeSite, url: str) -> None:
    with temporary_key(services.database, site.id, services.clock) as key, closing(Service(url, site.id, key)) as sent:
        clean, spam = sent.send(CLEAN), sent.send(SPAM)
        assert clean.outcome in {Outcome.PUBLISHED, Outcome.HELD}
        assert spam.outcome in {Outcome.SPAM, Outcome.HELD}
        assert clean.model == spam.model is not None
        assert sent.send(CLEAN) == Answer(Outcome.DUPLICATE)
        assert sent.send({"thread": "t", "body": "Neither name nor address."}).outcome is not Outcome.REFUSED
        bad = {**CLEAN, "author_url": "javascript:alert(1)", "author_email": "nobody"}
        assert sent.send(bad) == Answer(Outcome.REFUSED, "422 author_email: invalid_email, author_url: invalid_url")
        assert sent.send({**CLEAN, "body": "half \ud83d"}).outcome is Outcome.REFUSED


def test_a_limit_is_waited_for(services: Services, site: MadeSite, url: str, clock: FakeClock) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        clock.advance(seconds)

    with closing(Service(url, site.id, site.key, wait=wait)) as service:
        outcomes = [service.send({**different(n), "ip": "192.0.2.1"}).outcome for n in range(31)]
    assert not {Outcome.REFUSED, Outcome.FAILED} & set(outcomes)
    assert waits == [60]


def test_patience_has_an_end(site: MadeSite, url: str) -> None:
    waits: list[float] = []
    with closing(Service(url, site.id, site.key, wait=waits.append)) as service:
        answers = [service.send({**different(n), "ip": "192.0.2.1"}) for n in range(31)]
    assert answers[-1] == Answer(Outcome.REFUSED, "429 too_many_requests")
    assert len(waits) == MAX_TRIES - 1


def test_no_answer_is_no_crash(site: MadeSite) -> None:
    with closing(Service(NOBODY, site.id, site.key)) as service:
        assert service.send(CLEAN).outcome is Outcome.FAILED
