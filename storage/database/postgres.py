"""The database on a PostgreSQL server, shared by any number of processes."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cached_property
from typing import Any, cast

from psycopg import AsyncConnection as DriverConnection
from psycopg import OperationalError
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import Dialect, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from storage.database.address import PostgresAddress
from storage.database.database import JSON_OPTIONS, Database, T, Transaction
from storage.database.timeouts import TIMEOUT_SECONDS, TimeoutConnection, limit_waiting

POOL_SIZE = 10
"""Connections a process for our tables; the pool for checkpoints and jobs has as many."""

APPLICATION_NAME = "ticketgraph"
"""The name of our sessions in pg_stat_activity."""

CHECK_AFTER_SECONDS = 1.0
"""Seconds of silence after which a pooled connection is tested before it is used.

One that died since its last use fails one request, whose caller is told to retry.
"""

VECTOR_SEARCH_OPTIONS = "-c hnsw.iterative_scan=strict_order -c hnsw.ef_search=200"
"""The search for similar tickets scans on until enough of them pass the filters.

ef_search is the number of candidates: 100 miss twice as many of the nearest as 200 do, 400
take twice as long.
"""

IDLE_TRANSACTION_OPTION = "-c idle_in_transaction_session_timeout=4000"
"""The server ends a transaction whose process froze, because its locks block others.

Below the lease, so that the locks are free when another worker takes over.
"""

SOCKET_OPTIONS = {
    "tcp_user_timeout": int(TIMEOUT_SECONDS * 1000),
    "keepalives_idle": int(TIMEOUT_SECONDS / 2),
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
"""How soon the kernel notices a dead peer, which a LISTEN would never. Not for Unix sockets."""


class PostgresDatabase(Database):
    """Two pools: SQLAlchemy's for our tables, psycopg's for LangGraph's and procrastinate's."""

    def __init__(self, address: PostgresAddress) -> None:
        self.address = address
        self.session_options = make_session_options(address)
        self.engine = create_async_engine(
            address.url,
            pool_size=POOL_SIZE,
            max_overflow=0,
            pool_timeout=TIMEOUT_SECONDS,
            async_creator=self.open_connection,
            **JSON_OPTIONS,
        )
        event.listen(
            self.engine.sync_engine,
            "checkout",
            make_checkout_check(self.engine.dialect),
        )

    async def open_connection(self, *, autocommit: bool = False) -> TimeoutConnection:
        """A connection outside of the pools. Raises OperationalError."""
        return await TimeoutConnection.connect(
            self.address.libpq_conninfo, autocommit=autocommit, **self.session_options
        )

    @cached_property
    def pool(self) -> "AsyncConnectionPool[Any]":
        """Connections in autocommit mode, for LangGraph and procrastinate. Opened by the caller."""
        return AsyncConnectionPool(
            self.address.libpq_conninfo,
            connection_class=TimeoutConnection,
            min_size=1,
            max_size=POOL_SIZE,
            timeout=TIMEOUT_SECONDS,
            # Longer, and the first attempt after an outage would wait longer than it lasted.
            reconnect_timeout=2.0,
            kwargs={"row_factory": dict_row, **self.session_options},
            configure=set_autocommit,
            check=check_pooled_connection,
            open=False,
        )

    @asynccontextmanager
    async def open_read(self) -> AsyncIterator[AsyncConnection]:
        """See Database."""
        async with AsyncExitStack() as stack:
            with limit_waiting():
                connection = await stack.enter_async_context(self.engine.connect())
            yield connection
            # Not a rollback, after which psycopg would prepare every statement again.
            await connection.commit()

    @asynccontextmanager
    async def open_write(self) -> AsyncIterator[AsyncConnection]:
        """See Database."""
        async with self.open_read() as connection, connection.begin():
            yield connection

    async def run_transaction(self, work: Transaction[T]) -> T:
        """See Database."""
        async with self.open_write() as connection:
            return await work(connection)

    async def run_read(self, work: Transaction[T]) -> T:
        """See Database."""
        async with self.open_read() as connection:
            return await work(
                await connection.execution_options(isolation_level="AUTOCOMMIT")
            )

    async def close(self) -> None:
        """See Database."""
        if "pool" in self.__dict__:
            await self.pool.close()
        await self.engine.dispose()


async def check_pooled_connection(connection: DriverConnection[Any]) -> None:
    """Test a connection of psycopg's pool that was idle. Raises OperationalError if it is dead."""
    if cast("TimeoutConnection", connection).is_idle_for(CHECK_AFTER_SECONDS):
        await AsyncConnectionPool.check_connection(connection)


def make_checkout_check(dialect: Dialect) -> Callable[[Any, Any, Any], None]:
    """The same test for SQLAlchemy's pool, which then reconnects all of its connections."""

    def check_on_checkout(adapted: Any, _record: Any, _fairy: Any) -> None:
        if adapted.driver_connection.is_idle_for(CHECK_AFTER_SECONDS):
            try:
                dialect.do_ping(adapted)
            except OperationalError:
                raise InvalidatePoolError from None

    return check_on_checkout


async def set_autocommit(connection: DriverConnection[Any]) -> None:
    """Set autocommit. With `kwargs` instead, procrastinate's LISTEN would end."""
    await connection.set_autocommit(True)


def make_session_options(address: PostgresAddress) -> dict[str, Any]:
    """The options of our connections. The address's own TCP settings and `options` win."""
    given = conninfo_to_dict(address.libpq_conninfo)
    return {
        **{name: given.get(name, value) for name, value in SOCKET_OPTIONS.items()},
        "options": " ".join(
            [
                IDLE_TRANSACTION_OPTION,
                VECTOR_SEARCH_OPTIONS,
                str(given.get("options", "")),
            ]
        ).rstrip(),
        "connect_timeout": int(TIMEOUT_SECONDS),
        "application_name": APPLICATION_NAME,
    }
