"""procrastinate's job manager with fencing, and with retries while the database is away.

procrastinate's own `finish_job` and `retry_job` do not check which worker holds the job,
and a database error in them, in a heartbeat or in a fetch ends the worker or leaves a job
`doing` for ever. Here only the holder can settle a job, for as long as the database is
unavailable it keeps trying to, and every other statement is retried.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime

from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager, NotificationCallback

from storage.database.postgres import APPLICATION_NAME
from storage.jobs.port import LEASE
from storage.jobs.queue import DatabaseAvailability
from storage.jobs.retry import Retry

RETRY_SECONDS = 0.5
"""Seconds between two tries while the database is unavailable."""

DELETE_JOB = """
DELETE FROM procrastinate_jobs WHERE id = %(id)s AND status = 'doing' AND attempts = %(attempts)s
"""
"""`attempts` is the fencing token: each failure and each takeover raises it."""

RELEASE_JOB = """
UPDATE procrastinate_jobs
SET status = 'todo', worker_id = NULL, attempts = attempts + %(counted)s,
    scheduled_at = now() + make_interval(secs => %(seconds)s)
WHERE id = %(id)s AND status = 'doing' AND attempts = %(attempts)s
"""

WRITE_HEARTBEAT = """
INSERT INTO procrastinate_workers (id, last_heartbeat)
OVERRIDING SYSTEM VALUE VALUES (%(worker)s, now())
ON CONFLICT (id) DO UPDATE SET last_heartbeat = now()
"""
"""Inserts the worker's row again if another worker deleted it during a long silence.

Without its row a worker cannot fetch jobs.
"""

TERMINATE_SILENT_SESSIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = %(name)s AND datname = current_database() AND usename = current_user
  AND xact_start IS NOT NULL AND wait_event = 'ClientRead'
  AND greatest(state_change, query_start) < now() - make_interval(secs => %(seconds)s)
"""
"""Ends the sessions of frozen processes, which would keep their row locks.

PostgreSQL's idle_in_transaction_session_timeout does not cover a client that freezes in the
middle of a pipeline; such a session is recognised by its wait for the client.
"""


class FencedJobManager(JobManager):
    """JobManager, changed as the module says.

    `retries` holds the decision about a failed job, by id and attempts, from the retry
    strategy's call until `retry_job` writes it.
    """

    def __init__(self, connector: object, availability: DatabaseAvailability) -> None:
        super().__init__(connector)  # pyright: ignore[reportArgumentType]
        self.availability = availability
        self.retries: dict[tuple[int | None, int], Retry] = {}
        self.is_stopping = False
        self.wake_worker: Callable[[], None] = lambda: None

    async def fetch_job(
        self, queues: Iterable[str] | None, worker_id: int
    ) -> Job | None:
        """The next job, or None if there is none or the database is unavailable."""
        try:
            job = await super().fetch_job(queues, worker_id)
        except UniqueViolation:
            return None  # another worker claimed a job of the same lock meanwhile
        except ConnectorException as error:
            self.availability.note_unavailable(error)
            return None
        self.availability.note_available()
        return job

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: ARG002
        """Delete a job that succeeded. Jobs that failed are only ever retried."""
        await self.write_outcome(DELETE_JOB, id=job.id, attempts=job.attempts)
        # The next job of this lock is ready now, and PostgreSQL sends no notice of that.
        self.wake_worker()

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,  # noqa: ARG002
        priority: int | None = None,  # noqa: ARG002
        queue: str | None = None,  # noqa: ARG002
        lock: str | None = None,  # noqa: ARG002
    ) -> None:
        """Return a job to the queue, by the database's clock as all other times."""
        retry = self.retries.pop((job.id, job.attempts))
        await self.write_outcome(
            RELEASE_JOB,
            id=job.id,
            attempts=job.attempts,
            counted=int(retry.counts_as_failure),
            seconds=retry.seconds,
        )

    async def write_outcome(self, query: str, **values: object) -> None:
        """Write how a job ended, retrying: while this worker has heartbeats nobody else will."""
        while True:
            try:
                await self.connector.execute_query_async(
                    query,  # pyright: ignore[reportArgumentType]
                    **values,
                )
            except ConnectorException as error:
                self.availability.note_unavailable(error)
                if self.is_stopping:
                    return
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    async def send_heartbeat(self, worker: int) -> None:
        """Write a worker's heartbeat. Raises ConnectorException."""
        await self.connector.execute_query_async(WRITE_HEARTBEAT, worker=worker)

    async def free_expired_jobs(self) -> None:
        """Return jobs to the queue whose workers had no heartbeat for a lease.

        Their database sessions are ended first. Raises ConnectorException.
        """
        lease = LEASE.total_seconds()
        await self.connector.execute_query_async(
            TERMINATE_SILENT_SESSIONS, name=APPLICATION_NAME, seconds=lease
        )
        for job in await self.get_stalled_jobs(seconds_since_heartbeat=lease):
            await self.connector.execute_query_async(
                RELEASE_JOB, id=job.id, attempts=job.attempts, counted=1, seconds=0.0
            )

    async def listen_for_jobs(
        self,
        *,
        on_notification: NotificationCallback,
        queues: Iterable[str] | None = None,
    ) -> None:
        """Listen for new jobs, and reconnect whenever the connection is lost.

        Jobs that arrive while there is no connection are found by polling.
        """
        while True:
            try:
                await super().listen_for_jobs(
                    on_notification=on_notification, queues=queues
                )
            except ConnectorException as error:
                self.availability.note_unavailable(error)
            await asyncio.sleep(RETRY_SECONDS)
