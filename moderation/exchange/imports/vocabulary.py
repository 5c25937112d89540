"""What every format is read into: threads and comments as another system kept them, not yet checked."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from model.jsonl import BadLine
from model.sample import Label
from moderation.exchange.imports.past import Past, PastPolicy, PastSite
from moderation.tables import Status

#: The thread of comments that name none.
NO_THREAD = "imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedThread:
    """A page of the other system. Threads that only their comments name need none."""

    line: int
    key: str
    url: str = ""
    title: str = ""
    closed_at: datetime | None = None
    created_at: datetime | None = None
    #: ``created_at`` is when it was made here, whatever its comments say: our own export knows.
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class ImportedSettings:
    """A site's settings and all versions of its rules, of our own export: taken over by a site that is new."""

    line: int
    site: PastSite
    policies: Sequence[PastPolicy]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedComment:
    """A comment of the other system, where it stood, and what people said of it (``label``), if they did.

    ``key`` is its name there, ``parent_key`` that of the comment it replies to. Absent facts are empty.
    """

    line: int
    body: str
    status: Status
    label: Label | None = None
    thread: str = NO_THREAD
    key: str = ""
    parent_key: str = ""
    author_name: str = ""
    author_email: str = ""
    author_url: str = ""
    author_role: str = ""
    ip: str = ""
    user_agent: str = ""
    referrer: str = ""
    created_at: datetime | None = None
    #: What the other system knew when it judged (see ``model.sample.KNOWLEDGE``).
    knowledge: Mapping[str, float] = field(default_factory=dict)
    #: Where other systems took any address: one that cannot be is left out, and the comment comes in all the same.
    forgiving: bool = False
    #: What it was called here, where it was once exported from here.
    own_id: uuid.UUID | None = None
    #: All that was decided on it, where our own export tells.
    past: Past | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that is no comment here (a pingback, an empty place), and what it is."""

    line: int
    kind: str


Imported = ImportedSettings | ImportedThread | ImportedComment | LeftOut | BadLine
#: A format: its file and the present time give what is in it, in order, bad lines among the rest. Raises
#: ``UnreadableError`` where the file cannot be read any further.
Reader = Callable[[Path, datetime], Iterator[Imported]]
