"""Migrates a database to this version: our schema, on PostgreSQL also our libraries'."""

import asyncio
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from procrastinate import App, PsycopgConnector
from psycopg import AsyncConnection
from sqlalchemy import NullPool, create_engine

from contracts.errors import UnavailableError
from storage.database.address import PostgresAddress, SqliteAddress
from storage.database.postgres import PostgresDatabase
from storage.database.timeouts import limit_waiting
from storage.tables import VECTOR_INDEXES, metadata

MIGRATIONS = Path(__file__).parent

MIGRATION_LOCK = 7_319_024_611
"""The advisory lock that a process holds while it migrates."""

POLL_SECONDS = 0.2
"""Seconds between two tries to take it.

A session that waited for the lock inside PostgreSQL would block LangGraph's CREATE INDEX
CONCURRENTLY.
"""

WRONG_ENCODING = (
    "The database keeps text in another encoding than UTF-8. Make one with: createdb -E "
    "UTF8 -T template0"
)

WRONG_REVISION = (
    "The database's tables are older or newer than this version. "
    "Run: ticketgraph migrate"
)


def migrate_sqlite(name: str | Path, revision: str = "head") -> None:
    """Migrate a SQLite database. Blocking: run it in a thread."""
    upgrade_tables(f"sqlite:///{name}", revision)


def upgrade_tables(url: Any, revision: str = "head") -> None:
    """Apply our own migrations to a database. Blocking."""
    config = alembic_config()
    config.attributes["url"] = url
    command.upgrade(config, revision)


def alembic_config() -> Config:
    """Alembic's configuration."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


async def require_utf8(database: PostgresDatabase) -> None:
    """Raise UnavailableError unless the database's encoding is UTF-8.

    Without SQLAlchemy, which fails on some other encodings when it reads the version.
    """
    with limit_waiting():
        opened = await database.open_connection(autocommit=True)
    async with opened as connection:
        if await fetch_scalar(connection, "SHOW server_encoding") != "UTF8":
            raise UnavailableError(WRONG_ENCODING)


async def migrate_postgres(address: PostgresAddress) -> None:
    """Migrate a PostgreSQL database, one process at a time; the others wait for it."""
    async with await AsyncConnection.connect(
        address.libpq_conninfo, autocommit=True
    ) as guard:
        while not await fetch_scalar(  # noqa: ASYNC110
            guard, (f"SELECT pg_try_advisory_lock({MIGRATION_LOCK})")
        ):
            await asyncio.sleep(POLL_SECONDS)
        await asyncio.to_thread(upgrade_tables, address.url)
        async with AsyncPostgresSaver.from_conn_string(address.libpq_conninfo) as saver:
            await saver.setup()
        if (
            await fetch_scalar(guard, "SELECT to_regclass('procrastinate_jobs')")
            is None
        ):
            app = App(connector=PsycopgConnector(conninfo=address.libpq_conninfo))
            async with app.open_async():
                await app.schema_manager.apply_schema_async()


async def require_current_tables(address: PostgresAddress | SqliteAddress) -> str:
    """The revision of our tables. Raises UnavailableError if it is not this version's."""
    url = (
        address.url
        if isinstance(address, PostgresAddress)
        else f"sqlite:///{address.path}"
    )
    revision = await asyncio.to_thread(read_revision, url)
    if (
        revision is None
        or revision != ScriptDirectory.from_config(alembic_config()).get_current_head()
    ):
        raise UnavailableError(WRONG_REVISION)
    if isinstance(address, PostgresAddress):
        await require_current_dependencies(address)
    return revision


async def require_current_dependencies(address: PostgresAddress) -> None:
    """Raise UnavailableError unless LangGraph's and procrastinate's tables are current."""
    async with await AsyncConnection.connect(
        address.libpq_conninfo, autocommit=True
    ) as connection:
        for table in ("checkpoint_migrations", "procrastinate_jobs"):
            if await fetch_scalar(connection, f"SELECT to_regclass('{table}')") is None:
                raise UnavailableError(WRONG_REVISION)
        newest = len(AsyncPostgresSaver.MIGRATIONS) - 1
        if (
            await fetch_scalar(connection, "SELECT max(v) FROM checkpoint_migrations")
            != newest
        ):
            raise UnavailableError(WRONG_REVISION)


def is_own_object(_object: object, name: str | None, kind: str, *_: object) -> bool:
    """Whether Alembic may compare an object: not other libraries' tables or vector indexes."""
    return name in metadata.tables if kind == "table" else name not in VECTOR_INDEXES


def read_revision(url: Any) -> str | None:
    """The revision of a database; None before the first migration. Blocking."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


async def fetch_scalar(connection: AsyncConnection[Any], query: Any) -> Any:
    """The first value of the first row."""
    row = await (await connection.execute(query)).fetchone()
    return row[0] if row else None
