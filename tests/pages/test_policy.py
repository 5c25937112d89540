"""The policy page: every rule with clear errors, a replay before it goes live, versions and the way back."""

from __future__ import annotations

import threading
import uuid

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from moderation.jobs.worker import Worker
from moderation.pages import policy
from moderation.pages.rules_form import FIELDS, GROUPS, Kind, read, texts_of
from moderation.policy.rules import Rules, current_rules
from moderation.services import Services
from moderation.tables import Job, Site
from tests.factories import CLEAN, SPAM, MadePerson, MadeSite, different, make_site, post, post_id
from tests.pages.markup import Page

ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def site(services: Services) -> MadeSite:
    """A site that decides everything by itself."""
    return make_site(services, rules=Rules(publish_below=0.5, spam_above=0.5, max_links=None))


def address(site: MadeSite) -> str:
    """Where the policy is."""
    return f"/admin/sites/{site.id}/policy"


def sent(office: FlaskClient, site: MadeSite, **changes: str) -> dict[str, str]:
    """Return what the page's form would send, with some fields filled in otherwise."""
    return {**filled(Page(office.get(address(site)))), **changes}


def filled(page: Page) -> dict[str, str]:
    """Return what the policy's form holds: the one with all the rules, not that of the budget."""
    return next(form.fields for form in page.forms if "max_ham_as_spam" in form.fields)


def rules(services: Services, site: MadeSite) -> Rules:
    """Return the rules in force."""
    with services.database.reading() as session:
        return current_rules(session, session.get_one(Site, site.id))


def test_every_rule_is_on_the_form() -> None:
    shown = {field.name for _, _, fields in GROUPS for field in fields}
    assert shown == set(FIELDS)
    assert set(Rules.model_fields) - shown == set(), "a rule that nobody can change"


def test_reading_back_what_was_shown_changes_nothing() -> None:
    every = Rules(
        publish_below=0.07,
        spam_above=0.93,
        log_only=True,
        hold_first_comment=True,
        trust_after=5,
        max_links=0,
        spam_words=("赌场", "a phrase"),
        close_after_days=14,
        min_form_seconds=2.5,
        max_ham_as_spam=0.0029,
        audit_spam=0.035,
    )
    for some in (Rules(), every):
        assert read(texts_of(some), Rules()).rules == some


@pytest.mark.parametrize(
    ("field", "text", "told"),
    [
        ("max_ham_as_spam", "0", "More than 0 %."),
        ("max_ham_as_spam", "100", "Less than 100 %."),
        ("confidence", "50", "More than 50 %."),
        ("confidence", "", "This must be filled in."),
        ("confidence", "very", "This must be a number, such as 0.5."),
        ("confidence", "nan", "This must be a number, such as 0.5."),
        ("max_links", "3.5", "This must be a whole number."),
        ("max_links", "-1", "At least 0 links."),
        ("min_form_seconds", "5000", "At most 3600 seconds."),
        ("close_after_days", "0", "At least 1 days."),
        ("publish_below", "95", "above the probability from which they are kept as spam"),
        ("spam_words", "fine\n" + "x" * 201, "Entry 2 is too long: at most 200 characters."),
    ],
)
def test_a_bad_value_is_named_in_the_words_of_the_form(field: str, text: str, told: str) -> None:
    entered = read({**texts_of(Rules(spam_above=0.9)), field: text}, Rules(spam_above=0.9))
    assert entered.rules is None
    assert told in entered.errors[field]
    assert entered.texts[field] == text


def test_a_comma_is_a_decimal_point_and_words_are_taken_once() -> None:
    texts = {**texts_of(Rules()), "max_ham_as_spam": "0,25 %", "hold_words": " one \n\none\n two words "}
    found = read(texts, Rules()).rules
    assert found is not None
    assert found.max_ham_as_spam == 0.0025
    assert found.hold_words == ("one", "two words")
    assert FIELDS["hold_words"].kind is Kind.WORDS


@ONE_DATABASE
def test_bad_values_change_nothing_and_are_shown_again(office: FlaskClient, services: Services, site: MadeSite) -> None:
    before = rules(services, site)
    page = Page(office.post(address(site), data=sent(office, site, max_links="many", confidence="", do="save")))
    assert page.status == 422
    assert filled(page)["max_links"] == "many"
    assert page.having("input", id="max_links", **{"aria-invalid": "true"})
    assert page.having("a", href="#confidence")
    assert rules(services, site) == before


