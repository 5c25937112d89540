"""The labels that a training could not learn from as they are, by comment, kept with the model they are missing in."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.orm import Session

from moderation.tables import ModelFile

NAME = "left-out.json"


class Clash(Protocol):
    """Near-identical comments that carry both labels: positions in the samples given."""

    @property
    def spam(self) -> Sequence[int]: ...  # noqa: D102
    @property
    def ham(self) -> Sequence[int]: ...  # noqa: D102


def keep_left_out(session: Session, version: str, clashes: Sequence[Clash], ids: Sequence[uuid.UUID]) -> None:
    """Store which comments clash; samples behind ``ids`` came from files and are no comments of ours."""

    def named(positions: Sequence[int]) -> list[str]:
        return [str(ids[position]) for position in positions if position < len(ids)]

    groups = [{"spam": named(clash.spam), "ham": named(clash.ham)} for clash in clashes]
    content = json.dumps([group for group in groups if group["spam"] or group["ham"]]).encode()
    session.merge(ModelFile(version=version, name=NAME, content=content))


def read_left_out(session: Session, version: str) -> list[dict[str, list[uuid.UUID]]] | None:
    """Return the groups of clashing comments, or ``None`` where none were kept with this model."""
    file = session.get(ModelFile, (version, NAME))
    if file is None:
        return None
    return [
        {label: [uuid.UUID(one) for one in ids] for label, ids in group.items()} for group in json.loads(file.content)
    ]
