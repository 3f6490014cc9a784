"""The database: one SQLite file (or memory) through SQLAlchemy, set up so that writers wait instead of failing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "foreign_keys=ON")
"""On every connection. NORMAL with WAL survives the process being killed at any moment."""


class Database:
    """Opens connections. Reads run side by side; writes of this process queue on one lock instead of on SQLite's."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write_lock = asyncio.Lock()
        self.engine = sqlite_engine(path)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading."""
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: all of it, or nothing. Never await the network inside."""
        async with self.write_lock, self.engine.connect() as connection:
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                await asyncio.shield(connection.rollback())
                raise
            await asyncio.shield(connection.commit())

    async def close(self) -> None:
        """Give every connection back."""
        await self.engine.dispose()


def sqlite_engine(path: Path) -> AsyncEngine:
    """An engine whose transactions are ours to begin, with the pragmas on each connection."""
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        pool_size=5,
        max_overflow=0,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        connect_args={"isolation_level": None},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine
