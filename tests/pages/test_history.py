"""The history page: filters, undo from there, and a decision's own page; and the numbers as CSV."""

from __future__ import annotations

import csv
import io

import pytest
from flask.testing import FlaskClient

from moderation.pages.charts import stacked
from moderation.pages.numbers import safe_cell
from moderation.people.sites import create_site
from moderation.policy.rules import Rules
from moderation.services import Services
from moderation.tables import Comment, Role, Status
from tests.conftest import FakeClock
from tests.factories import CLEAN, SPAM, MadePerson, MadeSite, different, make_person, make_site, post_id
from tests.pages.conftest import sign_in
from tests.pages.markup import Page

ONE_DATABASE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def test_a_moderator_sees_their_sites_history_and_undoes_from_there(
    client: FlaskClient, desk: FlaskClient, services: Services, site: MadeSite, moderator: MadePerson, admin: MadePerson
) -> None:
    other = make_site(services, rules=Rules(hold_everything=True, spam_above=1.0))
    here, there = post_id(client, site), post_id(client, other)
    for comment in (here, there):
        path = f"/api/v1/comments/{comment}/decision"
        client.post(path, json={"action": "reject", "reason": "off topic"}, headers={**admin.bearer, "Cookie": ""})
    page = Page(desk.get("/admin/history"))
    assert "off topic" in page.text
    assert page.having("a", href=f"/review/comments/{here}")
    assert not page.having("a", href=f"/review/comments/{there}")
    assert not page.having("a", href="/admin/people")
    form = page.form("/undo")
    assert desk.post(form.action).status_code == 403
    answer = desk.post(form.action + "?days=7", data=form.fields)
    assert (answer.status_code, answer.location) == (303, "/admin/history?days=7")
    with services.database.reading() as session:
        assert session.get_one(Comment, here).status is Status.PENDING
    page = Page(desk.get("/admin/history"))
    assert "took the last decision back on" in page.text
    # The same undo again is harmless.
    assert desk.post(form.action, data=form.fields).status_code == 303
    assert desk.get("/admin/history/administration").status_code == 403


def test_what_was_done_in_one_go_is_taken_back_in_one_go(
    client: FlaskClient, office: FlaskClient, services: Services, site: MadeSite, admin: MadePerson
) -> None:
    ids = [post_id(client, site, different(number)) for number in range(3)]
    many = {"ids": [str(one) for one in ids], "action": "spam"}
    client.post("/api/v1/decisions", json=many, headers={**admin.bearer, "Cookie": ""})
    client.post(
        f"/api/v1/comments/{ids[0]}/decision", json={"action": "reject"}, headers={**admin.bearer, "Cookie": ""}
    )
    link = next(a["href"] for a in Page(office.get("/admin/history")).having("a") if "batch=" in a.get("href", ""))
    form = Page(office.get(link)).form("/batches/")
    assert office.post(form.action).status_code == 403
    page = Page(office.post(form.action, data=form.fields))
    assert "2 taken back, 1 left alone" in page.text
    with services.database.reading() as session:
        statuses = [session.get_one(Comment, one).status for one in ids]
    assert statuses == [Status.REJECTED, Status.PENDING, Status.PENDING]


def test_filters_are_in_the_address(
    client: FlaskClient, office: FlaskClient, site: MadeSite, admin: MadePerson
) -> None:
    comment = post_id(client, site)
    path = f"/api/v1/comments/{comment}/decision"
    client.post(path, json={"action": "spam"}, headers={**admin.bearer, "Cookie": ""})
    shown = f"/review/comments/{comment}"
    for query, found in (
        ("action=spam", 1),
        ("action=publish", 0),
        ("judge=1", 2),
        (f"person={admin.actor.person_id}", 1),
        (f"site={site.id}&days=0", 1),
        ("days=nonsense&action=nonsense", 1),
    ):
        assert len(Page(office.get(f"/admin/history?{query}")).having("a", href=shown)) == found, query
    assert office.get("/admin/history?person=x").status_code == 404
    assert office.get("/admin/history?cursor=x").status_code == 422


def test_a_decision_shows_its_evidence_and_the_identical_score(
    client: FlaskClient, office: FlaskClient, site: MadeSite
) -> None:
    post_id(client, site, SPAM)
    page = Page(office.get("/admin/history?judge=1"))
    (link,) = [a["href"] for a in page.having("a") if "/admin/history/0" in a.get("href", "")]
    decision = Page(office.get(link))
    assert "identical" in decision.text
    assert "Evidence" in decision.text
    assert "This site publishes nothing unseen." in decision.text
    assert "as it was decided" in decision.text


