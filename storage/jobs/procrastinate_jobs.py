"""Jobs on PostgreSQL through procrastinate, for any number of processes."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job as ProcrastinateJob
from procrastinate.worker import Worker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import UnavailableError
from contracts.log import describe_error, log
from storage.database.postgres import PostgresDatabase
from storage.jobs.fenced import RETRY_SECONDS, FencedJobManager
from storage.jobs.port import HEARTBEAT, LEASE, Handler, Job
from storage.jobs.queue import DatabaseAvailability
from storage.jobs.retry import decide_retry

POLL_SECONDS = 0.5
"""Seconds between two polls, for jobs that are due again or whose notice was missed."""

NEVER_SECONDS = 86_400.0
"""An interval that switches off procrastinate's own heartbeat and its polling for aborts."""

STEADY_HEARTBEATS = 1 + int(LEASE / HEARTBEAT)
"""Heartbeats in a row that have to succeed before other workers' leases may be ended.

After an outage every worker was silent, and each gets the time for a heartbeat first.
"""

SELECT_OPEN_SUBJECTS = text(
    "SELECT args->>'subject' FROM procrastinate_jobs WHERE task_name = :kind AND status IN "
    "('todo', 'doing')"
)
DELETE_JOBS = text(
    "DELETE FROM procrastinate_jobs WHERE args->>'subject' = ANY(:subjects)"
)


class ProcrastinateJobs:
    """See Jobs. Each kind is a task and a queue of procrastinate's.

    A worker claims only kinds that it has a handler for.
    """

    def __init__(self, database: PostgresDatabase) -> None:
        # procrastinate logs four lines a job at INFO.
        logging.getLogger("procrastinate").setLevel(logging.WARNING)
        self.database = database
        self.app = App(connector=PsycopgConnector())
        self.availability = DatabaseAvailability()
        self.manager = self.app.job_manager = FencedJobManager(
            self.app.connector, self.availability
        )
        self.worker: Worker | None = None
        self.idle_event = asyncio.Event()
        self.idle_event.set()
        self.draining = False

    async def enqueue_job(self, connection: AsyncConnection, job: Job) -> None:
        """See Jobs. Raises UnavailableError when the database goes away."""
        driver = (await connection.get_raw_connection()).driver_connection
        deferrer = self.app.configure_task(
            job.kind,
            queue=job.kind,
            lock=job.lock,
            priority=job.priority,
            schedule_at=job.not_before,
            connection=driver,
        )
        try:
            await deferrer.defer_async(subject=job.subject)
        except ConnectorException as error:
            raise UnavailableError(
                "The database does not answer. Try again in a moment."
            ) from error

    def wake_worker(self) -> None:
        """See Jobs. PostgreSQL notified all workers at the commit."""

    async def open_subjects(self, connection: AsyncConnection, kind: str) -> set[str]:
        """See Jobs."""
        return set(
            (await connection.execute(SELECT_OPEN_SUBJECTS, {"kind": kind})).scalars()
        )

    async def delete_jobs(
        self, connection: AsyncConnection, subjects: set[str]
    ) -> None:
        """See Jobs."""
        await connection.execute(DELETE_JOBS, {"subjects": list(subjects)})

    async def run_jobs(self, handlers: Mapping[str, Handler], concurrency: int) -> None:
        """See Jobs. The database's `pool` has to be open. To be called once an object."""
        await self.app.open_async(self.database.pool)
        for kind, handler in handlers.items():
            self.app.task(name=kind, queue=kind, retry=EndlessRetryStrategy(self))(
                adapt_handler(handler)
            )
        self.idle_event.clear()
        heartbeat = asyncio.create_task(self.run_heartbeat())
        try:
            while not self.draining:
                await self.run_one_worker(list(handlers), concurrency)
        finally:
            heartbeat.cancel()
            await asyncio.gather(heartbeat, return_exceptions=True)
            self.idle_event.set()

    async def run_one_worker(self, kinds: list[str], concurrency: int) -> None:
        """Run one worker of procrastinate's until `drain_jobs` stops it or an error ends it.

        An unavailable database is the usual error; the caller then starts another worker.
        """
        self.worker = worker = Worker(
            app=self.app,
            queues=kinds,
            concurrency=concurrency,
            fetch_job_polling_interval=POLL_SECONDS,
            abort_job_polling_interval=NEVER_SECONDS,
            shutdown_graceful_timeout=0.0,
            install_signal_handlers=False,
            update_heartbeat_interval=NEVER_SECONDS,
            stalled_worker_timeout=LEASE.total_seconds(),
        )
        self.manager.wake_worker = worker._new_job_event.set  # pyright: ignore[reportPrivateUsage]
        try:
            await worker.run()
        except ConnectorException as error:
            self.availability.note_unavailable(error)
        except Exception as error:
            log.error("worker restarts", **describe_error(error))
        if not self.draining:
            await asyncio.sleep(RETRY_SECONDS)

    async def run_heartbeat(self) -> None:
        """Write this worker's heartbeat, and end the leases of workers without one.

        procrastinate's own heartbeat stops while a draining worker waits for its jobs, and
        after the first database error.
        """
        successes = STEADY_HEARTBEATS
        while True:
            try:
                if self.worker and self.worker.worker_id is not None:
                    await self.manager.send_heartbeat(self.worker.worker_id)
                successes += 1
                if successes > STEADY_HEARTBEATS:
                    await self.manager.free_expired_jobs()
            except Exception as error:
                self.availability.note_unavailable(error)
                successes = 0
            await asyncio.sleep(HEARTBEAT.total_seconds())

    async def drain_jobs(self, seconds: float) -> None:
        """See Jobs.

        Returns at most one lease later if the database is unavailable or a job ignores its
        cancellation.
        """
        self.draining = True
        if self.worker:
            self.worker.shutdown_graceful_timeout = seconds
            self.worker.stop()
        if not await wait_for_event(self.idle_event, seconds):
            self.manager.is_stopping = True
            await wait_for_event(self.idle_event, LEASE.total_seconds())


class EndlessRetryStrategy(BaseRetryStrategy):
    """Retries every job for ever: giving up is the handler's decision."""

    def __init__(self, jobs: ProcrastinateJobs) -> None:
        self.jobs = jobs

    def get_retry_decision(
        self, *, exception: BaseException, job: ProcrastinateJob
    ) -> RetryDecision:
        """Hand the decision to the job manager, whose `retry_job` writes it."""
        retry = decide_retry(
            exception,
            job.task_name,
            str(job.task_kwargs["subject"]),
            job.attempts,
            stopping=self.jobs.draining,
        )
        self.jobs.manager.retries[job.id, job.attempts] = retry
        return RetryDecision()


def adapt_handler(handler: Handler) -> Callable[[str], Coroutine[Any, Any, None]]:
    """The handler as procrastinate calls it, with `subject` as a keyword."""

    async def call_handler(subject: str) -> None:
        await handler(subject)

    return call_handler


async def wait_for_event(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event, at most `seconds`. Returns whether it was set."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
