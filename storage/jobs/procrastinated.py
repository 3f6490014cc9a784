"""Jobs through procrastinate on PostgreSQL: for any number of processes."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.worker import Worker
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import UnavailableError
from storage.database.postgres import PostgresDatabase
from storage.jobs.fenced import PAUSE, FencedManager
from storage.jobs.outcome import put_back
from storage.jobs.port import HEARTBEAT, LEASE, Handler, Task
from storage.jobs.reach import Reach

log = logging.getLogger("ticketgraph")

POLL = 0.5
"""Seconds between two looks for tasks that nobody is told of.

Those that are due again, or whose notice was missed.
"""

NEVER = 86_400.0
"""Seconds between two things that procrastinate's worker would do and that are done here,
or not needed."""

STEADY_BEATS = 1 + int(LEASE / HEARTBEAT)
"""How often the database has to answer in a row before silence is the other worker's and
not our own."""

OPEN = text(
    "SELECT args->>'subject' FROM procrastinate_jobs WHERE task_name = :kind AND status IN "
    "('todo', 'doing')"
)
FORGET = text("DELETE FROM procrastinate_jobs WHERE args->>'subject' = ANY(:subjects)")


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
        self.reach = Reach()
        self.manager = self.app.job_manager = FencedManager(
            self.app.connector, self.reach
        )
        self.worker: Worker | None = None
        self.idle = asyncio.Event()
        self.idle.set()
        self.draining = False

    async def enqueue(self, connection: AsyncConnection, task: Task) -> None:
        """See Jobs. Raises UnavailableError when the database goes away."""
        driver = (await connection.get_raw_connection()).driver_connection
        deferrer = self.app.configure_task(
            task.kind,
            queue=task.kind,
            lock=task.lock,
            priority=task.priority,
            schedule_at=task.not_before,
            connection=driver,
        )
        try:
            await deferrer.defer_async(subject=task.subject)
        except ConnectorException as error:
            raise UnavailableError(
                "The database does not answer. Try again in a moment."
            ) from error

    def wake(self) -> None:
        """See Jobs. PostgreSQL has told all workers at the commit."""

    async def open_subjects(self, connection: AsyncConnection, kind: str) -> set[str]:
        """See Jobs."""
        return set((await connection.execute(OPEN, {"kind": kind})).scalars())

    async def forget(self, connection: AsyncConnection, subjects: set[str]) -> None:
        """See Jobs."""
        await connection.execute(FORGET, {"subjects": list(subjects)})

    async def work(self, handlers: Mapping[str, Handler], at_once: int) -> None:
        """See Jobs. The database's `pool` has to be open. Once an object."""
        await self.app.open_async(self.database.pool)
        for kind, handler in handlers.items():
            self.app.task(name=kind, queue=kind, retry=Retries(self))(doing(handler))
        self.idle.clear()
        beating = asyncio.create_task(self.beat())
        try:
            while not self.draining:
                await self.work_until_it_ends(list(handlers), at_once)
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
            self.idle.set()

    async def work_until_it_ends(self, kinds: list[str], at_once: int) -> None:
        """One worker of procrastinate's.

        It is stopped by `drain`, or ends because the database is away.
        """
        self.worker = worker = Worker(
            app=self.app,
            queues=kinds,
            concurrency=at_once,
            fetch_job_polling_interval=POLL,
            abort_job_polling_interval=NEVER,
            shutdown_graceful_timeout=0.0,
            install_signal_handlers=False,
            update_heartbeat_interval=NEVER,
            stalled_worker_timeout=LEASE.total_seconds(),
        )
        self.manager.stir = worker._new_job_event.set  # pyright: ignore[reportPrivateUsage]
        try:
            await worker.run()
        except ConnectorException as error:
            self.reach.lost(error)
        except Exception:
            log.exception("the worker ended, and is started again")
        if not self.draining:
            await asyncio.sleep(PAUSE)

    async def beat(self) -> None:
        """Say that this worker is there, and take the tasks of those that are not.

        procrastinate's own heartbeat ends when a stopping worker waits for its tasks, or
        the database fails once. After an outage everybody was silent: nobody takes anything
        before the others had the time to say that they are there.
        """
        answered = STEADY_BEATS
        while True:
            try:
                if self.worker and self.worker.worker_id is not None:
                    await self.manager.beat(self.worker.worker_id)
                answered += 1
                if answered > STEADY_BEATS:
                    await self.manager.take_from_the_silent()
            except Exception as error:
                self.reach.lost(error)
                answered = 0
            await asyncio.sleep(HEARTBEAT.total_seconds())

    async def drain(self, seconds: float) -> None:
        """See Jobs.

        Ends one lease later at the most, if the database is away or a task does not let
        itself stop.
        """
        self.draining = True
        if self.worker:
            self.worker.shutdown_graceful_timeout = seconds
            self.worker.stop()
        if not await within(self.idle, seconds):
            self.manager.hurried = True
            await within(self.idle, LEASE.total_seconds())


class Retries(BaseRetryStrategy):
    """Every task is tried again for ever; who counts, and gives up, is its handler."""

    def __init__(self, jobs: ProcrastinateJobs) -> None:
        self.jobs = jobs

    def get_retry_decision(
        self, *, exception: BaseException, job: Job
    ) -> RetryDecision:
        """Leave the decision with the manager, who writes it down."""
        later = put_back(
            exception,
            job.task_name,
            str(job.task_kwargs["subject"]),
            job.attempts,
            stopping=self.jobs.draining,
        )
        self.jobs.manager.put_back[job.id, job.attempts] = later
        return RetryDecision()


def doing(handler: Handler) -> Callable[[str], Coroutine[Any, Any, None]]:
    """A handler as procrastinate calls it: a coroutine function with this argument's name."""

    async def do(subject: str) -> None:
        await handler(subject)

    return do


async def within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for an event so long. Returns whether it came."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
