"""Small real artifacts: judges that say the same of every comment, which is enough to see which one is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

from model import artifact
from model.held_out import FILE, HeldOut
from model.vector import WIDTH
from moderation.database import Database
from moderation.learning.registry import register

METRICS = {"n": 100, "n_spam": 50, "roc_auc": 0.9, "brier": 0.1}


def make_artifact(out: Path, version: str, *, log_odds: float = 0.0, parent: str = "starter-0") -> Path:
    """Write an artifact whose every score is ``log_odds``, and that can keep its promises."""
    weights = artifact.Weights(np.zeros(WIDTH), np.ones(WIDTH), log_odds)
    manifest = artifact.Manifest(
        version=version, created_at="2026-01-05T12:00:00+00:00", parent=parent, metrics=dict(METRICS)
    )
    held_out = HeldOut.of(np.arange(3000) < 1000, np.where(np.arange(3000) < 1000, 0.999, 0.001), [""] * 3000)
    return artifact.save(out, manifest, weights, {FILE: held_out.as_bytes()})


def add_model(
    database: Database,
    out: Path,
    version: str,
    now: datetime,
    *,
    log_odds: float = 0.0,
    parent: str = "starter-0",
    objections: Sequence[str] = (),
) -> None:
    """Register such an artifact."""
    folder = make_artifact(out, version, log_odds=log_odds, parent=parent)
    with database.writing() as session:
        register(session, folder, objections, None, now)