def test_a_policy_goes_live_as_a_version_and_one_goes_back(
    office: FlaskClient, services: Services, site: MadeSite, admin: MadePerson
) -> None:
    before = rules(services, site)
    stale = sent(office, site, max_links="9", do="save")
    answer = office.post(address(site), data=sent(office, site, spam_words="casino\n赌场", do="save"))
    assert (answer.status_code, answer.location) == (303, f"{address(site)}?saved=3")
    assert rules(services, site).spam_words == ("casino", "赌场")
    page = Page(office.get(answer.location))
    assert "Version 3 is in force." in page.text
    assert admin.actor.email in page.text
    assert "+ casino, 赌场" in page.text
    refused = Page(office.post(address(site), data=stale))
    assert refused.status == 409
    assert "Somebody has changed this policy meanwhile" in refused.text
    assert filled(refused)["max_links"] == "9"
    back = next(form for form in page.forms if form.action.endswith("/restore") and form.fields["number"] == "2")
    assert office.post(back.action, data=back.fields).status_code == 303
    assert rules(services, site) == before
    page = Page(office.get(address(site)))
    assert "went back to version 2" in page.text
    assert office.post(back.action, data={**back.fields, "number": "99"}).status_code == 404
    for path in (address(site), back.action):
        assert office.post(path, data={"number": "3", "do": "save"}).status_code == 403


@ONE_DATABASE
def test_a_replay_tells_fewer_reviews_and_the_comments_lost(
    client: FlaskClient, office: FlaskClient, services: Services, site: MadeSite
) -> None:
    bread = post_id(client, site, CLEAN)
    post(client, site, SPAM)
    before = rules(services, site)
    fields = sent(office, site, spam_words="sourdough", do="replay")
    page = Page(office.post(address(site), data=fields))
    assert page.status == 200
    assert "would have had 0 fewer reviews (0 instead of 0), and 1 genuine comment would have been lost." in page.text
    assert page.having("a", href=f"/review/comments/{bread}")
    assert filled(page)["spam_words"].strip() == "sourdough"
    assert rules(services, site) == before
    held = sent(office, site) | {"hold_everything": "1", "do": "replay"}
    assert "1 more review (1 instead of 0)" in Page(office.post(address(site), data=held)).text


def test_a_long_replay_is_a_job_that_survives_a_reload(
    client: FlaskClient, office: FlaskClient, services: Services, site: MadeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "AT_ONCE", 2)
    for number in range(3):
        post(client, site, different(number))
    answer = office.post(address(site), data=sent(office, site, hold_words="sourdough", do="replay"))
    assert answer.status_code == 303
    page = Page(office.get(answer.location))
    assert page.having("progress")
    assert page.having("meta", **{"http-equiv": "refresh"})
    assert filled(page)["hold_words"].strip() == "sourdough"
    with services.database.reading() as session:
        job = session.scalars(select(Job)).one()
    Worker(services, threading.Event()).run(job.id)
    page = Page(office.get(answer.location))
    assert "3 more reviews (3 instead of 0)" in page.text
    assert not page.having("meta", **{"http-equiv": "refresh"})
    other = make_site(services)
    assert office.get(f"{address(other)}?replay={job.id}").status_code == 422
    assert office.get(f"{address(site)}?replay={uuid.uuid4()}").status_code == 422
    assert office.get(f"{address(site)}?replay=x").status_code == 404


def test_log_only_mode_publishes_what_comes_and_says_what_it_would_have_done(
    client: FlaskClient, office: FlaskClient, site: MadeSite
) -> None:
    office.post(address(site), data=sent(office, site) | {"log_only": "1", "do": "save"})
    told = post(client, site, SPAM).get_json()
    assert told["status"] == "published"
    assert told["reasons"][-1]["code"] == "log_only_spam"
    page = Page(office.get(address(site)))
    assert "Log-only mode: this site publishes everything" in page.text
    history = Page(office.get(f"/review/comments/{told['id']}"))
    assert "Log-only: this would have been kept as spam." in history.text
    replayed = Page(office.post(address(site), data=sent(office, site) | {"log_only": "1", "do": "replay"}))
    assert "This one, but for log-only" in replayed.text


@ONE_DATABASE
def test_each_word_of_the_lists_shows_the_genuine_comments_it_hits(
    client: FlaskClient, office: FlaskClient, services: Services
) -> None:
    site = make_site(services, rules=Rules(hold_words=("sourdough", "gravel")))
    comment = post_id(client, site, CLEAN)
    # It waits: nobody knows yet whether it is genuine.
    assert "sourdough 0 0" in Page(office.get(address(site))).text
    token = Page(office.get(f"/review/comments/{comment}")).form("/decision").fields
    office.post(f"/review/comments/{comment}/decision", data={**token, "action": "publish"})
    page = Page(office.get(address(site)))
    assert "sourdough 1 0" in page.text
    assert page.having("a", href=f"/review/comments/{comment}")


@ONE_DATABASE
def test_a_review_budget_fills_in_the_promise_that_it_buys(
    client: FlaskClient, office: FlaskClient, services: Services, site: MadeSite
) -> None:
    assert "nobody knows how many" in Page(office.get(f"{address(site)}?budget=60")).text
    post(client, site, CLEAN)
    post(client, site, SPAM)
    before = rules(services, site)
    page = Page(office.get(f"{address(site)}?budget=60"))
    assert "60 a day buy this promise" in page.text
    assert float(filled(page)["max_ham_as_spam"]) < 100 * before.max_ham_as_spam
    assert rules(services, site) == before
    assert office.get(f"{address(site)}?budget=many").status_code == 422
