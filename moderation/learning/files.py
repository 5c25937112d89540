"""A model's files: kept in the database, so that every machine can have them, and laid out on disk to be loaded."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from model.artifact import ArtifactError
from model.scoring import Scorer
from moderation.errors import NotFoundError
from moderation.tables import ModelFile

#: Versions and file names become paths; nothing else may stand in them.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def store(session: Session, version: str, folder: Path) -> None:
    """Put the files of ``folder`` into the database, in place of what was there of this version."""
    for path in sorted(folder.iterdir()):
        session.merge(ModelFile(version=version, name=_plain(path.name), content=path.read_bytes()))


def materialise(session: Session, version: str, models: Path) -> Path:
    """Return the folder of this version below ``models``; fetch it from the database if it is not there yet.

    The folder appears whole or not at all. Raises ``NotFoundError`` if the database has no such version.
    """
    folder = models / _plain(version)
    if folder.is_dir():
        return folder
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models, prefix=".fetching-") as parent:
        draft = Path(parent) / version
        write_files(session, version, draft)
        try:
            draft.rename(folder)
        except OSError:
            # Another process was quicker; what it put there is the same.
            if not folder.is_dir():
                raise
    return folder


def write_files(session: Session, version: str, folder: Path) -> None:
    """Write the files of this version into the new folder ``folder``. Raises ``NotFoundError``."""
    files = session.execute(select(ModelFile.name, ModelFile.content).where(ModelFile.version == version)).all()
    if not files:
        message = f"There are no files of the model {version}."
        raise NotFoundError(message)
    folder.mkdir()
    for name, content in files:
        (folder / _plain(name)).write_bytes(content)


def load(session: Session, version: str, models: Path) -> Scorer:
    """Load a model, from ``models`` if it is there.

    Raises ``NotFoundError`` if the database has no such model, ``ArtifactError`` if even its copy is damaged.
    """
    try:
        return Scorer.load(materialise(session, version, models))
    except ArtifactError:
        # The copy on this machine may be the only damaged one.
        shutil.rmtree(models / _plain(version), ignore_errors=True)
        return Scorer.load(materialise(session, version, models))


def _plain(name: str) -> str:
    if not _PLAIN_NAME.fullmatch(name):
        message = f"{name!r} is no name of a model or of one of its files"
        raise ArtifactError(message)
    return name
