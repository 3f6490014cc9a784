"""The port of the job queue.

A job is enqueued in the caller's own transaction and runs at least once: it is retried
until its handler succeeds. A worker may die or come back after its lease expired, so two
workers can run one job. Handlers protect what they write by the fencing tokens of our own
tables (`runs.epoch`, `outbox.attempts`).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

ADVANCE = "advance"
"""The kind of job that advances a run; the subject is the run's id."""

DELIVER = "deliver"
"""The kind of job that sends an effect; the subject is the effect's key."""

LEASE = timedelta(seconds=6)
"""How long a worker may go without a heartbeat before others take over its jobs."""

HEARTBEAT = timedelta(seconds=1.5)
"""The interval between two heartbeats of a worker."""

MAX_RETRY_SECONDS = 60.0
"""The longest pause between two tries of a job that keeps failing."""


@dataclass(frozen=True)
class Job:
    """Something to do: `kind` chooses the handler, `subject` is the id that it is called with.

    Of the jobs with one `lock`, one runs at a time, and those of equal priority run in the
    order they were enqueued. Higher `priority` goes first.
    """

    kind: str
    subject: str
    lock: str
    priority: int = 0
    not_before: datetime | None = None


class RetryLaterError(Exception):
    """Raised by a handler that has not failed and wants to be called again in `seconds`."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(seconds)
        self.seconds = seconds


Handler = Callable[[str], Awaitable[None]]
"""Runs one job, named by its subject. An exception means a retry after a growing pause."""


class Jobs(Protocol):
    """The job queue of one database. One object a process."""

    async def enqueue_job(self, connection: AsyncConnection, job: Job) -> None:
        """Enqueue a job in the caller's transaction: it commits or rolls back with it."""
        ...

    def wake_worker(self) -> None:
        """Tell the worker that a transaction with a job was committed, so it starts sooner."""
        ...

    async def run_jobs(self, handlers: Mapping[str, Handler], concurrency: int) -> None:
        """Run jobs, `concurrency` at a time, until `drain_jobs` is called and they ended."""
        ...

    async def drain_jobs(self, seconds: float) -> None:
        """Claim no more jobs and wait up to `seconds` for running ones.

        Jobs that are still running then are cancelled and returned to the queue.
        """
        ...

    async def open_subjects(self, connection: AsyncConnection, kind: str) -> set[str]:
        """The subjects of all queued or running jobs of a kind, for reconciliation."""
        ...

    async def delete_jobs(
        self, connection: AsyncConnection, subjects: set[str]
    ) -> None:
        """Delete the jobs of these subjects, whose data was erased."""
        ...


def retry_delay(attempts: int) -> float:
    """Seconds before the next try after so many failures: 0.2, 0.4, 0.8, ... MAX_RETRY_SECONDS."""
    return min(MAX_RETRY_SECONDS, 0.1 * 2 ** min(attempts, 12))
