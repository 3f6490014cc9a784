"""Group commit: waiting writes are executed on one connection and committed together.

A caller gets its result only after that commit.
"""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import Any, Generic, TypeVar

GroupWork = Callable[[], Any]
T = TypeVar("T")


class GroupCommit(ABC, Generic[T]):
    """Collects writes into groups. `slots` limits how many groups are written at a time."""

    def __init__(self, slots: asyncio.Lock | asyncio.Semaphore) -> None:
        self.slots = slots
        self.waiting: list[tuple[T, asyncio.Future[Any]]] = []
        self.flush_task: asyncio.Task[None] | None = None
        self.write_tasks: set[asyncio.Task[None]] = set()

    @abstractmethod
    async def write_group(self, group: Sequence[T]) -> Sequence[Any]:
        """Write a group. Returns each one's result, or its exception.

        Raises what made the whole group fail.
        """

    async def write_grouped(self, one: T) -> Any:
        """Write one thing in the next group. Cancelling the caller does not cancel the write."""
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.waiting.append((one, done))
        if self.flush_task is None or self.flush_task.done():
            self.flush_task = asyncio.create_task(self.flush_waiting())
        return await asyncio.shield(done)

    async def flush_waiting(self) -> None:
        """Start a write for each group until nothing waits."""
        while self.waiting:
            await self.slots.acquire()
            group, self.waiting = self.waiting, []
            writing = asyncio.create_task(self.finish_group(group))
            self.write_tasks.add(writing)
            writing.add_done_callback(self.write_tasks.discard)

    async def finish_group(
        self, group: Sequence[tuple[T, asyncio.Future[Any]]]
    ) -> None:
        """Write a group and resolve its callers' futures, whatever happens."""
        try:
            results = await self.write_group([one for one, _ in group])
        except Exception as error:
            results = [error] * len(group)
        finally:
            self.slots.release()
        for (_, done), result in zip(group, results, strict=True):
            resolve_future(done, result)


class SqliteGroupCommit(GroupCommit[GroupWork]):
    """Group commit on one SQLite connection, used by one thread.

    If one piece of work fails, its group is rolled back and each is run again alone.
    """

    def __init__(
        self, connect: Callable[[], sqlite3.Connection], write_lock: asyncio.Lock
    ) -> None:
        super().__init__(write_lock)
        self.connect = connect
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="writes")

    @cached_property
    def sqlite_connection(self) -> sqlite3.Connection:
        """Opened at the first use, which is in the thread."""
        return self.connect()

    async def run_read(self, work: GroupWork) -> Any:
        """Run `work`, which only reads, between two groups."""
        return await asyncio.get_running_loop().run_in_executor(self.thread, work)

    async def write_group(self, group: Sequence[GroupWork]) -> Sequence[Any]:
        """See GroupCommit."""
        return await self.run_read(partial(self.commit_group, group))

    def commit_group(self, group: Sequence[GroupWork]) -> list[Any]:
        """Run a group in one transaction; if one fails, run each again in its own."""
        try:
            return self.run_group_transaction(group)
        except Exception as error:
            if len(group) == 1:
                return [error]
            return [result for work in group for result in self.commit_group([work])]

    def run_group_transaction(self, group: Sequence[GroupWork]) -> list[Any]:
        """Run a group between BEGIN and COMMIT."""
        self.sqlite_connection.execute("BEGIN IMMEDIATE")
        try:
            results = [work() for work in group]
            self.sqlite_connection.execute("COMMIT")
        except BaseException:
            self.sqlite_connection.rollback()
            raise
        return results

    async def close(self) -> None:
        """Write what waits, then end the thread. The owner closes the connection."""
        if self.flush_task:
            await self.flush_task
        await asyncio.gather(*self.write_tasks)
        self.thread.shutdown()


def resolve_future(done: asyncio.Future[Any], result: Any) -> None:
    """Resolve a caller's future, unless it was cancelled."""
    if done.done():
        return
    if isinstance(result, Exception):
        done.set_exception(result)
    else:
        done.set_result(result)
