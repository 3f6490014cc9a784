"""Notifies other processes of saved and settled runs by PostgreSQL's NOTIFY.

A notification is only a wake-up and may get lost: the tables hold the state.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

from psycopg import Notify

from contracts.log import log
from storage.database.postgres import PostgresDatabase
from storage.database.unavailable import UNAVAILABLE_ERRORS
from ticketgraph.news.watchers import News, Watchers

NOTIFY_CHANNEL = "ticketgraph_runs"

BATCH_SECONDS = 0.02
"""Seconds for which notifications are gathered: a NOTIFY takes a server-wide lock at commit."""

MAX_BATCH = 150
"""Runs in one message, which PostgreSQL limits to 8,000 bytes."""

RECONNECT_SECONDS = 1.0
"""Seconds before listening again when the connection was lost."""


class PostgresNotifier:
    """Sends the notifications of this process, and receives those of others."""

    def __init__(self, database: PostgresDatabase) -> None:
        self.database = database
        self.watchers = Watchers(self.queue_news)
        self.pending_news: dict[str, News] = {}
        self.has_pending = asyncio.Event()

    def queue_news(self, run_id: str, news: News) -> None:
        """Send it with the next message. A settled run is a saved one, too."""
        if self.pending_news.get(run_id) != "rests":
            self.pending_news[run_id] = news
        self.has_pending.set()

    @asynccontextmanager
    async def open_watchers(self) -> AsyncIterator[Watchers]:
        """Send and listen inside the block; the watchers are this process's only ones."""
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
            with suppress(*UNAVAILABLE_ERRORS):
                await self.send_pending()

    async def keep_sending(self) -> None:
        """Send pending notifications until cancelled."""
        while True:
            await self.has_pending.wait()
            await asyncio.sleep(BATCH_SECONDS)
            self.has_pending.clear()
            try:
                await self.send_pending()
            except UNAVAILABLE_ERRORS:
                await asyncio.sleep(RECONNECT_SECONDS)
                self.has_pending.set()

    async def send_pending(self) -> None:
        """Send everything that waits. What could not be sent waits on."""
        while self.pending_news:
            some = dict(list(self.pending_news.items())[:MAX_BATCH])
            words = " ".join(f"{news}:{run_id}" for run_id, news in some.items())
            async with self.database.pool.connection() as connection:
                await connection.execute(
                    "SELECT pg_notify(%s, %s)", (NOTIFY_CHANNEL, words)
                )
            for run_id, news in some.items():
                if self.pending_news.get(run_id) == news:
                    del self.pending_news[run_id]

    async def keep_listening(self) -> None:
        """Listen on a connection of its own; a lost one is made again."""
        while True:
            try:
                await self.listen_once()
            except UNAVAILABLE_ERRORS as error:
                log.warning("not listening for runs", error=type(error).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def listen_once(self) -> None:
        """Hear news until the connection is lost."""
        async with await self.database.open_connection(autocommit=True) as connection:
            await connection.execute(cast("Any", f"LISTEN {NOTIFY_CHANNEL}"))
            async for message in connection.notifies():
                self.handle_notification(message)

    def handle_notification(self, message: Notify) -> None:
        """Tell those who watch."""
        for word in message.payload.split():
            news, _, run_id = word.partition(":")
            self.watchers.handle_news(run_id, "rests" if news == "rests" else "saved")
