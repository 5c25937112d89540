"""The registry of models: what was trained, why it should not go live, and what is, was and will be live."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from model.artifact import ArtifactError, read_manifest
from model.scoring import STARTER, Scorer
from moderation.database import lock
from moderation.errors import ConflictError, NotFoundError
from moderation.learning import files
from moderation.tables import ModelVersion, Promotion

_LOCK = ("models",)


@dataclass(frozen=True, slots=True)
class Listed:
    """A model and how it stands: whether it is live now, and when it last went live."""

    model: ModelVersion
    live: bool
    promoted_at: datetime | None

    def as_dict(self) -> dict[str, Any]:
        """Return the record as the API answers and the command line prints it."""
        return {
            "version": self.model.version,
            "live": self.live,
            "parent": self.model.parent,
            "created_at": self.model.created_at.isoformat(),
            "promoted_at": self.promoted_at.isoformat() if self.promoted_at else None,
            "objections": self.model.objections,
            "metrics": self.model.metrics,
        }


def register(
    session: Session, folder: Path, objections: Sequence[str], created_by: uuid.UUID | None, now: datetime
) -> ModelVersion:
    """Add the artifact in ``folder``. The same artifact again renews its objections and its metrics, no more."""
    manifest = read_manifest(folder)
    lock(session, _LOCK)
    row = session.get(ModelVersion, manifest.version)
    if row is None:
        row = ModelVersion(version=manifest.version, created_by=created_by, created_at=now)
        row.parent = manifest.parent or None
        session.add(row)
    row.objections = list(objections)
    row.metrics = dict(manifest.metrics)
    session.flush()
    files.store(session, row.version, folder)
    session.flush()
    return row


def install_starter(session: Session, now: datetime) -> ModelVersion:
    """Register the starter model and promote it if only starters were ever live. Safe to repeat."""
    version = read_manifest(STARTER).version
    lock(session, _LOCK)
    known = session.get(ModelVersion, version)
    if known is not None:
        return known
    row = register(session, STARTER, (), None, now)
    # Whoever has put a model of their own live has made a choice, which an upgrade must not undo.
    if all(_is_starter(session, entry.version) for entry in _promotions(session)):
        promote(session, version, None, now)
    return row


def list_versions(session: Session) -> list[Listed]:
    """Return all models, the newest first."""
    promotions = _promotions(session)
    live = promotions[-1].version if promotions else None
    promoted_at = {entry.version: entry.created_at for entry in promotions}
    rows = session.scalars(select(ModelVersion).order_by(ModelVersion.created_at.desc(), ModelVersion.version))
    return [Listed(row, row.version == live, promoted_at.get(row.version)) for row in rows]


def show(session: Session, version: str) -> Listed:
    """Return one model. Raises ``NotFoundError``."""
    for listed in list_versions(session):
        if listed.model.version == version:
            return listed
    message = f"There is no model {version}."
    raise NotFoundError(message)


def live_version(session: Session) -> str | None:
    """Return the version in force, or ``None`` if nothing was ever promoted."""
    return session.scalar(select(Promotion.version).order_by(Promotion.number.desc()).limit(1))


def promote(
    session: Session, version: str, person_id: uuid.UUID | None, now: datetime, *, force: bool = False
) -> Promotion:
    """Put a model live; if it is live already, nothing changes.

    Raises ``NotFoundError``, or ``ConflictError`` with the objections unless ``force`` overrides them. A model
    that cannot be loaded never goes live.
    """
    lock(session, _LOCK)
    row = session.get(ModelVersion, version)
    if row is None:
        message = f"There is no model {version}."
        raise NotFoundError(message)
    history = _promotions(session)
    if history and history[-1].version == version:
        return history[-1]
    if row.objections and not force:
        message = f"{version} is not promoted: {'; '.join(row.objections)}."
        raise ConflictError(message, code="model_objections", extra={"objections": list(row.objections)})
    return _go_live(session, history, row, person_id, now, forced=force)


def rollback(session: Session, person_id: uuid.UUID | None, now: datetime) -> Promotion:
    """Put the model live again that was live before. Once more goes back one more. Raises ``ConflictError``."""
    lock(session, _LOCK)
    history = _promotions(session)
    standing = _standing(history)
    if len(standing) < 2:  # noqa: PLR2004 -- one to go back from and one to go back to
        message = "There is no earlier model to go back to."
        raise ConflictError(message, code="no_earlier_model")
    row = session.get_one(ModelVersion, standing[-2].version)
    return _go_live(session, history, row, person_id, now, undoes=standing[-1].number)


def can_roll_back(session: Session) -> bool:
    """Tell whether there is an earlier model to go back to."""
    return len(_standing(_promotions(session))) > 1


def promotion_record(promotion: Promotion) -> dict[str, Any]:
    """Return a promotion as the API answers and the command line prints it."""
    return {
        "version": promotion.version,
        "number": promotion.number,
        "undoes": promotion.undoes,
        "forced": promotion.forced,
        "objections": promotion.objections,
        "created_at": promotion.created_at.isoformat(),
    }


def _standing(history: Sequence[Promotion]) -> list[Promotion]:
    """Return the promotions that were not taken back, the one in force last."""
    standing: list[Promotion] = []
    for entry in history:
        if entry.undoes is None:
            standing.append(entry)
        else:
            standing.pop()
    return standing


def _go_live(
    session: Session,
    history: Sequence[Promotion],
    row: ModelVersion,
    person_id: uuid.UUID | None,
    now: datetime,
    *,
    forced: bool = False,
    undoes: int | None = None,
) -> Promotion:
    _check_loadable(session, row.version)
    entry = Promotion(
        number=history[-1].number + 1 if history else 1,
        version=row.version,
        undoes=undoes,
        forced=forced,
        objections=list(row.objections),
        person_id=person_id,
        created_at=now,
    )
    session.add(entry)
    session.flush()
    return entry


def _check_loadable(session: Session, version: str) -> None:
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "artifact"
        try:
            files.write_files(session, version, folder)
            Scorer.load(folder)
        except (ArtifactError, NotFoundError) as error:
            message = f"{version} cannot be loaded and so not go live: {error}"
            raise ConflictError(message, code="model_damaged") from error


def _promotions(session: Session) -> list[Promotion]:
    return list(session.scalars(select(Promotion).order_by(Promotion.number)))


def _is_starter(session: Session, version: str) -> bool:
    # Every other model was trained from a starter, its parent.
    return session.get_one(ModelVersion, version).parent is None
