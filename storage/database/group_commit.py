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

Work = Callable[[], Any]
T = TypeVar("T")


class Gathering(ABC, Generic[T]):
    """Collects what is to be written until a group's turn comes.

    `turns` says how many are written at a time.
    """

    def __init__(self, turns: asyncio.Lock | asyncio.Semaphore) -> None:
        self.turns = turns
        self.waiting: list[tuple[T, asyncio.Future[Any]]] = []
        self.flushing: asyncio.Task[None] | None = None
        self.writing: set[asyncio.Task[None]] = set()

    @abstractmethod
    async def together(self, group: Sequence[T]) -> Sequence[Any]:
        """Write a group. Returns what came of each: an exception where it failed.

        Raises what all of it failed of.
        """

    async def write(self, one: T) -> Any:
        """Write one thing in the next group. A caller that is cancelled leaves the group whole."""
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.waiting.append((one, done))
        if self.flushing is None or self.flushing.done():
            self.flushing = asyncio.create_task(self.flush())
        return await asyncio.shield(done)

    async def flush(self) -> None:
        """Begin to write whatever waits, group after group, until nothing does."""
        while self.waiting:
            await self.turns.acquire()
            group, self.waiting = self.waiting, []
            writing = asyncio.create_task(self.finish(group))
            self.writing.add(writing)
            writing.add_done_callback(self.writing.discard)

    async def finish(self, group: Sequence[tuple[T, asyncio.Future[Any]]]) -> None:
        """Write a group whose turn it is, and tell its callers, whatever comes of it."""
        try:
            results = await self.together([one for one, _ in group])
        except Exception as error:
            results = [error] * len(group)
        finally:
            self.turns.release()
        for (_, done), result in zip(group, results, strict=True):
            settle(done, result)


class Groups(Gathering[Work]):
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
    def connection(self) -> sqlite3.Connection:
        """Opened when it is needed first, which is in the thread."""
        return self.connect()

    async def read(self, work: Work) -> Any:
        """Do `work` that changes nothing."""
        return await asyncio.get_running_loop().run_in_executor(self.thread, work)

    async def together(self, group: Sequence[Work]) -> Sequence[Any]:
        """See Gathering."""
        return await self.read(partial(self.commit, group))

    def commit(self, group: Sequence[Work]) -> list[Any]:
        """The results of a group in one transaction; if one of it fails, each again in its own."""
        try:
            return self.transaction(group)
        except Exception as error:
            if len(group) == 1:
                return [error]
            return [result for work in group for result in self.commit([work])]

    def transaction(self, group: Sequence[Work]) -> list[Any]:
        """BEGIN, all of the group, COMMIT."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            results = [work() for work in group]
            self.connection.execute("COMMIT")
        except BaseException:
            self.connection.rollback()
            raise
        return results

    async def close(self) -> None:
        """Finish what waits, then let go of the thread. The connection is its owner's to close."""
        if self.flushing:
            await self.flushing
        await asyncio.gather(*self.writing)
        self.thread.shutdown()


def settle(done: asyncio.Future[Any], result: Any) -> None:
    """Tell a caller how it went, if it still listens."""
    if done.done():
        return
    if isinstance(result, Exception):
        done.set_exception(result)
    else:
        done.set_result(result)
