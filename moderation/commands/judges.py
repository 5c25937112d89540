"""The judge of commands that need no database: the live model where there is one, else the starter."""

from __future__ import annotations

import contextlib
import sys

import click

from model.artifact import ArtifactError
from model.scoring import STARTER, Scorer
from moderation.database import Database
from moderation.learning.live import LiveModel
from moderation.settings import Settings


def open_scorer(version: str | None = None) -> Scorer:
    """Return the scorer of ``version``, or of the live model; without a database, of the starter.

    Raises ``ClickException`` if ``version`` is unknown, ``SettingsError``.
    """
    settings = Settings.from_env()
    if version is not None and (starter := _starter()).version == version:
        return starter
    database = Database(settings.database)
    if version is None and database.is_missing:
        return _starter()
    try:
        # Standard output is for the results alone; what is logged on the way belongs elsewhere.
        with contextlib.redirect_stdout(sys.stderr):
            return _choose(LiveModel(database, settings.models), version, known=not database.is_missing)
    finally:
        database.dispose()


def _choose(models: LiveModel, version: str | None, *, known: bool) -> Scorer:
    if version is not None:
        found = models.scorer_for(version) if known else None
        if found is None:
            message = f"There is no model {version} that can be loaded."
            raise click.ClickException(message)
        return found
    live = models.scorer()
    if live is None:
        starter = _starter()
        click.echo(f"Warning: {models.problem} Judging with the starter model {starter.version}.", err=True)
        return starter
    return live


def _starter() -> Scorer:
    try:
        return Scorer.load(STARTER)
    except ArtifactError as error:
        message = f"The starter model cannot be used: {error}"
        raise click.ClickException(message) from error
