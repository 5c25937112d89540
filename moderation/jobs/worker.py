"""The background worker: takes jobs when called, looks for forgotten ones, and stops without losing any."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import structlog
from huey.consumer import Consumer

from moderation.database import Database
from moderation.errors import ModerationError, UnavailableError
from moderation.jobs import lease as leases
from moderation.jobs.kinds import WORK, NotNowError, Work
from moderation.jobs.lease import LEASE, Lease, LeaseLostError
from moderation.jobs.mail import Timetable
from moderation.jobs.queue import Queue, open_queue
from moderation.services import Services

#: Comments are re-judged while a model is trained, and both while servers are slow to take what is delivered.
THREADS = 4
REPORT_EVERY = 0.5

logger = structlog.get_logger(__name__)


class StoppingError(Exception):
    """The worker is to end; its job is given back."""


class Worker:
    """Does one job at a time in each thread that calls ``run``."""

    def __init__(self, services: Services, stop: threading.Event, work: Mapping[str, Work] = WORK) -> None:
        self._services = services
        self._stop = stop
        self._work = work
        self._held: dict[uuid.UUID, Lease] = {}

    def run(self, job_id: uuid.UUID) -> None:
        """Do the job, if it is free and due."""
        if self._stop.is_set():
            return
        try:
            with self._services.database.writing() as session:
                lease = leases.take(session, job_id, self._services.clock())
            if lease is not None:
                self._hold(lease)
        except LeaseLostError:
            logger.warning("job.lease_lost", job=str(job_id))
        except UnavailableError as error:
            # Nothing can be written now; the lease runs out, if there was one, and the job is taken up again.
            logger.warning("job.left", job=str(job_id), error=error.code)

    def release_all(self) -> None:
        """Give back what is still being worked on, so that another worker need not wait for the lease."""
        for lease in list(self._held.values()):
            try:
                with self._services.database.writing() as session:
                    leases.give_back(session, lease, "Its worker was stopped.", self._services.clock())
            except (LeaseLostError, UnavailableError) as error:
                logger.warning("job.not_given_back", job=str(lease.job_id), error=type(error).__name__)

    def _hold(self, lease: Lease) -> None:
        logger.info("job.taken", job=str(lease.job_id), kind=lease.kind, attempt=lease.attempts)
        self._held[lease.token] = lease
        try:
            with _renewing(self._services, lease):
                self._attempt(lease)
        finally:
            self._held.pop(lease.token, None)

    def _attempt(self, lease: Lease) -> None:
        database, clock = self._services.database, self._services.clock
        try:
            self._work[lease.kind](self._services, lease, _Reporter(database, lease, self._stop))
        except LeaseLostError:
            raise
        except StoppingError:
            with database.writing() as session:
                leases.give_back(session, lease, "Its worker was stopped.", clock())
        except NotNowError as error:
            logger.info("job.put_off", job=str(lease.job_id), kind=lease.kind, times=lease.deferrals + 1)
            with database.writing() as session:
                leases.defer(session, lease, str(error), clock(), error.delay, error.ceiling)
        except UnavailableError as error:
            with database.writing() as session:
                leases.retry(session, lease, error.message, clock())
        except ModerationError as error:
            with database.writing() as session:
                leases.fail(session, lease, error.message, clock())
        except Exception as error:
            logger.exception("job.attempt_failed", job=str(lease.job_id), kind=lease.kind, attempt=lease.attempts)
            with database.writing() as session:
                # Only the kind of error: its text may quote a comment, and the row is shown to people.
                leases.retry(session, lease, f"It failed with {type(error).__name__}; see the log.", clock())


class _Reporter:
    """Writes progress to the job's row, not too often, and is where a long job notices that it must stop."""

    def __init__(self, database: Database, lease: Lease, stop: threading.Event) -> None:
        self._database = database
        self._lease = lease
        self._stop = stop
        self._next = 0.0

    def __call__(self, progress: float, message: str) -> None:
        if self._stop.is_set():
            raise StoppingError
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + REPORT_EVERY
        with self._database.writing() as session:
            leases.report(session, self._lease, progress, message)


@contextmanager
def _renewing(services: Services, lease: Lease) -> Iterator[None]:
    done = threading.Event()

    def renew() -> None:
        while not done.wait(LEASE.total_seconds() / 3):
            try:
                with services.database.writing() as session:
                    leases.renew(session, lease, services.clock())
            except UnavailableError as error:
                logger.warning("job.renewal_failed", job=str(lease.job_id), error=error.code)
            except LeaseLostError:
                return

    thread = threading.Thread(target=renew, name=f"lease-{lease.job_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


class _Consumer(Consumer):  # type: ignore[misc]  # Huey carries no types
    def _set_signal_handlers(self) -> None:
        """Leave the signals to the command, which ends the web server and the worker alike."""


def run_worker(
    services: Services,
    stop: threading.Event,
    *,
    sweep_every: float = 1.0,
    grace: float = 10.0,
    work: Mapping[str, Work] = WORK,
) -> None:
    """Work until ``stop`` is set; then end what can be ended within ``grace`` seconds and give back the rest."""
    worker = Worker(services, stop, work)
    queue = open_queue(services.settings, services.secret_key, worker.run)
    consumer = _Consumer(
        queue.huey, workers=THREADS, periodic=False, initial_delay=0.05, max_delay=0.5, shutdown_timeout=grace
    )
    consumer.start()
    timetable = Timetable(services)
    try:
        sweep(services, queue)
        while not stop.wait(sweep_every):
            timetable.look(queue)
            sweep(services, queue)
    finally:
        stop.set()
        consumer.stop(graceful=True)
        worker.release_all()
        queue.close()


def sweep(services: Services, queue: Queue) -> None:
    """Call for the jobs that are due although nobody is called: a call was lost, a pause is over, a worker died."""
    try:
        with services.database.reading() as session:
            forgotten = leases.due(session, services.clock())
        # Calls that wait already lead to these jobs or to another sweep; more of them would only pile up.
        if forgotten and queue.is_empty():
            for job_id in forgotten:
                queue.call(job_id)
    except Exception as error:  # noqa: BLE001 -- database and broker may be away for a while; the next sweep comes
        logger.warning("job.sweep_failed", error=type(error).__name__)
