"""Sites, people and their secrets."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from moderation.database import Base, Database
from moderation.errors import ConflictError, InvalidError, NotFoundError, UnauthenticatedError
from moderation.people.logins import IDLE, LIFETIME, actor_by_login, end_login, mark_seen, start_login
from moderation.people.sites import add_key, check_key, create_site, origin_of, revoke_key
from moderation.people.users import actor_by_token, actor_of, create_person, create_token, sign_in
from moderation.tables import KeyPurpose, Person, Role, Token
from tests.conftest import FakeClock

PASSWORD = "correct horse battery"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Blog.Example.org/path?q#f", "https://blog.example.org"),
        ("http://example.org:80", "http://example.org"),
        ("https://example.org:8443/", "https://example.org:8443"),
        ("http://[::1]:8000/x", "http://[::1]:8000"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("ftp://example.org", None),
        ("example.org", None),
        ("null", None),
        ("", None),
        ("http://", None),
        ("https://user@example.org:x", None),
        ("javascript:alert(1)", None),
    ],
)
def test_an_origin_is_what_browsers_send(url: str, origin: str | None) -> None:
    assert origin_of(url) == origin


def test_secrets_are_stored_only_as_digests(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        new = create_site(session, "Blog", ["https://blog.example.org"], clock())
        person = create_person(session, "Ann@Example.org", Role.ADMIN, [], PASSWORD, clock())
        token = create_token(session, "ann@example.org", clock())
        assert actor_by_token(session, token).person_id == person.id
    assert len(new.akismet_key) == 12
    assert set(new.akismet_key) <= set("0123456789abcdef")
    with database.reading() as session:
        everything = "".join(
            str(row) for table in Base.metadata.sorted_tables for row in session.execute(table.select())
        )
    for secret in (new.key, new.akismet_key, token, PASSWORD):
        assert secret not in everything


def test_a_key_opens_its_own_site_until_it_ends(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        ours = create_site(session, "Ours", ["https://a.example.org"], clock())
        theirs = create_site(session, "Theirs", ["https://b.example.org"], clock())
        replay = add_key(session, ours.site.id, KeyPurpose.REPLAY, clock(), clock() + timedelta(hours=1))
        assert check_key(session, ours.site.id, ours.key, clock()) is KeyPurpose.SERVER
        assert check_key(session, ours.site.id, replay, clock()) is KeyPurpose.REPLAY
        clock.advance(3601)
        revoke_key(session, ours.key, clock())
        for secret in (ours.key, replay, theirs.key, ours.akismet_key, "", "x"):
            with pytest.raises(UnauthenticatedError):
                check_key(session, ours.site.id, secret, clock())


@pytest.mark.parametrize(
    ("name", "origins", "field"),
    [
        ("", ["https://a.example"], "name"),
        ("a\nb", ["https://a.example"], "name"),
        ("A", [], "origin"),
        ("A", ["a"], "origin"),
    ],
)
def test_a_bad_site_is_named(database: Database, clock: FakeClock, name: str, origins: list[str], field: str) -> None:
    with database.writing() as session, pytest.raises(InvalidError) as refusal:
        create_site(session, name, origins, clock())
    assert [error.field for error in refusal.value.errors] == [field]


def test_a_person_signs_in_as_typed_and_wrong_is_wrong(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        person = create_person(session, "Ann.B@Example.org", Role.MODERATOR, [], PASSWORD, clock())
        assert sign_in(session, " ann.b@example.ORG ", PASSWORD).id == person.id
        wrong = []
        for email, password in (("ann.b@example.org", "wrong password"), ("bob@example.org", PASSWORD), ("", "")):
            with pytest.raises(UnauthenticatedError) as refusal:
                sign_in(session, email, password)
            wrong.append(refusal.value.message)
        assert len(set(wrong)) == 1
        session.get_one(Person, person.id).disabled_at = clock()
        session.flush()
        with pytest.raises(UnauthenticatedError):
            sign_in(session, "ann.b@example.org", PASSWORD)
        with pytest.raises(UnauthenticatedError):
            actor_of(session, person.id)


def test_a_bad_person_is_named_whole(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        with pytest.raises(InvalidError) as refusal:
            create_person(session, "nobody", Role.ADMIN, [], "short", clock())
        assert {error.field for error in refusal.value.errors} == {"email", "password"}
        create_person(session, "ann@example.org", Role.ADMIN, [], PASSWORD, clock())
        with pytest.raises(ConflictError):
            create_person(session, "ANN@example.org", Role.ADMIN, [], PASSWORD, clock())
        with pytest.raises(NotFoundError):
            create_token(session, "bob@example.org", clock())
    with pytest.raises(NotFoundError), database.writing() as session:
        create_person(session, "bob@example.org", Role.MODERATOR, [uuid.uuid4()], PASSWORD, clock())


def test_a_moderator_sees_the_sites_named(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        one = create_site(session, "One", ["https://a.example.org"], clock()).site.id
        two = create_site(session, "Two", ["https://b.example.org"], clock()).site.id
        moderator = actor_of(
            session, create_person(session, "m@example.org", Role.MODERATOR, [one], PASSWORD, clock()).id
        )
        admin = actor_of(session, create_person(session, "a@example.org", Role.ADMIN, [], PASSWORD, clock()).id)
    assert (moderator.may_see(one), moderator.may_see(two)) == (True, False)
    assert admin.may_see(one)
    assert admin.may_see(two)


def test_a_revoked_token_opens_nothing(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        create_person(session, "a@example.org", Role.ADMIN, [], PASSWORD, clock())
        secret = create_token(session, "a@example.org", clock())
        session.query(Token).one().revoked_at = clock()
        session.flush()
        with pytest.raises(UnauthenticatedError):
            actor_by_token(session, secret)


def test_a_login_ends_by_idleness_by_age_and_by_signing_out(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        person = create_person(session, "a@example.org", Role.ADMIN, [], PASSWORD, clock())

        def start() -> uuid.UUID:
            return start_login(session, person.id, "Firefox", clock()).id

        def refused(login: uuid.UUID) -> bool:
            try:
                actor_by_login(session, login, clock())
            except UnauthenticatedError:
                return True
            return False

        idle, busy, ended = start(), start(), start()
        end_login(session, ended, clock())
        assert [refused(idle), refused(busy), refused(ended), refused(uuid.uuid4())] == [False, False, True, True]
        for _ in range(int(LIFETIME / IDLE)):
            clock.advance(IDLE.total_seconds() - 1)
            mark_seen(session, busy, clock())
        assert [refused(idle), refused(busy)] == [True, False]
        clock.advance(LIFETIME.total_seconds())
        mark_seen(session, busy, clock())
        assert refused(busy)
