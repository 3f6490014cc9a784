"""Writes in groups: what waits is done on one connection, in one thread, and committed once.

Nobody is told that something is written before the commit that holds it.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import Any

Work = Callable[[], Any]


class Groups:
    """Collects work on one connection and does it in groups, each in one transaction on one thread."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], write_lock: asyncio.Lock) -> None:
        self.connect = connect
        self.write_lock = write_lock
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="writes")
        self.waiting: list[tuple[Work, asyncio.Future[Any]]] = []
        self.flushing: asyncio.Task[None] | None = None

    @cached_property
    def connection(self) -> sqlite3.Connection:
        """Opened when it is needed first, which is in the thread."""
        return self.connect()

    async def read(self, work: Work) -> Any:
        """Do `work` that changes nothing."""
        return await asyncio.get_running_loop().run_in_executor(self.thread, work)

    async def write(self, work: Work) -> Any:
        """Do `work` in the next group. A caller that is cancelled leaves the group whole.

        `work` may be done twice, the first time rolled back: it must change nothing but the database.
        """
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.waiting.append((work, done))
        if self.flushing is None or self.flushing.done():
            self.flushing = asyncio.create_task(self.flush())
        return await asyncio.shield(done)

    async def flush(self) -> None:
        """Commit whatever waits, group after group, until nothing does."""
        while self.waiting:
            async with self.write_lock:
                group, self.waiting = self.waiting, []
                results = await self.read(partial(self.commit, [work for work, _ in group]))
            for (_, done), result in zip(group, results, strict=True):
                settle(done, result)

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
        self.thread.shutdown()


def settle(done: asyncio.Future[Any], result: Any) -> None:
    """Tell a caller how it went, if it still listens."""
    if done.done():
        return
    if isinstance(result, Exception):
        done.set_exception(result)
    else:
        done.set_result(result)
