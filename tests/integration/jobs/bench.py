"""Workers on a database, in this process or as one of their own.

`python -m tests.integration.jobs.bench DATABASE_URL`.

The program does one task at a time. It tells on stdout what it has begun, and each line on
stdin lets it end one task. When stdin is closed it drains and ends.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from storage.database.address import PostgresAddress, SqliteAddress, database_address_of
from storage.database.database import Database
from storage.database.postgres import PostgresDatabase
from storage.database.sqlite import SqliteDatabase
from storage.jobs.leased_jobs import LeasedJobs
from storage.jobs.port import Handler, Job, Jobs
from storage.jobs.procrastinate_jobs import ProcrastinateJobs

KIND = "try"
HANGING = 60.0
"""Seconds that pass only when something waits for ever."""


@dataclass
class Bench:
    """One worker: a database, its tasks, and what was begun and ended in it, in order."""

    database: Database
    jobs: Jobs
    handler: Handler
    seen: list[str] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def put(self, *jobs: Job) -> None:
        """Put tasks down, in one transaction."""
        async with self.database.open_write() as connection:
            for job in jobs:
                await self.jobs.enqueue_job(connection, job)
        self.jobs.wake_worker()

    async def note(self, what: str) -> None:
        """Something happened."""
        async with self.changed:
            self.seen.append(what)
            self.changed.notify_all()

    async def until(self, true: Callable[[], bool], seconds: float = HANGING) -> None:
        """Wait until something is true of what was seen. Fails after so long."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(true)

    async def do(self, subject: str) -> None:
        """The handler, between two notes."""
        await self.note(f"begin {subject}")
        await self.handler(subject)
        await self.note(f"end {subject}")

    @asynccontextmanager
    async def working(
        self, at_once: int = 4, patience: float = 5.0
    ) -> AsyncIterator[asyncio.Task[None]]:
        """Inside, the worker works. In the end it is drained."""
        work = asyncio.create_task(self.jobs.run_jobs({KIND: self.do}, at_once))
        try:
            yield work
        finally:
            await self.jobs.drain_jobs(patience)
            await work

    async def open_subjects(self) -> set[str]:
        """What is not done."""
        async with self.database.open_read() as connection:
            return await self.jobs.open_subjects(connection, KIND)

    async def until_nothing_is_open(self, seconds: float = HANGING) -> None:
        """A task's row goes after its handler has ended: look until it has."""
        async with asyncio.timeout(seconds):
            while await self.open_subjects():  # noqa: ASYNC110 - other processes change it
                await asyncio.sleep(0.02)


def task(
    subject: str,
    lock: str | None = None,
    priority: int = 0,
    not_before: datetime | None = None,
) -> Job:
    """A task with a lock of its own, unless it is said."""
    return Job(KIND, subject, lock or subject, priority, not_before)


def begun(*workers: Bench) -> list[str]:
    """The subjects of what was begun."""
    return [
        what.removeprefix("begin ")
        for worker in workers
        for what in worker.seen
        if what.startswith("begin ")
    ]


def held_until(event: asyncio.Event) -> Handler:
    """A handler that ends when something has happened."""

    async def wait(_subject: str) -> None:
        await event.wait()

    return wait


async def at_once(_subject: str) -> None:
    """A handler with nothing to do."""


@asynccontextmanager
async def bench(url: str, handler: Handler = at_once) -> AsyncIterator[Bench]:
    """A worker on a database, which is migrated."""
    match database_address_of(url, Path()):
        case PostgresAddress() as address:
            database = PostgresDatabase(address)
            await database.pool.open()
            jobs: Jobs = ProcrastinateJobs(database)
        case SqliteAddress(path):
            database = SqliteDatabase(path)
            jobs = LeasedJobs(database)
        case _:
            raise ValueError(url)
    try:
        yield Bench(database, jobs, handler)
    finally:
        await database.close()


@contextmanager
def process(url: str) -> Iterator[subprocess.Popen[str]]:
    """The program, killed in the end unless it has ended."""
    command = [sys.executable, "-m", "tests.integration.jobs.bench", url]
    started = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    with started:
        try:
            yield started
        finally:
            started.kill()


async def told(started: subprocess.Popen[str]) -> str:
    """The next line that the program says."""
    assert started.stdout
    return (await asyncio.to_thread(started.stdout.readline)).strip()


async def main(url: str) -> None:
    """See above."""
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    released = asyncio.Semaphore(0)

    async def until_released(subject: str) -> None:
        os.write(sys.stdout.fileno(), f"begin {subject}\n".encode())
        await released.acquire()

    async with bench(url, until_released) as worker, worker.working(at_once=1):
        while await lines.readline():
            released.release()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
