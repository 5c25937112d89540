"""Files that are broken, cut off, huge or made to harm: refused with their line, and what came before them kept."""

from __future__ import annotations

import gzip
import sqlite3
import tracemalloc
from contextlib import closing
from pathlib import Path

import pytest

from moderation.clock import Clock
from moderation.database import Database
from moderation.exchange.history_file import BadLinesError
from tests.exchange.histories import make_site
from tests.exchange.imports.reading import bring, fixture, stored

HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n<rss xmlns:wp="http://wordpress.org/export/1.2/"><channel>\n'
ITEM = b"<item><link>https://a.example/b</link><wp:post_id>7</wp:post_id>\n"
COMMENT = (
    b"<wp:comment><wp:comment_id>%d</wp:comment_id><wp:comment_author>Ann</wp:comment_author>"
    b"<wp:comment_content>%s</wp:comment_content><wp:comment_approved>1</wp:comment_approved></wp:comment>\n"
)
ODD_FLAG = (
    b'<disqus><thread d:id="1"><link>x</link></thread><post><thread d:id="1"/><isSpam>123</isSpam></post></disqus>'
)
DUMP = b"CREATE TABLE threads (id INTEGER PRIMARY KEY, uri, title);\nATTACH 'elsewhere' AS other; PRAGMA writable_schema = 1;\n"
TAIL = b"</item></channel></rss>"
BOMB = b'<?xml version="1.0"?>\n<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>\n<rss>&b;</rss>'
OUTSIDE = b'<?xml version="1.0"?>\n<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/hostname">]>\n<rss>&a;</rss>'


def wxr(*comments: bytes) -> bytes:
    return HEAD + ITEM + b"".join(COMMENT % (number, text) for number, text in enumerate(comments, 1)) + TAIL


def refused(database: Database, clock: Clock, folder: Path, form: str, content: bytes) -> tuple[str, int]:
    """Return how the file is refused, and how many comments come in when bad lines are to be left out."""
    site_id, path = make_site(database, clock), folder / "export"
    path.write_bytes(content)
    with pytest.raises(BadLinesError) as caught:
        bring(database, site_id, form, path, clock)
    assert stored(database, site_id) == []
    return caught.value.message, bring(database, site_id, form, path, clock, skip_bad=True)[0].comments


