"""What other systems' exports become; counted by other tools, too."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from model.sample import Label
from moderation.clock import Clock
from moderation.comments.rendering import render
from moderation.database import Database
from moderation.exchange.imports.keys import KeyKind
from moderation.learning.labels import labelled_comments
from moderation.tables import Comment, Status, Thread
from tests.exchange.histories import assert_counts_are_right, make_site
from tests.exchange.imports.reading import NAMES, bring, fixture, grep, stored

SPAM, HAM = Label.SPAM, Label.HAM


def by_body(found: list[tuple[Comment, Thread]], start: str) -> tuple[Comment, Thread]:
    [one] = [pair for pair in found if pair[0].body.startswith(start)]
    return one


def test_wordpress(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id, path = make_site(database, clock), fixture("wordpress", tmp_path)
    report, file = bring(database, site_id, "wordpress", path, clock)
    kinds = {"pingback": 1, "trackback": 1, "order_note": 1}
    assert file.left_out == kinds
    assert report.comments + sum(kinds.values()) == grep("<wp:comment>", path)
    assert report.statuses == {
        Status.PUBLISHED: grep("approved><!.CDATA.1", path) - 2,
        Status.PENDING: grep("approved><!.CDATA.0", path),
        Status.SPAM: grep("approved><!.CDATA.spam", path) - 1,
        Status.REJECTED: grep("approved><!.CDATA.trash", path) + grep("approved><!.CDATA.post-trashed", path),
    }
    assert (report.threads, report.orphans, file.mended) == (3, 1, 1)
    found = stored(database, site_id)
    first, thread = by_body(found, "Mine grew")
    assert first.body == "Mine grew *taller* than me!\n\nWhich kind of basil is it?\nI have only seen the small one."
    assert (first.author_name, first.author_email) == ("Björn & Anna", "bjoern@example.org")
    assert (first.ip, first.author_url) == ("192.0.2.11", "https://bjoern.example/")
    assert first.created_at.isoformat() == "2024-06-02T08:00:00+00:00"
    assert (thread.key, thread.title) == ("42", "Tomatoes & basil")
    assert (thread.url, thread.closed_at) == ("https://garden.example/2024/06/tomatoes-and-basil/", None)
    reply, _ = by_body(found, "Genovese")
    assert (reply.parent_id, reply.author_url) == (first.id, "")
    assert reply.body == "Genovese. See [my notes](https://garden.example/basil/)."
    spam, _ = by_body(found, "Great post!")
    assert (spam.status, spam.label, spam.author_email, spam.ip) == (Status.SPAM, SPAM, "", "")
    assert spam.author_url == "http://watches.example/buy?a=1&b=2"
    chinese, _ = by_body(found, "我也种了番茄")
    assert (chinese.author_name, chinese.parent_id, chinese.ip) == ("王小明", first.id, "2001:db8::5")
    assert chinese.created_at == datetime.fromisoformat("2024-07-01T03:00:00Z")
    recent, closed = by_body(found, "شكرا")
    assert (recent.status, recent.label, closed.closed_at) == (Status.PUBLISHED, None, clock())
    let_through, _ = by_body(found, "I was caught")
    assert (let_through.status, let_through.label) == (Status.PUBLISHED, HAM)
    assert {by_body(found, start)[0].label for start in ("You know nothing", "Is it the same")} == {None}
    assert [pair[0].body for pair in found].count(
        "Günstige Kredite ohne Prüfung, jetzt sofort auf http://billig.example"
    ) == 2
    with database.reading() as session:
        assert Counter(sample.label for sample in labelled_comments(session)) == {SPAM: 3, HAM: 5}
    assert_counts_are_right(database)


def test_disqus(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id, path = make_site(database, clock), fixture("disqus", tmp_path)
    report, file = bring(database, site_id, "disqus", path, clock)
    assert file.left_out == {"empty": 1}
    assert report.comments + 1 == grep("<post ", path)
    assert report.statuses[Status.SPAM] == grep("<isSpam>true", path)
    assert report.statuses == {Status.PUBLISHED: 3, Status.PENDING: 0, Status.SPAM: 2, Status.REJECTED: 1}
    assert (report.threads, report.spam, report.ham, report.orphans) == (2, 2, 3, 0)
    found = stored(database, site_id)
    first, thread = by_body(found, "I use wax")
    assert first.body == "I use wax. **Never** oil.\n\nSee [this page](https://wax.example/how?a=1&b=2).\nIt lasts."
    assert '<a href="https://wax.example/how?a=1&amp;b=2"' in render(first.body)
    assert (first.author_email, first.ip) == ("karl@example.org", "192.0.2.60")
    assert (thread.key, thread.title) == ("/chains/", "How to oil a chain & keep it quiet")
    reply, _ = by_body(found, "Wax in the rain? 5 < 6")
    assert reply.parent_id == first.id
    spam, lamps = by_body(found, "Лучшие")
    assert (spam.status, spam.label, spam.ip) == (Status.SPAM, SPAM, "")
    assert (lamps.key, lamps.closed_at) == ("/lamps/?lang=ru", clock())
    deleted, _ = by_body(found, "I should not")
    assert (deleted.status, deleted.label) == (Status.REJECTED, None)
    assert_counts_are_right(database)


def test_isso(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id, path = make_site(database, clock), fixture("isso", tmp_path)
    report, file = bring(database, site_id, "isso", path, clock)
    with closing(sqlite3.connect(path)) as isso:
        modes = dict(isso.execute("SELECT mode, count(*) FROM comments GROUP BY mode"))
    assert (report.statuses[Status.PUBLISHED], report.statuses[Status.PENDING]) == (modes[1], modes[2])
    assert file.left_out == {"deleted": modes[4]}
    assert (report.threads, report.ham, report.orphans, file.mended) == (2, 3, 1, 1)
    found = stored(database, site_id)
    first, thread = by_body(found, "I *always*")
    assert (thread.key, thread.title) == ("/knots/bowline/", "The bowline")
    assert (first.ip, first.created_at.isoformat()) == ("127.0.0.0", "2020-01-01T10:00:00.250000+00:00")
    assert by_body(found, "Out of")[0].parent_id == first.id
    french, _ = by_body(found, "Très clair")
    assert (french.author_name, french.label, french.ip) == ("Éloïse", None, "2001:db8:1::")
    assert by_body(found, "En attente")[0].status is Status.PENDING
    assert path.read_bytes()[:15] == b"SQLite format 3"
    assert not list(tmp_path.glob("comments.db-*"))


@pytest.mark.parametrize("form", ["dump", "dump of the command line", "gzip", "dump in gzip"])
def test_isso_in_other_forms(database: Database, clock: Clock, tmp_path: Path, form: str) -> None:
    made, other = fixture("isso", tmp_path), tmp_path / "export"
    with closing(sqlite3.connect(made)) as isso, isso:
        isso.execute("UPDATE comments SET text = 'It''s; ' || char(10) || 'so;' WHERE id = 1")
    with closing(sqlite3.connect(made)) as isso:
        dump = "\n".join(isso.iterdump())
    if form == "dump of the command line":
        dump = dump.replace("'It''s; \nso;'", "replace('It''s; \\nso;','\\n',char(10))")
    content = made.read_bytes() if form == "gzip" else dump.encode()
    other.write_bytes(gzip.compress(content) if "gzip" in form else content)
    first, second = make_site(database, clock), make_site(database, clock)
    bring(database, first, "isso", made, clock)
    assert bring(database, second, "isso", other, clock)[0].comments == len(stored(database, first))
    assert by_body(stored(database, second), "It's")[0].body == "It's; \nso;"


def test_issos_generic_json(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id, path = make_site(database, clock), tmp_path / "generic.json"
    comment = {
        "created": "2019-05-08 06:50:26",
        "website": "",
        "remote_addr": "192.0.2.0",
        "email": "",
        "author": "Sam",
    }
    pages = [
        {
            "id": "/a/",
            "title": "A",
            "comments": [comment | {"id": 0, "text": "One"}, comment | {"id": 1, "text": "Two"}],
        },
        {
            "id": "/b/",
            "title": "B",
            "comments": [comment | {"id": 0, "text": "Three"}, {"text": "Four", "mode": [], "id": {}}],
        },
        "nothing",
    ]
    path.write_text(json.dumps(pages), "utf-8")
    report, _ = bring(database, site_id, "isso", path, clock)
    assert (report.comments, report.threads, report.statuses[Status.PUBLISHED]) == (4, 2, 4)
    three, thread = by_body(stored(database, site_id), "Three")
    assert (thread.key, thread.title, three.author_name, three.created_at.year) == ("/b/", "B", "Sam", 2019)
    assert bring(database, site_id, "isso", path, clock)[0].known == 4


def test_remark42(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id, path = make_site(database, clock), fixture("remark42", tmp_path)
    report, file = bring(database, site_id, "remark42", path, clock)
    assert report.comments + file.left_out["deleted"] == grep('"locator"', path)
    assert (report.comments, file.left_out, report.threads, report.ham) == (4, {"deleted": 1}, 2, 3)
    found = stored(database, site_id)
    first, thread = by_body(found, "They left on a *Sunday*.")
    assert (thread.key, thread.title, thread.closed_at) == ("/swarm", "When bees leave", clock())
    assert (first.author_role, first.ip, first.created_at.isoformat()) == ("admin", "", "2021-05-02T21:18:22+00:00")
    reply, _ = by_body(found, "Mine, too & at noon. 1 < 2")
    assert (reply.parent_id, reply.author_name) == (first.id, 'Ziva "Z"')
    assert by_body(found, "Came from elsewhere, [see](https://hives.example/)")
    assert by_body(found, "¿Y en invierno?")[0].label is None


def test_commento(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id, path = make_site(database, clock), fixture("commento", tmp_path)
    report, file = bring(database, site_id, "commento", path, clock)
    assert report.comments + file.left_out["deleted"] == len(json.loads(path.read_text())["comments"])
    assert report.statuses == {Status.PUBLISHED: 2, Status.PENDING: 1, Status.SPAM: 1, Status.REJECTED: 0}
    assert (report.threads, report.orphans, file.mended) == (2, 1, 0)
    found = stored(database, site_id)
    first, thread = by_body(found, "Never")
    assert (first.author_name, first.author_email) == ("June", "june@example.org")
    assert (first.author_role, first.author_url, thread.key) == ("moderator", "https://june.example", "/green")
    assert by_body(found, "Why not?")[0].author_name == ""
    spam, _ = by_body(found, "お茶を安く")
    assert (spam.label, spam.author_name, spam.author_url) == (SPAM, "健", "")


def test_comentario(database: Database, clock: Clock, tmp_path: Path) -> None:
    site_id, path = make_site(database, clock), fixture("comentario", tmp_path)
    report, file = bring(database, site_id, "comentario", path, clock)
    assert file.left_out == {"deleted": 1}
    assert report.statuses == {Status.PUBLISHED: 2, Status.PENDING: 1, Status.SPAM: 0, Status.REJECTED: 1}
    found = stored(database, site_id)
    first, thread = by_body(found, "Seventy")
    assert (first.ip, thread.title, thread.closed_at) == ("192.0.2.33", "Green tea", clock())
    guest, _ = by_body(found, "Sixty!")
    assert (guest.author_name, guest.parent_id) == ("A guest", first.id)
    assert by_body(found, "Hello from")[1].key == "/"


@pytest.mark.parametrize("form", NAMES)
def test_again_adds_nothing(database: Database, clock: Clock, tmp_path: Path, form: str) -> None:
    site_id, path = make_site(database, clock), fixture(form, tmp_path)
    first, _ = bring(database, site_id, form, path, clock)
    second, _ = bring(database, site_id, form, path, clock)
    assert (second.comments, second.threads, second.known) == (0, 0, first.comments)
    assert len(stored(database, site_id)) == first.comments
    assert_counts_are_right(database)


@pytest.mark.parametrize("form", [form for form in NAMES if form != "isso"])
def test_a_compressed_export_is_read_as_it_was_sent(
    database: Database, clock: Clock, tmp_path: Path, form: str
) -> None:
    plain, packed = make_site(database, clock), make_site(database, clock)
    path = tmp_path / "export.gz"
    path.write_bytes(gzip.compress(fixture(form, tmp_path).read_bytes()))
    assert bring(database, plain, form, fixture(form, tmp_path), clock) == bring(database, packed, form, path, clock)


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        (KeyKind.ID, {"/chains/", "https://bicycles.example/lamps/?lang=ru"}),
        (KeyKind.PATH, {"/chains/", "/lamps/?lang=ru"}),
        (KeyKind.URL, {"https://bicycles.example/chains/", "https://bicycles.example/lamps/?lang=ru"}),
    ],
)
def test_threads_are_called_as_the_new_pages_call_them(
    database: Database, clock: Clock, tmp_path: Path, kind: KeyKind, keys: set[str]
) -> None:
    site_id = make_site(database, clock)
    bring(database, site_id, "disqus", fixture("disqus", tmp_path), clock, key=kind)
    assert {thread.key for _, thread in stored(database, site_id)} == keys
