"""The audit lane at the desk is worked through without the verdict."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from moderation.policy.rules import Rules
from moderation.services import Services
from tests.factories import SPAM, make_person, make_site, post_id
from tests.pages.conftest import sign_in
from tests.pages.markup import Page


def test_the_lane_shows_the_comment_but_not_the_verdict(client: FlaskClient, services: Services) -> None:
    rules = Rules(publish_below=0.5, spam_above=0.5, audit_spam=1.0, max_links=None)
    site = make_site(services, rules=rules)
    comment = post_id(client, site, SPAM)
    desk = sign_in(client, make_person(services))
    page = desk.get("/review?status=audit").get_data(as_text=True)
    assert f'id="comment-{comment}"' in page
    assert "What do you say?" in page
    card = page[page.index("<article") : page.index("</article>")]
    assert not re.search(r"likely spam|probability|<mark|Signals", card)
    assert 'data-count="audit">1<' in page
    details = desk.get(f"/review/comments/{comment}").get_data(as_text=True)
    assert "What do you say?" in details
    assert not re.search(r"likely spam|robability|<mark|Signals|judged it|All spam", details)
    assert not desk.get(f"/review/comments/{comment}/more").get_data(as_text=True).strip()
    token = re.search(r'name="csrf_token" value="([^"]+)"', card)
    assert token
    address = f"/review/comments/{comment}/decision?status=audit"
    decided = desk.post(address, data={"csrf_token": token[1], "version": "1", "action": "spam"})
    assert decided.status_code == 303
    assert "status=audit" in decided.headers["Location"]
    assert 'data-count="audit">0<' in desk.get("/review?status=audit").get_data(as_text=True)
    assert "likely spam" in desk.get(f"/review/comments/{comment}").get_data(as_text=True)


def test_what_is_decided_with_the_verdict_in_view_waits_on(client: FlaskClient, services: Services) -> None:
    rules = Rules(publish_below=0.5, spam_above=0.5, audit_spam=1.0, max_links=None)
    site = make_site(services, rules=rules)
    comment = post_id(client, site, SPAM)
    desk = client
    sign_in(desk, make_person(services))
    page = Page(desk.get("/review?status=spam"))
    form = next(one for one in page.forms if ("action", "publish") in one.buttons and "decision" in one.action)
    assert desk.post(form.action, data=form.fields | {"action": "publish"}).status_code == 303
    lane = Page(desk.get("/review?status=audit"))
    assert f"comment-{comment}" in lane.html
    # Nobody holds what is decided already: it would wait in two places.
    assert 'value="hold"' not in lane.html


def test_taking_audits_back_and_previews_tell_no_verdict(client: FlaskClient, services: Services) -> None:
    rules = Rules(publish_below=0.5, spam_above=0.5, audit_spam=1.0, max_links=None)
    site = make_site(services, rules=rules)
    ids = [post_id(client, site, {**SPAM, "body": f"{SPAM['body']} {word}"}) for word in ("once", "twice")]
    desk = sign_in(client, make_person(services))

    def press(address: str, **fields: object) -> str:
        page = desk.get("/review?status=audit").get_data(as_text=True)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token
        answer = desk.post(address, data={"csrf_token": token[1], **fields}, follow_redirects=True)
        assert answer.status_code == 200
        return answer.get_data(as_text=True)

    done = press(f"/review/comments/{ids[0]}/decision?status=audit", version="1", action="publish")
    undo = re.search(r'action="(/review/decisions/[^"]+/undo[^"]*)"', done)
    assert undo
    told = press(undo[1])
    assert "waits to be audited again" in told
    assert "is spam" not in told
    chosen = [f"{ids[0]}:3", f"{ids[1]}:1"]
    preview = press("/review/bulk?status=audit", seen=chosen, action="publish")
    assert "2 wait to be audited." in preview
    assert "spam now" not in preview
    done = press("/review/bulk/decisions?status=audit", seen=chosen, action="publish")
    assert "2 are published now." in done
    undo = re.search(r'action="(/review/batches/[^"]+/undo[^"]*)"', done)
    assert undo
    told = press(undo[1])
    assert "2 wait to be audited again." in told
    assert "spam now" not in told
