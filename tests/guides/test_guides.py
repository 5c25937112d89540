"""Each guide followed word for word: its code is taken out of it, run, and used as a reader of the page would."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from moderation.clock import Clock
from moderation.database import Database
from moderation.exchange.imports.formats import FORMATS
from moderation.people.sites import create_site
from moderation.tables import Comment, Status
from tests.exchange.servers import running
from tests.guides.reading import GUIDES, blocks
from tests.pages.markup import Page

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

MARY = {
    "author_name": "Mary Miller",
    "author_email": "mary@example.com",
    "author_url": "",
    "body": "I let the dough rest overnight, and the crust came out better than ever.",
}


@dataclass(frozen=True)
class Service:
    address: str
    site_id: uuid.UUID
    key: str

    @property
    def site(self) -> str:
        return f"{self.address}/api/v1/sites/{self.site_id}"


@pytest.fixture
def service(app: Flask, database: Database, clock: Clock) -> Iterator[Service]:
    """The service at an address of its own, with the site that the guides have made."""
    with database.writing() as session:
        made = create_site(session, "My site", ["https://blog.example.org"], clock())
        site_id, key = made.site.id, made.key
    with running(app) as (address, _):
        yield Service(address, site_id, key)


def stored(database: Database) -> list[Comment]:
    with database.reading() as session:
        return list(session.scalars(select(Comment).order_by(Comment.id)))


def test_plain_html(client: FlaskClient, database: Database, service: Service) -> None:
    tag, form = blocks("plain-html", "html")
    assert tag.startswith("<script src=") == tag.endswith("</script>\n")
    filled = form.replace("https://comments.example.org", "").replace("SITE_ID", str(service.site_id))
    action = re.search(r'action="([^"]+)"', filled)
    assert action is not None
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', filled)) | {**MARY, "subject": ""}
    assert set(re.findall(r'name="(\w+)"', filled)) == set(fields)
    sent = client.post(action[1], data=fields, headers={"Origin": "https://blog.example.org"})
    assert sent.status_code == 303
    assert sent.headers["Location"].startswith("https://blog.example.org/a-page?comment=")
    [comment] = stored(database)
    assert comment.body == MARY["body"]
    again = Page(
        client.post(action[1], data=fields | {"author_email": "nobody"}, headers={"Origin": "https://blog.example.org"})
    )
    assert again.status == 422
    assert MARY["body"] in again.html


def test_flask(database: Database, service: Service, monkeypatch: pytest.MonkeyPatch, client: FlaskClient) -> None:
    monkeypatch.setenv("COMMENTS_ADDRESS", service.address)
    monkeypatch.setenv("COMMENTS_SITE", str(service.site_id))
    monkeypatch.setenv("COMMENTS_KEY", service.key)
    [code] = blocks("flask", "python")
    names: dict[str, object] = {"__name__": "guide"}
    exec(compile(code, "app.py", "exec"), names)  # noqa: S102 -- the guide's own code is what is tried
    guide = names["app"]
    assert isinstance(guide, Flask)
    reader = guide.test_client()
    sent = reader.post("/sourdough", data=MARY, headers={"User-Agent": "Firefox"})
    [comment] = stored(database)
    assert (comment.body, comment.ip, comment.user_agent) == (MARY["body"], "127.0.0.1", "Firefox")
    assert sent.headers["Location"] == f"/sourdough?comment={comment.status}"
    page = reader.get("/sourdough").text
    assert (MARY["body"] in page) is (comment.status is Status.PUBLISHED)
    assert "Your comment is awaiting review." in reader.get("/sourdough?comment=pending").text
    wrong = reader.post("/sourdough", data={**MARY, "author_email": "nobody"})
    assert wrong.status_code == 422
    assert "author_email: " in wrong.text
    assert MARY["body"] in wrong.text
    assert reader.get("/nothing").status_code == 404


def test_flask_keeps_the_text_while_the_service_is_away(
    service: Service, monkeypatch: pytest.MonkeyPatch, client: FlaskClient
) -> None:
    monkeypatch.setenv("COMMENTS_ADDRESS", "http://127.0.0.1:9")
    monkeypatch.setenv("COMMENTS_SITE", str(service.site_id))
    monkeypatch.setenv("COMMENTS_KEY", service.key)
    names: dict[str, object] = {"__name__": "guide"}
    exec(compile(blocks("flask", "python")[0], "app.py", "exec"), names)  # noqa: S102 -- the guide's own code
    guide = names["app"]
    assert isinstance(guide, Flask)
    answer = guide.test_client().post("/sourdough", data=MARY)
    assert answer.status_code == 503
    assert MARY["body"] in answer.text


FOLLOWED = """
import json, sys
import django
django.setup()
from django.test import Client
reader = Client()
mary = json.loads(sys.argv[1])
first = reader.get("/sourdough/")
sent = reader.post("/sourdough/", mary, headers={"user-agent": "Firefox"})
after = reader.get(sent.headers["Location"])
wrong = reader.post("/sourdough/", {**mary, "author_url": "java script:"})
print(json.dumps({
    "first": first.status_code, "sent": sent.status_code, "location": sent.headers["Location"],
    "after": after.content.decode(), "wrong": wrong.content.decode(),
}))
"""
PROJECT = """
import os
SECRET_KEY = "a secret of the tests"
ROOT_URLCONF = "urls"
ALLOWED_HOSTS = ["testserver"]
USE_TZ = True
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": ["templates"],
    "OPTIONS": {"context_processors": ["django.template.context_processors.request"]}}]
"""


def test_django(database: Database, service: Service, tmp_path: Path, client: FlaskClient) -> None:
    settings, comments, urls = blocks("django", "python")
    settings = settings.replace("https://comments.example.org/api/v1/sites/SITE_ID", service.site)
    [page] = blocks("django", "html")
    files = {
        "settings.py": PROJECT + settings.replace("SITE_KEY", service.key),
        "comments.py": comments,
        "urls.py": urls,
        "templates/page.html": page,
        "follow.py": FOLLOWED,
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    done = subprocess.run(
        [sys.executable, "follow.py", json.dumps({**MARY, "author_url": "https://mary.example.com"})],
        cwd=tmp_path,
        env={"DJANGO_SETTINGS_MODULE": "settings", "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    [comment] = stored(database)
    assert (comment.body, comment.ip, comment.user_agent) == (MARY["body"], "127.0.0.1", "Firefox")
    assert (found["first"], found["sent"]) == (200, 302)
    assert found["location"] == f"/sourdough/?comment={comment.status}"
    assert (MARY["body"] in found["after"]) is (comment.status is Status.PUBLISHED)
    assert ("awaiting review" in found["after"]) is (comment.status is not Status.PUBLISHED)
    assert "This is no web address" in found["wrong"]
    assert MARY["body"] in found["wrong"]


def test_every_tag_names_the_script_the_site_and_the_page(client: FlaskClient) -> None:
    tags = [
        tag
        for guide in ("plain-html", "static-site")
        for block in blocks(guide, "html")
        for tag in re.findall(r"<script[^>]*>", block)
    ]
    assert len(tags) == 3
    for tag in tags:
        assert tag.startswith('<script src="https://comments.example.org/embed.js" data-site="SITE_ID" data-thread="')
        assert tag.endswith('" async>')


def test_the_formats_of_the_guide_are_those_that_are_read(client: FlaskClient) -> None:
    told = set(re.findall(r"`(\w+)`(?:, `(\w+)`)? \|", (GUIDES / "moving.md").read_text()))
    assert {name for pair in told for name in pair if name} == set(FORMATS)
