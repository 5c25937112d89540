"""The wake-up calls: Huey on the broker that the settings name. A call that is lost costs seconds, never a job."""

from __future__ import annotations

import threading
import uuid
import weakref
from collections.abc import Callable
from typing import Any

import psycopg
import structlog
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.serializer import SignedSerializer
from redis import ConnectionPool
from sqlalchemy import event
from sqlalchemy.engine import URL

from moderation.database import Database
from moderation.services import Services
from moderation.settings import Settings

NAME = "moderation"
#: Any number that nothing else locks: PostgreSQL may refuse two who create the same table at once.
_CREATING = 0x6875657921

logger = structlog.get_logger(__name__)


def open_queue(settings: Settings, secret_key: str, run: Callable[[uuid.UUID], None] | None = None) -> Queue:
    """Connect to the broker; ``run`` is what a worker does when called."""
    # By default Huey unpickles whatever lies in the broker; a signature keeps out what we did not put there.
    serializer = SignedSerializer(secret_key, salt="moderation.jobs")
    common = {"results": False, "serializer": serializer}
    if settings.redis_url:
        pool = ConnectionPool.from_url(settings.redis_url, socket_connect_timeout=2, socket_timeout=10)
        return Queue(RedisHuey(NAME, connection_pool=pool, **common), run, pool.disconnect)
    if settings.database.get_backend_name() == "postgresql":
        connections = _Connections(settings.database)
        return Queue(connections.make_huey(common), run, connections.close)
    return Queue(SqliteHuey(NAME, filename=str(settings.home / "jobs.sqlite3"), **common), run)


class Queue:
    """The calls waiting in the broker."""

    def __init__(
        self, huey: Huey, run: Callable[[uuid.UUID], None] | None, disconnect: Callable[[], None] = lambda: None
    ) -> None:
        self.huey = huey
        self._disconnect = disconnect
        self._run = run
        self._task = huey.task(name="run_job")(self._called)

    def call(self, job_id: uuid.UUID) -> None:
        """Ask some worker to look at this job."""
        self._task(str(job_id))

    def is_empty(self) -> bool:
        """Whether no call is waiting."""
        return bool(self.huey.pending_count() == 0)

    def close(self) -> None:
        """Give up the connections to the broker."""
        self.huey.storage.close()
        self._disconnect()

    def _called(self, job_id: str) -> None:
        if self._run is not None:
            self._run(uuid.UUID(job_id))


_queues: weakref.WeakKeyDictionary[Database, Queue] = weakref.WeakKeyDictionary()
_opening = threading.Lock()


def wake(services: Services, job_id: uuid.UUID) -> None:
    """Call a worker for a job that is committed. Never fails: a worker looks for forgotten jobs anyway."""
    try:
        _queue_of(services).call(job_id)
    except Exception as error:  # noqa: BLE001 -- each broker has its own errors, and none is the caller's concern
        logger.warning("job.wake_lost", job=str(job_id), error=type(error).__name__)


def _queue_of(services: Services) -> Queue:
    database = services.database
    with _opening:
        if database not in _queues:
            _queues[database] = queue = open_queue(services.settings, services.secret_key)
            event.listen(database.engine, "engine_disposed", lambda _engine: _forget(queue))
        return _queues[database]


def _forget(queue: Queue) -> None:
    with _opening:
        for database in [known for known, its in _queues.items() if its is queue]:
            del _queues[database]
    queue.close()


class _Connections:
    """Connections to PostgreSQL that can be closed: Huey leaves those its threads listen on to the collector."""

    def __init__(self, url: URL) -> None:
        self._args, self._params = url.get_dialect()().create_connect_args(url)
        self._open: list[psycopg.Connection[Any]] = []
        self._closed = False
        self._lock = threading.Lock()

    def make_huey(self, common: dict[str, Any]) -> Huey:
        with self._connect() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_CREATING])
            return PostgresHuey(NAME, connection=self._connect, **common)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for connection in self._open:
                connection.close()

    def _connect(self) -> psycopg.Connection[Any]:
        with self._lock:
            if self._closed:
                # A job that outlived its worker; nobody would close what is opened now.
                message = "the queue is closed"
                raise psycopg.OperationalError(message)
            connection = psycopg.connect(*self._args, **self._params)
            self._open = [one for one in self._open if not one.closed] + [connection]
            return connection
