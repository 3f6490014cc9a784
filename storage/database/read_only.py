"""Read-only access to a database, also while other processes use it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import NotFoundError, UnavailableError
from storage.database.address import Address, MemoryAddress, PostgresAddress
from storage.database.database import Database
from storage.database.postgres import PostgresDatabase
from storage.database.sqlite import SqliteDatabase


@asynccontextmanager
async def open_read_only(address: Address) -> AsyncIterator[Database]:
    """The database at an address; it is neither created nor migrated.

    Raises NotFoundError if there is none, UnavailableError when it cannot be read.
    """
    if isinstance(address, MemoryAddress):
        raise NotFoundError("A database in memory is seen by its own process only.")
    if isinstance(address, PostgresAddress):
        name, database = "The database of DATABASE_URL", PostgresDatabase(address)
    elif address.path.is_file():
        name, database = str(address.path), SqliteDatabase(address.path)
    else:
        raise NotFoundError(
            f"There is no database {address.path}. Name the data folder with --data-dir."
        )
    try:
        yield database
    except DBAPIError as error:
        why = (
            type(error.orig).__name__
            if isinstance(address, PostgresAddress)
            else error.orig
        )
        raise UnavailableError(f"{name} cannot be read: {why}.") from None
    finally:
        await database.close()


@asynccontextmanager
async def open_snapshot(database: Database) -> AsyncIterator[AsyncConnection]:
    """A connection that reads one consistent snapshot, whatever is written meanwhile."""
    async with database.open_read() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execution_options(isolation_level="REPEATABLE READ")
        else:
            await connection.exec_driver_sql("BEGIN")
        yield connection
