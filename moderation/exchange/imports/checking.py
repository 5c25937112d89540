"""What is read from another system, held to the rules that every comment is held to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from model.jsonl import BadLine
from model.sample import Label
from moderation.comments.submission import MAX_TITLE, Submission, parse_submission
from moderation.errors import InvalidError
from moderation.exchange.imports.vocabulary import (
    Imported,
    ImportedComment,
    ImportedSettings,
    ImportedThread,
    LeftOut,
)
from moderation.people.sites import origin_of
from moderation.tables import Action, Status

#: What a comment can do without, where another system took anything for it.
_SPARED = frozenset({"author_email", "author_url", "author_role", "ip", "user_agent", "referrer"})
_JUDGED = {Label.SPAM: Action.SPAM, Label.HAM: Action.PUBLISH}


@dataclass(frozen=True, slots=True)
class Checked:
    """A comment that may be written."""

    source: ImportedComment
    submission: Submission
    #: Addresses were left out that could not be any.
    is_mended: bool = False

    @property
    def action(self) -> Action:
        """What gave it its standing: a person's verdict, which teaches, or nobody's, which does not."""
        if self.source.label is not None:
            return _JUDGED[self.source.label]
        return Action.REJECT if self.source.status is Status.REJECTED else Action.JUDGE


Good = Checked | ImportedThread | ImportedSettings


def check(found: Imported, now: datetime) -> Good | LeftOut | BadLine:
    """Return the comment or thread as it may be written, or what is wrong with its line."""
    if isinstance(found, ImportedThread):
        return _thread(found, now)
    if not isinstance(found, ImportedComment):
        return found
    try:
        return Checked(found, _submission(found, now))
    except InvalidError as error:
        bad = {problem.field for problem in error.errors}
        if found.forgiving and bad <= _SPARED:
            return Checked(found, _submission(replace(found, **dict.fromkeys(bad, "")), now), is_mended=True)  # type: ignore[arg-type]
        return _bad(found.line, error)


def _submission(found: ImportedComment, now: datetime) -> Submission:
    fields = {
        "thread": found.thread,
        "author_name": found.author_name,
        "author_email": found.author_email,
        "author_url": found.author_url,
        "author_role": found.author_role,
        "body": found.body,
        "ip": found.ip,
        "user_agent": found.user_agent,
        "referrer": found.referrer,
        "created_at": found.created_at,
    }
    return parse_submission(fields, by_server=True, name_required=False, email_required=False, now=now)


def _thread(found: ImportedThread, now: datetime) -> ImportedThread | BadLine:
    # A thread's fields are a comment's, so a comment that has only them is checked in its place.
    fields = {"thread": found.key, "thread_title": found.title[:MAX_TITLE], "body": "."}
    try:
        kept = parse_submission(fields, by_server=True, name_required=False, email_required=False, now=now)
    except InvalidError as error:
        return _bad(found.line, error)
    url = found.url if origin_of(found.url) else ""
    return replace(found, key=kept.thread, url=url, title=kept.thread_title)


def _bad(line: int, error: InvalidError) -> BadLine:
    return BadLine(line, "; ".join(f"{problem.field}: {problem.message}" for problem in error.errors))
