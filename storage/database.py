"""The database: one SQLite file (or memory) through SQLAlchemy, set up so that writers wait instead of failing."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar, cast

import orjson
from sqlalchemy import Connection, NullPool, create_engine, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.direct import Direct, at_once
from storage.groups import Groups

T = TypeVar("T")
Transaction = Callable[[AsyncConnection], Coroutine[Any, Any, T]]

DATABASE_FILE = "ticketgraph.db"
"""Its name in the data folder."""

PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "foreign_keys=ON")
"""On every connection. NORMAL with WAL survives the process being killed at any moment."""

JSON: dict[str, Any] = {
    "json_serializer": lambda value: orjson.dumps(value).decode(),
    "json_deserializer": orjson.loads,
}


class Database:
    """Opens connections. Reads run side by side; writes of this process queue on one lock instead of on SQLite's."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write_lock = asyncio.Lock()
        self.engine = sqlite_engine(path)
        self.writer: Writer | None = None

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

    async def transact(self, work: Transaction[T]) -> T:
        """A transaction as a function, for what every ticket does: in another thread, in one commit with its likes.

        `work` awaits nothing but the connection that it is given. It may be done a second time, the first one rolled
        back, so it changes nothing but the database.
        """
        return await self.opened().transact(work)

    async def look(self, work: Transaction[T]) -> T:
        """The same for reading: in one go, between two transactions."""
        return await self.opened().look(work)

    def opened(self) -> "Writer":
        """What does them, made when it is needed first."""
        if self.writer is None:
            self.writer = Writer(self.path, self.write_lock)
        return self.writer

    async def close(self) -> None:
        """Give every connection back."""
        if self.writer is not None:
            await self.writer.close()
            self.writer = None
        await self.engine.dispose()


class Writer:
    """The connection on which transactions are done in groups, and the thread that it is used in."""

    def __init__(self, path: Path, write_lock: asyncio.Lock) -> None:
        self.engine = create_engine(
            f"sqlite:///{path}",
            poolclass=NullPool,
            connect_args={"isolation_level": None, "check_same_thread": False},
            **JSON,
        )
        event.listen(self.engine, "connect", configure)
        self.groups = Groups(self.connect, write_lock)

    @cached_property
    def connection(self) -> Connection:
        """SQLAlchemy's view of the connection. Its transactions are the group's."""
        return self.engine.connect()

    def connect(self) -> sqlite3.Connection:
        """The driver's view of it."""
        return cast("sqlite3.Connection", self.connection.connection.driver_connection)

    async def transact(self, work: Transaction[T]) -> T:
        """See Database."""
        return await self.groups.write(partial(self.do, work))

    async def look(self, work: Transaction[T]) -> T:
        """See Database."""
        return await self.groups.read(partial(self.do, work))

    def do(self, work: Transaction[T]) -> T:
        """Do `work`, in the thread."""
        return at_once(work(cast("AsyncConnection", Direct(self.connection))))

    async def close(self) -> None:
        """Finish what waits, and close the connection."""
        await self.groups.close()
        self.connection.close()


def sqlite_engine(path: Path) -> AsyncEngine:
    """An engine whose transactions are ours to begin, with the pragmas on each connection."""
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        pool_size=5,
        max_overflow=0,
        connect_args={"isolation_level": None},
        **JSON,
    )
    event.listen(engine.sync_engine, "connect", configure)
    return engine


def configure(connection: Any, _record: Any) -> None:
    """Set the pragmas on a connection."""
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
