"""Full-text search: a question in words, and the comments in which they are.

A database's own index finds what is rare (migration 0002): FTS5 on SQLite, GIN over a tsvector on PostgreSQL. It knows
whole words and their beginnings. Words that every few comments have are sought in the texts themselves, in the order of
the queue: an index would first collect millions. Scripts that write without spaces have no words to look up; there, and
for a question without a letter or digit, the database looks through the text.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import ColumnElement, Select, TextualSelect, func, or_, select, text
from sqlalchemy.orm import Session

from moderation.tables import Comment

#: An index that finds more than this is of no help.
MOST_MATCHES = 2_000
#: From this length on, a word of a question is taken for the beginning of a word.
_PREFIX = 3
#: Thai to Lao, Burmese, Khmer, kana, Han and its extensions: written without spaces.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
#: Further in, a text says little new; the index ends there, too.
_MOST_READ = 8_000
#: Signs that belong to the letter before them: vowels in Devanagari, points in Hebrew, accents.
_MARKS = "".join(chr(n) for n in range(0x300, 0xFFFF) if unicodedata.category(chr(n)).startswith("M"))
_WORD = re.compile(rf"(?:[^\W_]|[{_MARKS}])+")
_ADDRESS = re.compile("[@.]")
_FOUND_BY_SQLITE = text(
    "SELECT comment_id FROM search_document WHERE id IN "
    "(SELECT rowid FROM search_text WHERE search_text MATCH :words LIMIT :most)"
).columns(Comment.id)
# In the words of the migration, or the index would not be used.
_VECTOR = (
    "to_tsvector('simple', translate(author_name || ' ' || author_email || ' ' || author_url || ' ' || "
    f"substr(body, 1, {_MOST_READ}), "
    "'!\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~', '                                '))"
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in a row; ``open_ended``: the last one may go on."""

    words: tuple[str, ...]
    open_ended: bool = False

    def is_in(self, text: str) -> bool:
        """Return whether a text in lower case has the phrase."""
        return any(
            not _goes_on(text, match.start() - 1) and (self.open_ended or not _goes_on(text, match.end()))
            for match in _pattern(self.words).finditer(text)
        )


@dataclass(frozen=True, slots=True)
class Question:
    """What must all be in a comment: phrases, and what no index knows."""

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
            # The last word of an address is "com": its beginning is that of millions, and nobody leaves it open.
            phrases.append(Phrase(words, open_ended=len(words[-1]) >= _PREFIX and not _ADDRESS.search(name)))
    return Question(tuple(phrases), tuple(substrings))


def in_text(substring: str) -> ColumnElement[bool]:
    """Return the condition that a comment holds the substring anywhere."""
    fields = (Comment.body, Comment.author_name, Comment.author_email, Comment.author_url)
    return or_(*(field.icontains(substring, autoescape=True) for field in fields))


def searched() -> ColumnElement[str]:
    """Return the text of a comment in which phrases are sought."""
    author = Comment.author_name + " " + Comment.author_email + " " + Comment.author_url
    return author + " " + func.substr(Comment.body, 1, _MOST_READ)


def are_in(phrases: Iterable[Phrase], text: str) -> bool:
    """Return whether a text has all of the phrases, in capitals or not."""
    lower = text.lower()
    return all(phrase.is_in(lower) for phrase in phrases)


def look_up(session: Session, phrases: Iterable[Phrase]) -> Sequence[uuid.UUID] | None:
    """Return what the index finds for all phrases, or on PostgreSQL for all their words; ``None``: too much."""
    ids = session.scalars(asked_of_index(session, phrases)).all()
    return ids if len(ids) <= MOST_MATCHES else None


def asked_of_index(session: Session, phrases: Iterable[Phrase]) -> Select[uuid.UUID] | TextualSelect:
    """Return the question to the index.

    To tell where in a text its words are, PostgreSQL would take the text apart anew.
    """
    if session.get_bind().dialect.name == "sqlite":
        words = " AND ".join(_of_sqlite(phrase) for phrase in phrases)
        return _FOUND_BY_SQLITE.bindparams(words=words, most=MOST_MATCHES + 1)
    words = " & ".join(_of_postgresql(phrase) for phrase in phrases)
    found = text(f"{_VECTOR} @@ to_tsquery('simple', :words)").bindparams(words=words)
    return select(Comment.id).where(found).limit(MOST_MATCHES + 1)


def _of_sqlite(phrase: Phrase) -> str:
    return f'"{" ".join(phrase.words)}"' + (" *" if phrase.open_ended else "")


def _of_postgresql(phrase: Phrase) -> str:
    return " & ".join(f"'{word}'" for word in phrase.words) + (":*" if phrase.open_ended else "")


@lru_cache(maxsize=256)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"[\W_]+".join(re.escape(word.lower()) for word in words))


def _goes_on(text: str, place: int) -> bool:
    """Return whether a word that ends (or begins) beside the place goes on there."""
    return 0 <= place < len(text) and (text[place].isalnum() or text[place] in _MARKS)
