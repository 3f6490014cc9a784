"""The database as one SQLite file, configured so that writers wait instead of failing."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import Connection, NullPool, create_engine, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.database.database import JSON_OPTIONS, Database, T, Transaction
from storage.database.group_commit import SqliteGroupCommit
from storage.database.sync_connection import SyncConnection, run_without_waiting

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    "busy_timeout=30000",
    "foreign_keys=ON",
    "secure_delete=ON",
)
"""Set on every connection. NORMAL with WAL survives the process being killed at any moment.

secure_delete overwrites deleted data with zeros; whether it is on by default depends on the
build of SQLite.
"""


class SqliteDatabase(Database):
    """Reads run concurrently; this process's writes queue on one asyncio lock, not on SQLite's."""

    def __init__(self, name: str | Path) -> None:
        self.name = str(name)
        self.write_lock = asyncio.Lock()
        self.engine = sqlite_engine(self.name)
        self.writer: SqliteWriter | None = None

    @asynccontextmanager
    async def open_read(self) -> AsyncIterator[AsyncConnection]:
        """See Database."""
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def open_write(self) -> AsyncIterator[AsyncConnection]:
        """See Database."""
        async with self.write_lock, self.engine.connect() as connection:
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                await asyncio.shield(connection.rollback())
                raise
            await asyncio.shield(connection.commit())

    async def run_transaction(self, work: Transaction[T]) -> T:
        """See Database. Runs in the writer's thread, committed with other waiting transactions."""
        return await self.open_writer().run_transaction(work)

    async def run_read(self, work: Transaction[T]) -> T:
        """See Database. Runs in the writer's thread, between two transactions."""
        return await self.open_writer().run_read(work)

    def open_writer(self) -> "SqliteWriter":
        """The writer, created at its first use."""
        if self.writer is None:
            self.writer = SqliteWriter(self.name, self.write_lock)
        return self.writer

    async def close(self) -> None:
        """See Database."""
        if self.writer is not None:
            await self.writer.close()
            self.writer = None
        await self.engine.dispose()


class SqliteWriter:
    """The connection that commits transactions in groups, and the thread that uses it."""

    def __init__(self, name: str, write_lock: asyncio.Lock) -> None:
        self.engine = create_engine(
            f"sqlite:///{name}",
            poolclass=NullPool,
            connect_args={"isolation_level": None, "check_same_thread": False},
            **JSON_OPTIONS,
        )
        event.listen(self.engine, "connect", set_pragmas)
        self.groups = SqliteGroupCommit(self.connect_driver, write_lock)

    @cached_property
    def sync_connection(self) -> Connection:
        """The connection as SQLAlchemy's. The group commit begins and ends its transactions."""
        return self.engine.connect()

    def connect_driver(self) -> sqlite3.Connection:
        """The same connection as the driver's."""
        return cast(
            "sqlite3.Connection", self.sync_connection.connection.driver_connection
        )

    async def run_transaction(self, work: Transaction[T]) -> T:
        """See Database."""
        return await self.groups.write_grouped(partial(self.run_coroutine, work))

    async def run_read(self, work: Transaction[T]) -> T:
        """See Database."""
        return await self.groups.run_read(partial(self.run_coroutine, work))

    def run_coroutine(self, work: Transaction[T]) -> T:
        """Run `work` to its end, in the thread."""
        return run_without_waiting(
            work(cast("AsyncConnection", SyncConnection(self.sync_connection)))
        )

    async def close(self) -> None:
        """Write what waits, and close the connection."""
        await self.groups.close()
        self.sync_connection.close()


def sqlite_engine(name: str) -> AsyncEngine:
    """An engine with the pragmas set, whose transactions the caller begins itself."""
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{name}",
        pool_size=5,
        max_overflow=0,
        connect_args={"isolation_level": None},
        **JSON_OPTIONS,
    )
    event.listen(engine.sync_engine, "connect", set_pragmas)
    return engine


@contextmanager
def memory_database() -> Iterator[str]:
    """The name of a new in-memory database that this process's connections share meanwhile."""
    name = f"file:/{uuid4().hex}?vfs=memdb&uri=true"
    with closing(sqlite3.connect(name, uri=True)):
        yield name


def set_pragmas(connection: Any, _record: Any) -> None:
    """Set the pragmas on a connection."""
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
