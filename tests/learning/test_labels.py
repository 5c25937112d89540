"""The label log: people's last word on each comment, in an order that never changes."""

from __future__ import annotations

import uuid

from flask.testing import FlaskClient

from model.sample import Label, LabelledSample
from moderation.learning.labels import labelled_comments
from moderation.people.access import Actor
from moderation.review.decisions import decide, undo
from moderation.services import Services
from moderation.tables import Action, Decision
from tests.factories import CLEAN, different, make_person, make_site, post_id


def say(services: Services, actor: Actor, comment_id: uuid.UUID, action: Action) -> Decision:
    with services.database.writing() as session:
        return decide(session, actor, comment_id, action, services.clock())


def labels(services: Services) -> list[LabelledSample]:
    with services.database.reading() as session:
        return list(labelled_comments(session))


def test_comments_that_nobody_decided_on_teach_nothing(services: Services, client: FlaskClient) -> None:
    post_id(client, make_site(services))
    assert labels(services) == []


def test_a_decision_teaches_the_whole_comment_with_what_was_known_of_its_author(
    services: Services, client: FlaskClient
) -> None:
    site, admin = make_site(services), make_person(services).actor
    first = post_id(client, site, ip="203.0.113.9", user_agent="Firefox")
    say(services, admin, first, Action.PUBLISH)
    second = post_id(client, site, body="Another recipe, with rye this time, and a longer rest.")
    say(services, admin, second, Action.SPAM)
    say(services, admin, post_id(client, site, different(1)), Action.REJECT)
    known, later = labels(services)
    assert (known.label, later.label) == (Label.HAM, Label.SPAM)
    assert (known.sample.body, known.sample.author_name) == (CLEAN["body"], CLEAN["author_name"])
    assert (known.sample.ip, known.sample.user_agent) == ("203.0.113.9", "Firefox")
    assert (known.sample.thread, known.sample.site) == (CLEAN["thread"], str(site.id))
    assert known.sample.knowledge.get("author_published", 0) == 0
    assert later.sample.knowledge["author_published"] == 1


def test_the_last_word_counts_and_undoing_it_takes_the_lesson_back(services: Services, client: FlaskClient) -> None:
    site, admin = make_site(services), make_person(services).actor
    comment_id = post_id(client, site)
    say(services, admin, comment_id, Action.SPAM)
    changed = say(services, admin, comment_id, Action.PUBLISH)
    assert [one.label for one in labels(services)] == [Label.HAM]
    with services.database.writing() as session:
        undo(session, admin, changed.id, services.clock())
    assert [one.label for one in labels(services)] == [Label.SPAM]
    say(services, admin, comment_id, Action.HOLD)
    assert labels(services) == []


def test_the_order_is_that_of_arrival_whatever_the_order_of_decisions(services: Services, client: FlaskClient) -> None:
    site, admin = make_site(services), make_person(services).actor
    ids = [post_id(client, site, different(number)) for number in range(6)]
    for comment_id in reversed(ids):
        say(services, admin, comment_id, Action.PUBLISH)
    bodies = [one.sample.body for one in labels(services)]
    assert bodies == [different(number)["body"] for number in range(6)]
    assert labels(services) == labels(services)
