"""The fixtures of other systems' exports, and how tests bring them in."""

from __future__ import annotations

import sqlite3
import subprocess
import uuid
from contextlib import closing
from pathlib import Path

from sqlalchemy import select

from moderation.clock import Clock
from moderation.database import Database
from moderation.exchange.imports.formats import FORMATS
from moderation.exchange.imports.importing import CheckedFile, import_file
from moderation.exchange.imports.keys import KeyKind
from moderation.exchange.imports.writer import ImportReport
from moderation.tables import Comment, Thread

FILES = Path(__file__).parent / "files"
NAMES = {
    "wordpress": "wordpress.xml",
    "disqus": "disqus.xml",
    "isso": "isso.sql",
    "remark42": "remark42.jsonl",
    "commento": "commento.json",
    "comentario": "comentario.json",
}


def fixture(form: str, folder: Path) -> Path:
    """Return the fixture of a format; Isso's database is made from its text."""
    path = FILES / NAMES[form]
    if form != "isso":
        return path
    made = folder / "comments.db"
    if not made.exists():
        with closing(sqlite3.connect(made)) as database:
            database.executescript(path.read_text())
    return made


def bring(
    database: Database,
    site_id: uuid.UUID,
    form: str,
    path: Path,
    clock: Clock,
    *,
    skip_bad: bool = False,
    key: KeyKind | None = None,
) -> tuple[ImportReport, CheckedFile]:
    """Import a file; return what became of it and what was in it."""
    seen: list[CheckedFile] = []
    report = import_file(
        database, site_id, path, FORMATS[form], clock, skip_bad=skip_bad, key=key, on_checked=seen.append
    )
    return report, seen[0]


def stored(database: Database, site_id: uuid.UUID) -> list[tuple[Comment, Thread]]:
    """Return a site's comments with their threads, in the order in which they were written."""
    query = select(Comment, Thread).join(Thread, Thread.id == Comment.thread_id).where(Comment.site_id == site_id)
    with database.reading() as session:
        return [
            (comment, thread) for comment, thread in session.execute(query.order_by(Comment.created_at, Comment.id))
        ]


def grep(words: str, path: Path) -> int:
    """Count the lines with these words, by a program that knows nothing of us."""
    return int(subprocess.run(["/bin/grep", "-c", words, str(path)], capture_output=True, check=False).stdout)
