"""The database as a PostgreSQL server, shared by any number of processes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any

from psycopg import AsyncConnection as DriverConnection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from storage.address import PostgresAddress
from storage.database import JSON, Database, T, Transaction

CONNECTIONS = 10
"""Of one process, for our tables; the pool of checkpoints and jobs has as many."""

APPLICATION = "ticketgraph"
"""What our sessions are called in pg_stat_activity."""

PATIENCE = 10.0
"""Seconds that somebody waits for a connection before the database counts as away."""

FROZEN = "-c idle_in_transaction_session_timeout=4000"
"""A process that freezes inside a transaction holds locks that others wait for. The server ends it: below the lease."""


class PostgresDatabase(Database):
    """Two pools: SQLAlchemy's for our tables, psycopg's for LangGraph's and procrastinate's."""

    def __init__(self, address: PostgresAddress) -> None:
        self.address = address
        self.engine = create_async_engine(
            address.url,
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=PATIENCE,
            pool_pre_ping=True,
            connect_args={"connect_timeout": int(PATIENCE), "options": FROZEN, "application_name": APPLICATION},
            **JSON,
        )

    @cached_property
    def pool(self) -> "AsyncConnectionPool[Any]":
        """Connections that commit by themselves, as LangGraph and procrastinate want them. Not open yet."""
        return AsyncConnectionPool(
            self.address.conninfo,
            min_size=1,
            max_size=CONNECTIONS,
            timeout=PATIENCE,
            reconnect_timeout=2.0,  # or the first one after an outage waits for longer than that lasted
            kwargs={
                "row_factory": dict_row,
                "options": FROZEN,
                "connect_timeout": int(PATIENCE),
                "application_name": APPLICATION,
            },
            configure=commit_by_itself,
            check=AsyncConnectionPool.check_connection,
            open=False,
        )

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """See Database."""
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """See Database."""
        async with self.engine.begin() as connection:
            yield connection

    async def transact(self, work: Transaction[T]) -> T:
        """See Database."""
        async with self.engine.begin() as connection:
            return await work(connection)

    async def look(self, work: Transaction[T]) -> T:
        """See Database."""
        async with self.engine.connect() as connection:
            return await work(connection)

    async def close(self) -> None:
        """See Database."""
        if "pool" in self.__dict__:
            await self.pool.close()
        await self.engine.dispose()


async def commit_by_itself(connection: DriverConnection[Any]) -> None:
    """Set here and not by `kwargs`, which procrastinate's LISTEN does not survive."""
    await connection.set_autocommit(True)
