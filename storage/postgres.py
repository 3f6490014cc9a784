"""The database as a PostgreSQL server, shared by any number of processes."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cached_property
from typing import Any

from psycopg import AsyncConnection as DriverConnection
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from storage.address import PostgresAddress
from storage.database import JSON, Database, T, Transaction
from storage.patience import PATIENCE, PatientConnection, impatient

CONNECTIONS = 10
"""Of one process, for our tables; the pool of checkpoints and jobs has as many."""

APPLICATION = "ticketgraph"
"""What our sessions are called in pg_stat_activity."""

FROZEN = "-c idle_in_transaction_session_timeout=4000"
"""A process that freezes inside a transaction holds locks that others wait for. The server ends it: below the lease."""

SOCKET = {
    "tcp_user_timeout": int(PATIENCE * 1000),
    "keepalives_idle": int(PATIENCE / 2),
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
"""How soon the kernel notices that nobody is at the other end: who listens would never. Not for Unix sockets."""


class PostgresDatabase(Database):
    """Two pools: SQLAlchemy's for our tables, psycopg's for LangGraph's and procrastinate's."""

    def __init__(self, address: PostgresAddress) -> None:
        self.address = address
        self.session = session(address)
        self.engine = create_async_engine(
            address.url,
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=PATIENCE,
            pool_pre_ping=True,
            async_creator=self.connect,
            **JSON,
        )

    async def connect(self, *, autocommit: bool = False) -> PatientConnection:
        """A connection of its own. Raises OperationalError."""
        return await PatientConnection.connect(self.address.conninfo, autocommit=autocommit, **self.session)

    @cached_property
    def pool(self) -> "AsyncConnectionPool[Any]":
        """Connections that commit by themselves, as LangGraph and procrastinate want them. Not open yet."""
        return AsyncConnectionPool(
            self.address.conninfo,
            connection_class=PatientConnection,
            min_size=1,
            max_size=CONNECTIONS,
            timeout=PATIENCE,
            reconnect_timeout=2.0,  # or the first one after an outage waits for longer than that lasted
            kwargs={"row_factory": dict_row, **self.session},
            configure=commit_by_itself,
            check=AsyncConnectionPool.check_connection,
            open=False,
        )

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """See Database."""
        async with AsyncExitStack() as stack:
            with impatient():
                connection = await stack.enter_async_context(self.engine.connect())
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """See Database."""
        async with self.read() as connection, connection.begin():
            yield connection

    async def transact(self, work: Transaction[T]) -> T:
        """See Database."""
        async with self.write() as connection:
            return await work(connection)

    async def look(self, work: Transaction[T]) -> T:
        """See Database."""
        async with self.read() as connection:
            return await work(connection)

    async def close(self) -> None:
        """See Database."""
        if "pool" in self.__dict__:
            await self.pool.close()
        await self.engine.dispose()


async def commit_by_itself(connection: DriverConnection[Any]) -> None:
    """Set here and not by `kwargs`, which procrastinate's LISTEN does not survive."""
    await connection.set_autocommit(True)


def session(address: PostgresAddress) -> dict[str, Any]:
    """How our connections are opened. What the address says of TCP stays, and its options come after ours."""
    given = conninfo_to_dict(address.conninfo)
    return {
        **{name: given.get(name, value) for name, value in SOCKET.items()},
        "options": " ".join([FROZEN, str(given.get("options", ""))]).rstrip(),
        "connect_timeout": int(PATIENCE),
        "application_name": APPLICATION,
    }