def test_numbers_are_charts_with_their_table_and_csv(
    client: FlaskClient, office: FlaskClient, services: Services, admin: MadePerson, clock: FakeClock
) -> None:
    with services.database.writing() as session:
        create_site(session, "=cmd|' /C calc'!A0", ["https://evil.example"], clock())
    site = make_site(services, rules=Rules(publish_below=0.5, spam_above=0.5, max_links=None))
    comment = post_id(client, site, SPAM)
    post_id(client, site, CLEAN)
    client.post(f"/api/v1/comments/{comment}/decision", json={"action": "spam"}, headers={**admin.bearer, "Cookie": ""})
    page = Page(office.get(f"/admin/numbers?site={site.id}&days=90"))
    assert "Spam stopped 1" in page.text
    assert "5 Jan: 1 kept as spam" in page.text
    assert page.having("rect", **{"class": "published"})
    assert admin.actor.email in page.text
    response = office.get("/admin/numbers.csv?days=90")
    assert (response.mimetype, response.headers["X-Content-Type-Options"]) == ("text/csv", "nosniff")
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert len(rows) == 2 * 90
    (today,) = [row for row in rows if row["site id"] == str(site.id) and row["day"] == "2026-01-05"]
    assert (today["came published"], today["came spam"], today["did spam"]) == ("1", "1", "1")
    assert {row["site"] for row in rows if row["site"].startswith("=")} == set()
    held = post_id(client, make_site(services, rules=Rules(hold_everything=True, spam_above=1.0)), CLEAN)
    clock.advance(3600)
    client.post(f"/api/v1/comments/{held}/decision", json={"action": "spam"}, headers={**admin.bearer, "Cookie": ""})
    rows = list(csv.DictReader(io.StringIO(office.get("/admin/numbers.csv").text)))
    (wait,) = {row["median wait in seconds"] for row in rows} - {""}
    assert int(wait) == pytest.approx(3600, rel=0.25)
    people = list(csv.DictReader(io.StringIO(office.get("/admin/numbers/people.csv").text)))
    assert [(row["person"], row["did spam"], row["did publish"]) for row in people] == [(admin.actor.email, "2", "0")]
    assert office.get("/admin/numbers?site=x").status_code == 404


def test_spam_waiting_and_audits_are_told_by_day(
    client: FlaskClient, office: FlaskClient, services: Services, admin: MadePerson, clock: FakeClock
) -> None:
    nothing = Page(office.get("/admin/numbers"))
    assert "No audit was answered by two in this time." in nothing.text
    assert "Nothing that waited was decided in this time." in nothing.text
    audited = Rules(publish_below=0.5, spam_above=0.5, max_links=None, audit_published=1.0, audit_repeated=1.0)
    site = make_site(services, rules=audited)
    others = (admin, make_person(services))
    for number, second in enumerate(("publish", "spam", "publish")):
        comment = post_id(client, site, different(number))
        for who, action in zip(others, ("publish", second), strict=True):
            sent = {"action": action}
            headers = {**who.bearer, "Cookie": ""}
            assert client.post(f"/api/v1/comments/{comment}/decision", json=sent, headers=headers).status_code == 200
    held = post_id(client, make_site(services, rules=Rules(hold_everything=True, spam_above=1.0)), CLEAN)
    clock.advance(3600)
    client.post(f"/api/v1/comments/{held}/decision", json={"action": "spam"}, headers={**admin.bearer, "Cookie": ""})
    page = Page(office.get("/admin/numbers")).text
    for told in ("5 Jan: 2 alike", "5 Jan: 1 apart", "5 Jan: 2 stopped", "Auditors agree 67 % (2 of 3 audits that two"):
        assert told in page
    # Day, spam stopped, median wait to a quarter, alike, apart.
    assert "5 Jan 2 57 minutes 2 1" in page


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_cell_never_begins_as_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"
    assert safe_cell(f"a{text}") == f"a{text}"


def test_bars_stand_on_one_another_and_fit_the_axis() -> None:
    chart = stacked(["a", "b"], [("x", "x", [3, 0]), ("y", "y", [4, 1])])
    first, second, third = chart.pieces
    assert (first.kind, second.kind, third.kind) == ("x", "y", "y")
    assert second.y + second.height == pytest.approx(first.y)
    assert first.y + first.height == pytest.approx(third.y + third.height)
    assert min(piece.y for piece in chart.pieces) >= min(chart.lines)
    assert second.words == "a: 4 y"
    assert stacked([], []).pieces == []


def test_moderators_find_their_way_to_the_history(services: Services, client: FlaskClient) -> None:
    person = make_person(services, Role.MODERATOR, make_site(services))
    assert Page(sign_in(client, person).get("/review")).having("a", href="/admin/history")
