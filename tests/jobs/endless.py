"""A worker in a process of its own whose job never ends: to be killed. ``python -m tests.jobs.endless``."""

from __future__ import annotations

import threading
import time

from moderation.database import Database
from moderation.jobs import run_worker
from moderation.jobs.kinds import Report
from moderation.jobs.lease import Lease
from moderation.services import Services
from moderation.settings import Settings
from tests.jobs.workers import services_of


def go_on(_services: Services, _lease: Lease, report: Report) -> None:
    while True:
        report(0.25, "working for ever")
        time.sleep(0.05)


if __name__ == "__main__":
    settings = Settings.from_env()
    run_worker(services_of(settings, Database(settings.database)), threading.Event(), work={"retrain": go_on})
