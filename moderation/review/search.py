"""Full-text search: a question in words, and the comments that a database's own index finds for it.

The index is kept by the database (migration 0002): FTS5 on SQLite, GIN over a tsvector on PostgreSQL. It knows whole
words and their beginnings. Scripts that write without spaces have no words to look up; there, and for a question
without a letter or digit, the text itself is looked through.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select, text
from sqlalchemy.orm import Session

from moderation.tables import Comment

#: Of more matches than this, only so many (the newest on SQLite, any on PostgreSQL) are looked at.
MOST_MATCHES = 2_000
#: From this length on, a word of a question is taken for the beginning of a word.
_PREFIX = 3
#: Thai to Lao, Burmese, Khmer, kana, Han and its extensions: written without spaces.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_WORD = re.compile(r"[^\W_]+")
_FOUND_BY_SQLITE = text(
    "SELECT comment_id FROM search_document WHERE id IN "
    "(SELECT rowid FROM search_text WHERE search_text MATCH :words ORDER BY rowid DESC LIMIT :most)"
).columns(Comment.id)
# In the words of the migration, or the index would not be used.
_VECTOR = (
    "to_tsvector('simple', translate(author_name || ' ' || author_email || ' ' || author_url || ' ' || "
    "substr(body, 1, 8000), '!\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~', '                                '))"
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in a row; ``open_ended``: the last one may go on."""

    words: tuple[str, ...]
    open_ended: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked up in the index (all phrases must be found), and what must be looked for in the text itself."""

    phrases: tuple[Phrase, ...] = ()
    substrings: tuple[str, ...] = ()


def read_question(question: str, *names: str) -> Question:
    """Return what to look for: every word of the question, and the names (an author, a domain) each as one phrase."""
    phrases, substrings = [], []
    for term in question.split():
        words = tuple(_WORD.findall(term))
        if not words or _UNSPACED.search(term):
            substrings.append(term)
        else:
            phrases.append(Phrase(words, open_ended=len(words[-1]) >= _PREFIX))
    for name in names:
        words = tuple(_WORD.findall(name))
        if words and not _UNSPACED.search(name):
            phrases.append(Phrase(words))
    return Question(tuple(phrases), tuple(substrings))


def in_text(substring: str) -> ColumnElement[bool]:
    """Return the condition that a comment holds the substring anywhere."""
    fields = (Comment.body, Comment.author_name, Comment.author_email, Comment.author_url)
    return or_(*(field.icontains(substring, autoescape=True) for field in fields))


def is_found(session: Session, question: Question) -> ColumnElement[bool]:
    """Return the condition that the index finds all of the question's phrases in a comment."""
    if session.get_bind().dialect.name == "sqlite":
        words = " AND ".join(_of_sqlite(phrase) for phrase in question.phrases)
        return Comment.id.in_(_FOUND_BY_SQLITE.bindparams(words=words, most=MOST_MATCHES))
    words = " & ".join(_of_postgresql(phrase) for phrase in question.phrases)
    return Comment.id.in_(
        select(Comment.id)
        .where(text(f"{_VECTOR} @@ to_tsquery('simple', :words)").bindparams(words=words))
        .limit(MOST_MATCHES)
    )


def _of_sqlite(phrase: Phrase) -> str:
    return f'"{" ".join(phrase.words)}"' + (" *" if phrase.open_ended else "")


def _of_postgresql(phrase: Phrase) -> str:
    words = [f"'{word}'" for word in phrase.words]
    return f"({' <-> '.join(words)}{':*' if phrase.open_ended else ''})"
