"""A policy tried on the past: the same comments, scores and facts, other rules; and every word's hits."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from moderation.policy.replay import Replay, recent, replay, word_hits
from moderation.policy.rules import Rules, current_rules
from moderation.services import Services
from moderation.tables import Action, Comment, Site, Status
from tests.conftest import FakeClock
from tests.factories import CLEAN, SPAM, MadeSite, different, make_person, make_site, post, post_id

RULES = Rules(publish_below=0.5, spam_above=0.5, max_links=None)


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site that decides everything by itself."""
    return make_site(services, rules=RULES)


def tried(services: Services, site: MadeSite, rules: Rules, at_most: int = 100) -> Replay:
    """Return what the rules would have made of the site's comments."""
    scorer = services.live_model.scorer()
    assert scorer is not None
    with services.database.reading() as session:
        found = session.get_one(Site, site.id)
        return replay(
            session,
            found,
            rules,
            current_rules(session, found),
            lambda terms: scorer.promise(terms, str(site.id)).cuts,
            services.clock(),
            at_most=at_most,
        )


def test_the_same_policy_makes_the_same_of_every_comment(
    client: FlaskClient, services: Services, site: MadeSite
) -> None:
    ids = [post_id(client, site, different(n)) for n in range(3)] + [post_id(client, site, SPAM)]
    found = tried(services, site, RULES)
    assert found.n == 4
    assert found.before == found.after == {"published": 3, "spam": 1}
    with services.database.reading() as session:
        stored = [session.get_one(Comment, comment_id).status for comment_id in ids]
    assert stored.count(Status.PUBLISHED) == 3
    assert found.genuine_lost.n == found.genuine_held.n == found.spam_published.n == 0


def test_lost_and_held_genuine_comments_are_counted_and_named(
    client: FlaskClient, services: Services, site: MadeSite
) -> None:
    bread, plain = (
        post_id(client, site, CLEAN),
        post_id(client, site, {**CLEAN, "body": "What a lovely summer we have had, and so many bees in the garden!"}),
    )
    spam = post_id(client, site, SPAM)
    found = tried(services, site, RULES.model_copy(update={"spam_words": ("sourdough",), "hold_words": ("bees",)}))
    assert (found.genuine_lost.n, found.genuine_lost.ids) == (1, [str(bread)])
    assert (found.genuine_held.n, found.genuine_held.ids) == (1, [str(plain)])
    assert found.after == {"spam": 2, "pending": 1}
    assert found.words["sourdough"] == {"genuine": 1, "spam": 0, "ids": [str(bread)]}
    open_doors = tried(services, site, Rules(publish_below=1.0, spam_above=1.0, max_links=None))
    assert (open_doors.spam_published.n, open_doors.spam_published.ids) == (1, [str(spam)])


def test_what_people_said_counts_for_more_than_where_a_comment_stands(
    client: FlaskClient, services: Services, site: MadeSite
) -> None:
    spam = post_id(client, site, SPAM)
    admin = make_person(services)
    client.post(f"/api/v1/comments/{spam}/decision", json={"action": Action.PUBLISH}, headers=admin.bearer)
    found = tried(services, site, Rules(publish_below=1.0, spam_above=1.0, max_links=None))
    assert (found.genuine, found.spam, found.genuine_saved.ids) == (1, 0, [str(spam)])


def test_links_first_comments_ages_and_log_only_are_replayed(
    client: FlaskClient, services: Services, site: MadeSite, clock: FakeClock
) -> None:
    post(client, site, different(1))
    clock.advance(8 * 86400)
    post(client, site, different(2))
    assert tried(services, site, RULES.model_copy(update={"close_after_days": 7})).after == {
        "published": 1,
        "refused": 1,
    }
    assert tried(services, site, RULES.model_copy(update={"hold_first_comment": True})).after == {"pending": 2}
    post(client, site, SPAM)
    logged = tried(services, site, RULES.model_copy(update={"log_only": True}))
    assert logged.after == {"published": 3}
    assert logged.would_be == {"published": 2, "spam": 1}


def test_a_replay_is_bounded_to_the_newest_comments_of_its_site(
    client: FlaskClient, services: Services, site: MadeSite, clock: FakeClock
) -> None:
    post(client, make_site(services, rules=RULES), CLEAN)
    old = post_id(client, site, different(0))
    clock.advance(31 * 86400)
    ids = []
    for number in range(1, 5):
        clock.advance(60)
        ids.append(post_id(client, site, SPAM if number == 2 else different(number)))
    with services.database.reading() as session:
        found = recent(session, site.id, clock().replace(month=1, day=20), 2)
    assert found == ids[::-1][:3]
    bounded = tried(services, site, RULES, at_most=2)
    assert (bounded.n, bounded.truncated) == (2, True)
    assert tried(services, site, RULES).n == 4
    assert old not in found


def test_each_listed_word_tells_its_hits(client: FlaskClient, services: Services, site: MadeSite) -> None:
    post(client, site, CLEAN)
    post(client, site, SPAM)
    with services.database.reading() as session:
        found = word_hits(
            session,
            session.get_one(Site, site.id),
            Rules(spam_words=("casino", "nothing"), hold_words=("dough",)),
            services.clock(),
        )
    assert {word: (hits["genuine"], hits["spam"]) for word, hits in found.words.items()} == {
        "casino": (0, 1),
        "dough": (1, 0),
        "nothing": (0, 0),
    }
