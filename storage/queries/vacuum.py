"""Vacuuming: deleted data leaves the database's files, and their space is freed."""

from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.errors import UnavailableError
from storage.database.database import Database
from storage.database.postgres import PostgresDatabase
from storage.database.sqlite import SqliteDatabase

NOT_VACUUMED = (
    "What was asked for is deleted, but the database's files could not be swept"
)
VACUUM_AGAIN_HINT = "When that is settled, run: ticketgraph prune --compact"


async def vacuum_database(database: Database) -> None:
    """VACUUM the database; on SQLite that needs the file's size again and blocks writers.

    Raises UnavailableError when that is not possible now. Deleted rows stay deleted.
    """
    try:
        if isinstance(database, SqliteDatabase):
            await vacuum_sqlite_file(database)
        elif isinstance(database, PostgresDatabase):
            await vacuum_postgres_tables(database.engine)
    except DBAPIError as error:
        raise UnavailableError(
            f"{NOT_VACUUMED}: {error.orig}. {VACUUM_AGAIN_HINT}"
        ) from None


async def vacuum_sqlite_file(database: SqliteDatabase) -> None:
    """Rewrite the file without deleted pages, and empty the write-ahead log, which has some."""
    async with database.write_lock, database.engine.connect() as connection:
        await connection.exec_driver_sql("VACUUM")
        busy, *_ = (
            await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        ).one()
    if busy:
        raise UnavailableError(
            f"{NOT_VACUUMED}: somebody is reading it. {VACUUM_AGAIN_HINT}"
        )


async def vacuum_postgres_tables(engine: AsyncEngine) -> None:
    """VACUUM every table of this database's schema, ours and LangGraph's."""
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        for name in names:
            quoted = connection.dialect.identifier_preparer.quote(name)
            await connection.exec_driver_sql(f"VACUUM {quoted}")
