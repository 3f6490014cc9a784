"""The port.

Put a task down in your own transaction, and somebody does it, again and again until it is
done.

Nothing here is done exactly once: a worker may die, or come back from a long sleep. Who
does a task makes sure by the fences of our own tables (`runs.epoch`, `outbox.attempts`)
that having been overtaken, it changes nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

LEASE = timedelta(seconds=6)
"""How long a worker may be silent before others take what it had."""

HEARTBEAT = timedelta(seconds=1.5)
"""How often a worker says that it is there."""

MAX_RETRY_SECONDS = 60.0
"""Seconds between two tries of a task that keeps failing."""


@dataclass(frozen=True)
class Job:
    """Something to be done: `kind` says which handler does it, `subject` is the id that it gets.

    Of one `lock`, one task at a time is done; those of the same priority in the order they
    were put down. Higher `priority` goes first.
    """

    kind: str
    subject: str
    lock: str
    priority: int = 0
    not_before: datetime | None = None


class RetryLaterError(Exception):
    """Raised by a handler that has nothing wrong to report and wants to be called again in
    so many seconds.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(seconds)
        self.seconds = seconds


Handler = Callable[[str], Awaitable[None]]
"""Does one task, named by its subject.

What it raises makes it be done again after a pause that grows.
"""


class Jobs(Protocol):
    """The tasks of one database. One object a process."""

    async def enqueue_job(self, connection: AsyncConnection, job: Job) -> None:
        """Put a task down in the caller's transaction: committed with it, gone with it."""
        ...

    def wake_worker(self) -> None:
        """Say that a transaction with a task was committed. Only makes it start sooner."""
        ...

    async def run_jobs(self, handlers: Mapping[str, Handler], at_once: int) -> None:
        """Do tasks, so many side by side, until `drain_jobs` is called and what was begun has ended."""
        ...

    async def drain_jobs(self, seconds: float) -> None:
        """Begin nothing new, and wait so long for what was begun.

        What has not ended then is given back.
        """
        ...

    async def open_subjects(self, connection: AsyncConnection, kind: str) -> set[str]:
        """The subjects of all tasks of a kind that are put down or being done.

        For reconciliation.
        """
        ...

    async def delete_jobs(
        self, connection: AsyncConnection, subjects: set[str]
    ) -> None:
        """Remove the tasks of these subjects: their data was erased."""
        ...


def retry_delay(attempts: int) -> float:
    """Seconds until a task is tried again that has failed so often: 0.2, 0.4, 0.8, ...

    up to LONGEST_PAUSE.
    """
    return min(MAX_RETRY_SECONDS, 0.1 * 2 ** min(attempts, 12))
