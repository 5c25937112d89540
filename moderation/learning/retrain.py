"""From the labels to a registered candidate. Changes nothing that is live."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from model.artifact import ArtifactError
from model.sample import LabelledSample
from model.scoring import STARTER
from moderation.clock import Clock
from moderation.database import Database, lock
from moderation.errors import ConflictError, NotFoundError, UnavailableError
from moderation.learning import files
from moderation.learning.labels import labelled_comments
from moderation.learning.left_out import keep_left_out
from moderation.learning.registry import live_version, register
from moderation.machine import processors
from moderation.outbox import Kind, enqueue
from moderation.tables import Job, JobState, ModelVersion

if TYPE_CHECKING:
    from model.training import TrainingResult

Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class _Live:
    """The model to beat.

    ``record`` are its own held-out metrics if it was trained here: it has learnt many of the labels that the candidate
    is measured on, and on what it has learnt every model looks better than it is. The starter has learnt none of them
    and is measured on the candidate's held-out labels.
    """

    folder: Path
    record: dict[str, Any] | None


def request_retrain(session: Session, created_by: uuid.UUID | None, now: datetime) -> uuid.UUID:
    """Order a retraining. Raises ``ConflictError`` that names the job if one is ordered or running already."""
    lock(session, ("retrain",))
    unfinished = session.scalar(
        select(Job.id)
        .where(Job.kind == Kind.RETRAIN, Job.state.in_((JobState.QUEUED, JobState.RUNNING)))
        .order_by(Job.id)
        .limit(1)
    )
    if unfinished is not None:
        message = f"A model is being trained already: job {unfinished}."
        raise ConflictError(message, code="already_training", extra={"job": str(unfinished)})
    return enqueue(session, Kind.RETRAIN, {}, now, created_by=created_by)


def retrain(
    database: Database,
    out_folder: Path,
    clock: Clock,
    *,
    extra: Iterable[LabelledSample] = (),
    created_by: uuid.UUID | None = None,
    progress: Progress = lambda _share, _what: None,
    settle: Callable[[Session, dict[str, Any]], None] = lambda _session, _result: None,
) -> dict[str, Any]:
    """Fit a candidate on the labels of the database and on ``extra``, and register it with its objections.

    ``settle`` is called in the transaction that registers it, so that a job and its outcome end together.
    Raises ``ConflictError`` where nothing can be learnt, ``UnavailableError`` where nothing can be written.
    """
    # scikit-learn comes with it, and a web server that only orders a training must not carry it.
    from moderation.learning.objections import objections_to  # noqa: PLC0415

    progress(0.0, "reading the labels")
    ids: list[uuid.UUID] = []
    with database.reading() as session:
        live = _live(session, out_folder)
    result = _train(chain(_labels(database, ids), extra), out_folder, live, clock(), progress)
    to_beat = (live.record if live else None) or result.live_metrics
    objections = objections_to(result, to_beat)
    summary = _summary(result, to_beat, objections)
    with database.writing() as session:
        register(session, result.folder, objections, created_by, clock())
        keep_left_out(session, result.version, result.conflicts, ids)
        settle(session, summary)
    return summary


def _labels(database: Database, ids: list[uuid.UUID]) -> Iterator[LabelledSample]:
    """Yield the labels in one snapshot, which is open no longer than they are read."""
    with database.reading() as session:
        yield from labelled_comments(session, ids)


def _train(
    samples: Iterator[LabelledSample], out_folder: Path, live: _Live | None, now: datetime, progress: Progress
) -> TrainingResult:
    from model.training import TrainingError, train  # noqa: PLC0415 -- see above

    first = next(samples, None)
    if first is None:
        message = "Nothing can be learnt: nobody has called a comment spam or genuine yet."
        raise ConflictError(message, code="nothing_to_learn")
    try:
        return train(
            chain([first], samples),
            prior=STARTER,
            out=out_folder,
            progress=progress,
            live=live.folder if live else None,
            now=now,
            workers=processors(),
        )
    except TrainingError as error:
        message = f"Nothing can be learnt: {error}."
        raise ConflictError(message, code="nothing_to_learn") from error
    except ArtifactError as error:
        message = f"The starter model cannot be used: {error}"
        raise UnavailableError(message, code="model_damaged") from error
    except OSError as error:
        message = f"The model cannot be written to {out_folder}: {error.strerror or error}"
        raise UnavailableError(message, code="storage_full") from error


def _live(session: Session, models: Path) -> _Live | None:
    version = live_version(session)
    if version is None:
        return None
    row = session.get_one(ModelVersion, version)
    try:
        folder = files.load(session, version, models).folder
    except (ArtifactError, NotFoundError):
        # A live model that is gone cannot be compared with; training the next one is the way out.
        return None
    return _Live(folder, row.metrics if row.parent is not None else None)


def _summary(result: TrainingResult, to_beat: dict[str, Any] | None, objections: list[str]) -> dict[str, Any]:
    return {
        "version": result.version,
        "n": result.n_spam + result.n_ham,
        "n_spam": result.n_spam,
        "n_ham": result.n_ham,
        "metrics": result.metrics,
        "live_metrics": to_beat,
        "objections": objections,
        "warnings": list(result.warnings),
    }
