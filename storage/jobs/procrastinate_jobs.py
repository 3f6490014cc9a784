"""Jobs through procrastinate on PostgreSQL: for any number of processes."""

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
from storage.database.postgres import PostgresDatabase
from storage.jobs.fenced import RETRY_SECONDS, FencedJobManager
from storage.jobs.port import HEARTBEAT, LEASE, Handler, Job
from storage.jobs.reach import DatabaseAvailability
from storage.jobs.retry import decide_retry

log = logging.getLogger("ticketgraph")

POLL_SECONDS = 0.5
"""Seconds between two looks for tasks that nobody is told of.

Those that are due again, or whose notice was missed.
"""

NEVER_SECONDS = 86_400.0
"""Seconds between two things that procrastinate's worker would do and that are done here,
or not needed."""

STEADY_HEARTBEATS = 1 + int(LEASE / HEARTBEAT)
"""How often the database has to answer in a row before silence is the other worker's and
not our own."""

SELECT_OPEN_SUBJECTS = text(
    "SELECT args->>'subject' FROM procrastinate_jobs WHERE task_name = :kind AND status IN "
    "('todo', 'doing')"
)
DELETE_TASKS = text(
    "DELETE FROM procrastinate_jobs WHERE args->>'subject' = ANY(:subjects)"
)


class ProcrastinateJobs:
    """See Jobs. A kind is a task and a queue of its own.

    A worker leaves alone what it has no handler for.
    """

    def __init__(self, database: PostgresDatabase) -> None:
        logging.getLogger("procrastinate").setLevel(
            logging.WARNING
        )  # four lines for every task
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
        """See Jobs. PostgreSQL has told all workers at the commit."""

    async def open_subjects(self, connection: AsyncConnection, kind: str) -> set[str]:
        """See Jobs."""
        return set(
            (await connection.execute(SELECT_OPEN_SUBJECTS, {"kind": kind})).scalars()
        )

    async def delete_jobs(
        self, connection: AsyncConnection, subjects: set[str]
    ) -> None:
        """See Jobs."""
        await connection.execute(DELETE_TASKS, {"subjects": list(subjects)})

    async def run_jobs(self, handlers: Mapping[str, Handler], at_once: int) -> None:
        """See Jobs. The database's `pool` has to be open. Once an object."""
        await self.app.open_async(self.database.pool)
        for kind, handler in handlers.items():
            self.app.task(name=kind, queue=kind, retry=EndlessRetryStrategy(self))(
                adapt_handler(handler)
            )
        self.idle_event.clear()
        beating = asyncio.create_task(self.run_heartbeat())
        try:
            while not self.draining:
                await self.run_one_worker(list(handlers), at_once)
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
            self.idle_event.set()

    async def run_one_worker(self, kinds: list[str], at_once: int) -> None:
        """One worker of procrastinate's.

        It is stopped by `drain_jobs`, or ends because the database is away.
        """
        self.worker = worker = Worker(
            app=self.app,
            queues=kinds,
            concurrency=at_once,
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
        except Exception:
            log.exception("the worker ended, and is started again")
        if not self.draining:
            await asyncio.sleep(RETRY_SECONDS)

    async def run_heartbeat(self) -> None:
        """Say that this worker is there, and take the tasks of those that are not.

        procrastinate's own heartbeat ends when a stopping worker waits for its tasks, or
        the database fails once. After an outage everybody was silent: nobody takes anything
        before the others had the time to say that they are there.
        """
        answered = STEADY_HEARTBEATS
        while True:
            try:
                if self.worker and self.worker.worker_id is not None:
                    await self.manager.send_heartbeat(self.worker.worker_id)
                answered += 1
                if answered > STEADY_HEARTBEATS:
                    await self.manager.free_expired_jobs()
            except Exception as error:
                self.availability.note_unavailable(error)
                answered = 0
            await asyncio.sleep(HEARTBEAT.total_seconds())

    async def drain_jobs(self, seconds: float) -> None:
        """See Jobs.

        Ends one lease later at the most, if the database is away or a task does not let
        itself stop.
        """
        self.draining = True
        if self.worker:
            self.worker.shutdown_graceful_timeout = seconds
            self.worker.stop()
        if not await wait_for_event(self.idle_event, seconds):
            self.manager.is_stopping = True
            await wait_for_event(self.idle_event, LEASE.total_seconds())


class EndlessRetryStrategy(BaseRetryStrategy):
    """Every task is tried again for ever; who counts, and gives up, is its handler."""

    def __init__(self, jobs: ProcrastinateJobs) -> None:
        self.jobs = jobs

    def get_retry_decision(
        self, *, exception: BaseException, job: ProcrastinateJob
    ) -> RetryDecision:
        """Leave the decision with the manager, who writes it down."""
        later = decide_retry(
            exception,
            job.task_name,
            str(job.task_kwargs["subject"]),
            job.attempts,
            stopping=self.jobs.draining,
        )
        self.jobs.manager.retries[job.id, job.attempts] = later
        return RetryDecision()


def adapt_handler(handler: Handler) -> Callable[[str], Coroutine[Any, Any, None]]:
    """A handler as procrastinate calls it: a coroutine function with this argument's name."""

    async def call_handler(subject: str) -> None:
        await handler(subject)

    return call_handler


async def wait_for_event(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event so long. Returns whether it came."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