@pytest.mark.parametrize(
    ("content", "reason", "kept"),
    [
        (b"", "the file is empty", 0),
        (b"PK\x03\x04 a zip", "line 1: this is no XML", 0),
        (b"<html><body>Log in</body></html>", "line 1: the file begins with <html>, not with <rss>", 0),
        (BOMB, "line 2: a document type declaration", 0),
        (OUTSIDE, "line 2: a document type declaration", 0),
        (HEAD + b"<a>" * 1000, "line 3: nested more than 64 levels deep", 0),
        (wxr(b"one", b"two")[:-40], "line 5: the file ends too early", 1),
        (wxr(b"one") .replace(b"</item>", b"</post>"), "line 5: no XML: mismatched tag", 1),
        (HEAD + b'<item a="' + b"x" * 5_000_000 + b'">', "a tag of more than 1000000 characters", 0),
        (wxr(b"one", b"x" * 2_000_000), "line 5: a field of more than 1000000 characters", 1),
        (wxr(b"one", b"x" * 70_000), "line 5: body: ", 1),
        (wxr(b"one").replace(b">1</wp:comment_approved", b">maybe</wp:comment_approved"), "line 4: comment_approved:", 0),
        (wxr(b"one").replace(ITEM, b"<item>\n"), "line 4: its post has neither", 0),
        (wxr(b"one").replace(b"UTF-8", b"klingon"), "the encoding 'klingon' is not known", 0),
        *(
            (wxr(b"one").replace(b"UTF-8", name), f"the encoding '{name.decode()}' is no character set", 0)
            for name in (b"hex", b"rot13", b"idna", b"undefined", b"unicode_escape", b"punycode", b"utf-7", b"zlib")
        ),
        (gzip.compress(wxr(b"one" * 100))[:-20], "the compressed file is cut off or damaged", 0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_bad_wordpress_file_is_refused_with_its_line(
    database: Database, clock: Clock, tmp_path: Path, content: bytes, reason: str, kept: int
) -> None:
    message, comments = refused(database, clock, tmp_path, "wordpress", content)
    assert reason in message
    assert comments == kept


@pytest.mark.parametrize(
    "content",
    [
        b"\n\n  " + wxr(b"one"),
        wxr(b"one \x08\x0b two"),
        wxr(b"one&nbsp;&eacute;"),
        wxr(b"<![CDATA[cut \xc3]]>"),
        wxr(b"one").decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        wxr(b"one").replace(b"UTF-8", b"UTF-16"),
        wxr(b"one").replace(b"UTF-8", b"utf-32-be"),
        *(
            wxr("Привет".encode(name)).replace(b"UTF-8", name.encode())
            for name in ("windows-1251", "koi8-r", "gb18030", "euc-jp", "shift_jis", "iso-8859-5", "mac-cyrillic")
        ),
        wxr("Grüße".encode("latin-1")).replace(b"UTF-8", b"ISO-8859-1"),
        wxr(b"one").replace(b' xmlns:wp="http://wordpress.org/export/1.2/"', b""),
    ],
    ids=[
        "blank lines first",
        "control characters",
        "HTML entities",
        "half a character",
        "UTF-16",
        "UTF-8 under the name of UTF-16",
        "UTF-8 under the name of UTF-32",
        *("windows-1251", "koi8-r", "gb18030", "euc-jp", "shift_jis", "iso-8859-5", "mac-cyrillic"),
        "Latin-1",
        "no names",
    ],
)
def test_what_real_exports_do_wrong_is_read_all_the_same(
    database: Database, clock: Clock, tmp_path: Path, content: bytes
) -> None:
    site_id, path = make_site(database, clock), tmp_path / "export.xml"
    path.write_bytes(content)
    assert bring(database, site_id, "wordpress", path, clock)[0].comments == 1


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_huge_file_takes_no_more_memory_than_a_small_one(database: Database, clock: Clock, tmp_path: Path) -> None:
    path = tmp_path / "export.xml.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(HEAD + b"<item><wp:post_id>7</wp:post_id><content:encoded><![CDATA[")
        for _ in range(60):
            file.write(b"word " * 200_000)
        file.write(b"]]></content:encoded>" + COMMENT % (1, b"one") + TAIL)
    site_id = make_site(database, clock)
    tracemalloc.start()
    try:
        assert bring(database, site_id, "wordpress", path, clock)[0].comments == 1
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("form", "start", "reason"),
    [
        ("jsonl", b'{"body": "a", "label": "ham", "facts": [', "line 1: longer than"),
        ("remark42", b'{"locator": {"url": "https://a.example"}, "text": "a", "facts": [', "line 1: longer than"),
        ("commento", b'{"version": 1, "comments": [', "more than 3000000 values"),
    ],
)
def test_few_bytes_that_unpack_to_many_objects_take_little_memory(
    database: Database, clock: Clock, tmp_path: Path, form: str, start: bytes, reason: str
) -> None:
    site_id, path = make_site(database, clock), tmp_path / "export.gz"
    path.write_bytes(gzip.compress(start + b'{"a":1},' * 3_900_000 + b"1]}", compresslevel=1))
    assert path.stat().st_size < 200_000
    tracemalloc.start()
    try:
        with pytest.raises(BadLinesError, match=reason):
            bring(database, site_id, form, path, clock)
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("form", "content", "reason"),
    [
        ("disqus", b"<disqus><post/></disqus>", "line 1: thread: there is no thread"),
        ("disqus", ODD_FLAG, "line 1: isSpam, isDeleted or isApproved: '123'"),
        ("disqus", wxr(b"one"), "line 2: the file begins with <rss>, not with <disqus>"),
        ("isso", b"SQLite format 3\x00 but not really", "no database of Isso that can be read"),
        ("isso", b"", "this is no database that has the tables comments and threads"),
        ("isso", b"An essay", "this is no database that has the tables comments and threads"),
        ("isso", b"CREATE TABLE threads AS SELECT 1;", "line 1 of the dump: not authorized"),
        ("isso", DUMP + b"INSERT INTO threads VALUES(1, load_extension('x'), '');", "line 3 of the dump: not authorized to use function"),
        ("isso", DUMP + b"INSERT INTO threads SELECT 1, randomblob(9), '';", "line 3 of the dump: not authorized"),
        ("isso", DUMP + b"INSERT INTO threads VALUES(1, '", "this is no database"),
        ("isso", b"[{]", "not JSON: "),
        ("isso", b'[{"id": "", "comments": [{"text": "a"}]}]', "comment 1: tid: its thread is missing"),
        ("remark42", b'{"version": 1}\n{}\n[1]\nnot json', "line 2: locator.url: missing"),
        ("remark42", b'{"version": 7}', "line 1: version: 7 is not known"),
        ("remark42", b'{"version": []}', "line 1: version: a list is not known"),
        ("remark42", b'{"version": ' + b"1" * 5000 + b"}", "line 1: not JSON: Exceeds the limit"),
        ("remark42", rb'{"locator": {"url": "https://a.example/\ud800"}, "text": "a"}', "line 1: locator: half of a surrogate"),
        ("remark42", b'{"locator": {"url": "https://a.example"}, "text": "a", "text": "b"}', "line 1: text: stands twice"),
        ("commento", b"[]", "not a JSON object"),
        ("commento", b'{"version": 2}', "version: 2 is not known"),
        ("commento", b'{"version": {}}', "version: a dict is not known"),
        ("commento", b'{"version": 1, "comments": [{"state": [], "url": "/", "markdown": "a"}]}', "comment 1: state: a list"),
        ("commento", b'{"version": 1, "comments": [', "not JSON: "),
        ("commento", b'{"version": 1, "comments": [{"state": "odd", "url": "/", "markdown": "a"}]}', "comment 1: state: 'odd'"),
        ("commento", b'{"version": 3, "comments": ["x"]}', "comment 1: its page is missing"),
        ("jsonl", b'{"body": "a", "label": "ham"' + b" " * 33_000_000 + b"}", "line 1: longer than"),
    ],
)  # fmt: skip
def test_other_bad_files_are_refused_with_their_place(
    database: Database, clock: Clock, tmp_path: Path, form: str, content: bytes, reason: str
) -> None:
    message, comments = refused(database, clock, tmp_path, form, content)
    assert reason in message
    assert comments == 0


def test_a_database_that_is_no_plain_table_is_not_run(database: Database, clock: Clock, tmp_path: Path) -> None:
    path = tmp_path / "trap.db"
    with closing(sqlite3.connect(path)) as trap:
        trap.executescript(
            "CREATE TABLE threads (id, uri, title); CREATE VIEW comments AS "
            "WITH RECURSIVE endless(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM endless) SELECT * FROM endless;"
        )
    message, _ = refused(database, clock, tmp_path, "isso", path.read_bytes())
    assert "no database that has the tables comments and threads" in message


def test_a_damaged_database_is_told_and_a_bad_row_named(database: Database, clock: Clock, tmp_path: Path) -> None:
    path = fixture("isso", tmp_path)
    with closing(sqlite3.connect(path)) as isso, isso:
        isso.execute("UPDATE comments SET mode = 9 WHERE id = 2")
        isso.execute("UPDATE comments SET text = x'ff41' WHERE id = 1")
    message, comments = refused(database, clock, tmp_path, "isso", path.read_bytes())
    assert "comment 2: mode: 9 is none of 1, 2 and 4" in message
    assert comments == 4
