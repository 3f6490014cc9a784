"""procrastinate's way to its tables, changed where something would be lost.

Its own `finish_job` and `retry_job` take any worker's word, and an error in them, or in a
heartbeat or a fetch, ends the worker or leaves a task behind that is `doing` for ever. Here
a task's end is written by who holds it, however long the database is away, and everything
else is simply tried again.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime

from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager, NotificationCallback

from storage.database.postgres import APPLICATION_NAME
from storage.jobs.port import LEASE
from storage.jobs.reach import DatabaseAvailability
from storage.jobs.retry import Retry

RETRY_SECONDS = 0.5
"""Seconds between two tries to reach a database that is away."""

DELETE_JOB = """
DELETE FROM procrastinate_jobs WHERE id = %(id)s AND status = 'doing' AND attempts = %(attempts)s
"""
"""`attempts` is the fence.

It is raised by every failure and whenever a task is taken from somebody.
"""

RELEASE_JOB = """
UPDATE procrastinate_jobs
SET status = 'todo', worker_id = NULL, attempts = attempts + %(counted)s,
    scheduled_at = now() + make_interval(secs => %(seconds)s)
WHERE id = %(id)s AND status = 'doing' AND attempts = %(attempts)s
"""

WRITE_HEARTBEAT = """
INSERT INTO procrastinate_workers (id, last_heartbeat) OVERRIDING SYSTEM VALUE VALUES (%(worker)s, now())
ON CONFLICT (id) DO UPDATE SET last_heartbeat = now()
"""
"""A worker that was silent so long that another one deleted its row is one again, and may fetch."""

TERMINATE_SILENT_SESSIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = %(name)s AND datname = current_database() AND usename = current_user
  AND xact_start IS NOT NULL AND wait_event = 'ClientRead'
  AND greatest(state_change, query_start) < now() - make_interval(secs => %(seconds)s)
"""
"""A process that freezes in the middle of a pipeline keeps its locks.

PostgreSQL does not take its session for idle in the transaction, or has stopped counting,
so that no timeout ends it. It shows only in that it waits for its client.
"""


class FencedJobManager(JobManager):
    """See above.

    `retries` holds what follows from a failure between the worker's asking and its writing
    it down.
    """

    def __init__(self, connector: object, reach: DatabaseAvailability) -> None:
        super().__init__(connector)  # pyright: ignore[reportArgumentType]
        self.availability = reach
        self.retries: dict[tuple[int | None, int], Retry] = {}
        self.is_stopping = False
        self.wake_worker: Callable[[], None] = lambda: None

    async def fetch_job(
        self, queues: Iterable[str] | None, worker_id: int
    ) -> Job | None:
        """The next task, or None where there is none and where the database did not give one."""
        try:
            job = await super().fetch_job(queues, worker_id)
        except UniqueViolation:
            return None  # another worker began a task of the same lock in this moment
        except ConnectorException as error:
            self.availability.note_unavailable(error)
            return None
        self.availability.note_available()
        return job

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: ARG002
        """Remove a task that is done. Others are never finished, only retried."""
        await self.write_outcome(DELETE_JOB, id=job.id, attempts=job.attempts)
        self.wake_worker()  # the next task of its lock is ready, of which PostgreSQL tells nobody

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,  # noqa: ARG002
        priority: int | None = None,  # noqa: ARG002
        queue: str | None = None,  # noqa: ARG002
        lock: str | None = None,  # noqa: ARG002
    ) -> None:
        """Put a task back.

        When it is tried again is counted by the database's clock, as everything else is.
        """
        later = self.retries.pop((job.id, job.attempts))
        await self.write_outcome(
            RELEASE_JOB,
            id=job.id,
            attempts=job.attempts,
            counted=int(later.counts_as_failure),
            seconds=later.seconds,
        )

    async def write_outcome(self, query: str, **values: object) -> None:
        """Write how a task ended. While its worker lives, nobody else would look after it."""
        while True:
            try:
                await self.connector.execute_query_async(query, **values)  # pyright: ignore[reportArgumentType]
            except ConnectorException as error:
                self.availability.note_unavailable(error)
                if self.is_stopping:
                    return
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    async def send_heartbeat(self, worker: int) -> None:
        """Say that a worker is there. Raises ConnectorException."""
        await self.connector.execute_query_async(WRITE_HEARTBEAT, worker=worker)

    async def free_expired_jobs(self) -> None:
        """Free the tasks of workers that were silent for a lease, and their locks.

        Raises ConnectorException.
        """
        silent = LEASE.total_seconds()
        await self.connector.execute_query_async(
            TERMINATE_SILENT_SESSIONS, name=APPLICATION_NAME, seconds=silent
        )
        for job in await self.get_stalled_jobs(seconds_since_heartbeat=silent):
            await self.connector.execute_query_async(
                RELEASE_JOB, id=job.id, attempts=job.attempts, counted=1, seconds=0.0
            )

    async def listen_for_jobs(
        self,
        *,
        on_notification: NotificationCallback,
        queues: Iterable[str] | None = None,
    ) -> None:
        """Hear of new tasks, on one connection after another.

        Those that come in between are found by polling.
        """
        while True:
            try:
                await super().listen_for_jobs(
                    on_notification=on_notification, queues=queues
                )
            except ConnectorException as error:
                self.availability.note_unavailable(error)
            await asyncio.sleep(RETRY_SECONDS)
