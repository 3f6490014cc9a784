"""After a deletion.

Nothing of what was deleted stays in the database's own files, and space goes back.
"""

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
    """Rewrite the file on SQLite, which needs as much space again and keeps writers waiting.

    Vacuum on PostgreSQL.

    Raises UnavailableError when that cannot be done now: what was deleted stays deleted.
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
    """VACUUM leaves out what was deleted, and an empty write-ahead log has no older pages
    either.
    """
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
