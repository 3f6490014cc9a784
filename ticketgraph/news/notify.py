"""News of runs between processes, by PostgreSQL's NOTIFY. A wake-up only.

What is true is in the tables.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

from psycopg import Notify

from storage.database.postgres import PostgresDatabase
from storage.database.unavailable import AWAY
from ticketgraph.news.watchers import News, Watchers

log = logging.getLogger("ticketgraph")

CHANNEL = "ticketgraph_runs"

GATHERED_SECONDS = 0.02
"""News are sent together: a NOTIFY takes a lock of the whole server when it commits."""

MOST = 150
"""News in one message, which may have 8,000 bytes."""

PAUSE_SECONDS = 1.0
"""Before listening again when the connection was lost."""


class Signals:
    """Sends what happens here, and hears what happens elsewhere."""

    def __init__(self, database: PostgresDatabase) -> None:
        self.database = database
        self.watchers = Watchers(self.tell)
        self.waiting: dict[str, News] = {}
        self.anything = asyncio.Event()

    def tell(self, run_id: str, news: News) -> None:
        """Send it soon. That a run rests says also that something was saved."""
        if self.waiting.get(run_id) != "rests":
            self.waiting[run_id] = news
        self.anything.set()

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Watchers]:
        """Send and listen, until the end. The watchers are to be used by everything here."""
        tasks = [
            asyncio.create_task(self.keep_sending()),
            asyncio.create_task(self.keep_listening()),
        ]
        try:
            yield self.watchers
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(*AWAY):
                await self.send()

    async def keep_sending(self) -> None:
        """Send what gathers."""
        while True:
            await self.anything.wait()
            await asyncio.sleep(GATHERED_SECONDS)
            self.anything.clear()
            try:
                await self.send()
            except AWAY:
                await asyncio.sleep(PAUSE_SECONDS)
                self.anything.set()

    async def send(self) -> None:
        """Send everything that waits. What could not be sent waits on."""
        while self.waiting:
            some = dict(list(self.waiting.items())[:MOST])
            words = " ".join(f"{news}:{run_id}" for run_id, news in some.items())
            async with self.database.pool.connection() as connection:
                await connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, words))
            for run_id, news in some.items():
                if self.waiting.get(run_id) == news:
                    del self.waiting[run_id]

    async def keep_listening(self) -> None:
        """Listen on a connection of its own; a lost one is made again."""
        while True:
            try:
                await self.listen()
            except AWAY as error:
                log.warning("not listening for runs: %s", type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS)

    async def listen(self) -> None:
        """Hear news until the connection is lost."""
        async with await self.database.connect(autocommit=True) as connection:
            await connection.execute(cast("Any", f"LISTEN {CHANNEL}"))
            async for message in connection.notifies():
                self.heard(message)

    def heard(self, message: Notify) -> None:
        """Tell those who watch."""
        for word in message.payload.split():
            news, _, run_id = word.partition(":")
            self.watchers.hear(run_id, "rests" if news == "rests" else "saved")
