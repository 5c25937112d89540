"""The model in force, in this process: found out at most once a second, exchanged without anyone waiting."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from pathlib import Path

import structlog

from model.sample import Sample
from model.scoring import Scorer
from moderation.database import Database
from moderation.learning import files
from moderation.learning.registry import live_version

KEPT = 4
#: A model that could not be loaded is tried again no sooner: reading a damaged one costs each time.
RETRY_AFTER = 15.0

logger = structlog.get_logger(__name__)


class LiveModel:
    """Hands out the scorer of the promoted model. A model that cannot be loaded leaves the old one in place."""

    def __init__(self, database: Database, folder: Path, *, check_every: float = 1.0) -> None:
        self._database = database
        self._folder = folder
        self._check_every = check_every
        self._checking = threading.Lock()
        self._next_check = float("-inf")
        self._next_load = float("-inf")
        self._failed: str | None = None
        self._scorer: Scorer | None = None
        self._others: OrderedDict[str, Scorer] = OrderedDict()
        self._others_lock = threading.Lock()
        #: Why the scorer is not that of the promoted model, for ``/readyz`` and the log.
        self.problem: str | None = None

    def scorer(self) -> Scorer | None:
        """Return the scorer to judge with, or ``None`` if none could ever be loaded."""
        if time.monotonic() < self._next_check:
            return self._scorer
        # Only who comes first of all has nothing to judge with and must wait; later one caller looks after the
        # others, who go on with what there is.
        if self._checking.acquire(blocking=self._next_check == float("-inf")):
            try:
                if time.monotonic() >= self._next_check:
                    self._check()
                    self._next_check = time.monotonic() + self._check_every
            finally:
                self._checking.release()
        return self._scorer

    def warm_up(self) -> None:
        """Judge once, so that nobody waits for what is loaded at its first use: some clients wait for one second."""
        scorer = self.scorer()
        if scorer is not None:
            scorer.score(Sample(body="Seen at https://www.example.org/"))

    def scorer_for(self, version: str) -> Scorer | None:
        """Return the scorer of an older model, to explain or replay its judgements; ``None`` if it is gone."""
        current = self._scorer
        if current is not None and current.version == version:
            return current
        with self._others_lock:
            if version not in self._others:
                try:
                    self._others[version] = self._load(version)
                except Exception as error:  # noqa: BLE001 -- as below; here the answer lacks its evidence
                    logger.warning("model.unloadable", version=version, error=type(error).__name__)
                    return None
            self._others.move_to_end(version)
            while len(self._others) > KEPT:
                self._others.popitem(last=False)
            return self._others[version]

    def _check(self) -> None:
        try:
            with self._database.reading() as session:
                version = live_version(session)
            if version is None:
                self._tell("No model is installed. Run: moderation init")
            elif self._scorer is None or self._scorer.version != version:
                self._exchange(version)
            else:
                self._tell(None)
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with the new model, the old one goes on judging
            self._tell(f"The promoted model cannot be used: {error}")

    def _exchange(self, version: str) -> None:
        if version == self._failed and time.monotonic() < self._next_load:
            return
        self._failed, self._next_load = version, time.monotonic() + RETRY_AFTER
        self._scorer = self._load(version)
        self._failed = None
        self._tell(None)
        logger.info("model.live", version=version)

    def _load(self, version: str) -> Scorer:
        with self._database.reading() as session:
            return files.load(session, version, self._folder)

    def _tell(self, problem: str | None) -> None:
        if problem is not None and problem != self.problem:
            logger.error("model.problem", problem=problem)
        self.problem = problem
