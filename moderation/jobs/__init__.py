"""Background work: the row in ``job`` is the truth, Huey only wakes a worker for it."""

from moderation.jobs.queue import wake
from moderation.jobs.worker import run_worker

__all__ = ["run_worker", "wake"]
