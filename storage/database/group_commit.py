"""Writes in groups: what waits is done on one connection and committed once.

Nobody is told that something is written before the commit that holds it.
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
    """Collects what is to be written until a group's turn comes.

    `group_slots` says how many are written at a time.
    """

    def __init__(self, turns: asyncio.Lock | asyncio.Semaphore) -> None:
        self.group_slots = turns
        self.waiting: list[tuple[T, asyncio.Future[Any]]] = []
        self.flush_task: asyncio.Task[None] | None = None
        self.write_tasks: set[asyncio.Task[None]] = set()

    @abstractmethod
    async def write_group(self, group: Sequence[T]) -> Sequence[Any]:
        """Write a group. Returns what came of each: an exception where it failed.

        Raises what all of it failed of.
        """

    async def write_grouped(self, one: T) -> Any:
        """Write one thing in the next group. A caller that is cancelled leaves the group whole."""
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.waiting.append((one, done))
        if self.flush_task is None or self.flush_task.done():
            self.flush_task = asyncio.create_task(self.flush_waiting())
        return await asyncio.shield(done)

    async def flush_waiting(self) -> None:
        """Begin to write whatever waits, group after group, until nothing does."""
        while self.waiting:
            await self.group_slots.acquire()
            group, self.waiting = self.waiting, []
            writing = asyncio.create_task(self.finish_group(group))
            self.write_tasks.add(writing)
            writing.add_done_callback(self.write_tasks.discard)

    async def finish_group(
        self, group: Sequence[tuple[T, asyncio.Future[Any]]]
    ) -> None:
        """Write a group whose turn it is, and tell its callers, whatever comes of it."""
        try:
            results = await self.write_group([one for one, _ in group])
        except Exception as error:
            results = [error] * len(group)
        finally:
            self.group_slots.release()
        for (_, done), result in zip(group, results, strict=True):
            resolve_future(done, result)


class SqliteGroupCommit(GroupCommit[GroupWork]):
    """Work on one connection of SQLite, each group in one transaction on one thread.

    A work may be done twice, the first time rolled back: it must change nothing but the database.
    """

    def __init__(
        self, connect: Callable[[], sqlite3.Connection], write_lock: asyncio.Lock
    ) -> None:
        super().__init__(write_lock)
        self.connect = connect
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="writes")

    @cached_property
    def sqlite_connection(self) -> sqlite3.Connection:
        """Opened when it is needed first, which is in the thread."""
        return self.connect()

    async def run_read(self, work: GroupWork) -> Any:
        """Do `work` that changes nothing."""
        return await asyncio.get_running_loop().run_in_executor(self.thread, work)

    async def write_group(self, group: Sequence[GroupWork]) -> Sequence[Any]:
        """See Gathering."""
        return await self.run_read(partial(self.commit_group, group))

    def commit_group(self, group: Sequence[GroupWork]) -> list[Any]:
        """The results of a group in one transaction; if one of it fails, each again in its own."""
        try:
            return self.run_group_transaction(group)
        except Exception as error:
            if len(group) == 1:
                return [error]
            return [result for work in group for result in self.commit_group([work])]

    def run_group_transaction(self, group: Sequence[GroupWork]) -> list[Any]:
        """BEGIN, all of the group, COMMIT."""
        self.sqlite_connection.execute("BEGIN IMMEDIATE")
        try:
            results = [work() for work in group]
            self.sqlite_connection.execute("COMMIT")
        except BaseException:
            self.sqlite_connection.rollback()
            raise
        return results

    async def close(self) -> None:
        """Finish what waits, then let go of the thread. The connection is its owner's to close."""
        if self.flush_task:
            await self.flush_task
        await asyncio.gather(*self.write_tasks)
        self.thread.shutdown()


def resolve_future(done: asyncio.Future[Any], result: Any) -> None:
    """Tell a caller how it went, if it still listens."""
    if done.done():
        return
    if isinstance(result, Exception):
        done.set_exception(result)
    else:
        done.set_result(result)
