"""Every change of a policy is a version, and one goes back by making another."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy.orm import Session

from moderation.database import Database
from moderation.errors import ConflictError, InvalidError, NotFoundError
from moderation.people.sites import create_site
from moderation.people.users import create_person
from moderation.policy.rules import Rules, current_rules
from moderation.policy.versions import Change, differences, list_versions, put_in_force, restore
from moderation.tables import Policy, Role, Site
from tests.conftest import FakeClock


def made(session: Session, clock: FakeClock) -> tuple[Site, uuid.UUID]:
    """Return a site and an admin's id."""
    site = create_site(session, "A blog", ["https://blog.example"], clock()).site
    return site, create_person(session, "admin@example.org", Role.ADMIN, [], "long enough a password", clock()).id


def test_changes_are_versions_with_their_differences_and_one_goes_back(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        site, admin = made(session, clock)
        first = Rules(max_links=1, spam_words=("casino", "pills"))
        second = Rules(max_links=None, spam_words=("pills", "loans"))
        assert put_in_force(session, site, first, 1, admin, clock()) == 2
        clock.advance(60)
        assert put_in_force(session, site, second, 2, admin, clock()) == 3
        assert put_in_force(session, site, second, 3, admin, clock()) == 3
        assert restore(session, site, 2, admin, clock()) == 4
        assert current_rules(session, site) == first
        newest, third, *_ = list_versions(session, site)
    assert (newest.number, newest.in_force, newest.restores, newest.who) == (4, True, 2, "admin@example.org")
    assert (third.in_force, third.created_at) == (False, clock())
    assert third.changes == (
        Change("max_links", 1, None),
        Change("spam_words", added=("loans",), removed=("casino",)),
    )


def test_nobody_overwrites_what_they_have_not_seen(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        site, admin = made(session, clock)
        put_in_force(session, site, Rules(max_links=1), 1, admin, clock())
        with pytest.raises(ConflictError, match="version 2 is in force"):
            put_in_force(session, site, Rules(max_links=2), 1, admin, clock())
        assert current_rules(session, site).max_links == 1


def test_what_cannot_be_restored_is_said(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        site, admin = made(session, clock)
        session.add(Policy(site_id=site.id, number=9, rules={"gone": True}, created_by=None, created_at=clock()))
        session.flush()
        with pytest.raises(InvalidError, match="Version 9 cannot be put back"):
            restore(session, site, 9, admin, clock())
        with pytest.raises(NotFoundError):
            restore(session, site, 77, admin, clock())
        # An outdated version is still listed.
        assert [version.number for version in list_versions(session, site)] == [9, 1]


def test_the_same_rules_do_not_differ() -> None:
    assert differences(Rules(), Rules()) == []
