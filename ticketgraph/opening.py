"""Opens a database with its checkpoints and jobs: a SQLite file, memory, or PostgreSQL."""

import asyncio
import fcntl
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from langgraph.checkpoint.base import BaseCheckpointSaver
from sqlalchemy.exc import DBAPIError

from contracts.errors import UnavailableError
from storage.database.address import (
    Address,
    MemoryAddress,
    PostgresAddress,
    SqliteAddress,
)
from storage.database.database import Database
from storage.database.postgres import PostgresDatabase
from storage.database.sqlite import SqliteDatabase, memory_database
from storage.database.unavailable import UNAVAILABLE_ERRORS
from storage.jobs.leased_jobs import LeasedJobs
from storage.jobs.port import Jobs
from storage.jobs.procrastinate_jobs import ProcrastinateJobs
from storage.migrations.migrate import (
    migrate_postgres,
    migrate_sqlite,
    require_current_tables,
    require_utf8,
)
from ticketgraph.checkpoints.postgres import postgres_saver
from ticketgraph.checkpoints.sqlite import open_saver
from ticketgraph.news.notify import PostgresNotifier
from ticketgraph.news.watchers import Watchers
from ticketgraph.orphans import refuse_orphans

NOT_REACHED_MESSAGE = (
    "The database of DATABASE_URL cannot be used. Look whether it runs, and who may "
    "log in:"
)

NO_SCHEMA_MESSAGE = (
    "No tables can be made where DATABASE_URL points. Look whether the schema of its "
    "search_path exists, and whether "
    "its user may create tables there."
)


@dataclass(frozen=True)
class OpenStorage:
    """An open database with its checkpoint saver, jobs and watchers."""

    database: Database
    saver: BaseCheckpointSaver[Any]
    jobs: Jobs
    watchers: Watchers


def open_storage(
    address: Address, desks: Collection[str], *, migrating: bool = True
) -> AbstractAsyncContextManager[OpenStorage]:
    """Open what is at an address, brought to the newest tables where `migrating`.

    Raises UnavailableError when another process holds the file, the server cannot be
    reached, its tables are not this version's and are not to be migrated, or a run in it
    would be lost in this version or with these desks.
    """
    match address:
        case SqliteAddress(path):
            return open_file(path.resolve(), desks)
        case MemoryAddress():
            return open_memory()
        case PostgresAddress():
            return open_server(address, desks, migrating=migrating)


@contextmanager
def hold_data_folder(folder: Path) -> Iterator[None]:
    """Lock the folder, made if it is missing: two processes would run everything twice.

    Raises UnavailableError when another process holds the lock.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "ticketgraph.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UnavailableError(
                f"Another ticketgraph uses the data folder {folder}. "
                "Stop it, or choose another with DATA_DIR or DATABASE_URL."
            ) from None
        yield


@asynccontextmanager
async def open_file(path: Path, desks: Collection[str]) -> AsyncIterator[OpenStorage]:
    """One SQLite file, locked against other processes."""
    with hold_data_folder(path.parent):
        await refuse_lost_runs(path, desks)
        async with open_sqlite(str(path)) as opened:
            yield opened


async def refuse_lost_runs(path: Path, desks: Collection[str]) -> None:
    """Raise UnavailableError for a file whose runs would be lost."""
    await refuse_orphans(
        SqliteDatabase(path),
        lambda: open_saver(path, asyncio.Lock(), Watchers()),
        desks,
    )


@asynccontextmanager
async def open_memory() -> AsyncIterator[OpenStorage]:
    """A database in memory, for the life of the process."""
    with memory_database() as name:
        async with open_sqlite(name) as opened:
            yield opened


@asynccontextmanager
async def open_sqlite(name: str) -> AsyncIterator[OpenStorage]:
    """A SQLite database. Only this process uses it, so leases of earlier ones are ended."""
    await asyncio.to_thread(migrate_sqlite, name)
    database, watchers = SqliteDatabase(name), Watchers()
    jobs = LeasedJobs(database)
    try:
        await jobs.free_other_workers()
        async with open_saver(name, database.write_lock, watchers) as saver:
            yield OpenStorage(database, saver, jobs, watchers)
    finally:
        await database.close()


@asynccontextmanager
async def open_server(
    address: PostgresAddress, desks: Collection[str], *, migrating: bool
) -> AsyncIterator[OpenStorage]:
    """A PostgreSQL database, which other processes may use, too."""
    await prepare_server(address, desks, migrating=migrating)
    database = PostgresDatabase(address)
    signals = PostgresNotifier(database)
    try:
        await database.pool.open(wait=True)
        async with signals.open_watchers() as watchers:
            jobs = ProcrastinateJobs(database)
            yield OpenStorage(
                database, postgres_saver(database, watchers), jobs, watchers
            )
    finally:
        await database.close()


async def check_usable(
    address: Address, desks: Collection[str], *, migrating: bool
) -> None:
    """Raise what `open_storage` would raise. A server's database is migrated, where `migrating`."""
    match address:
        case SqliteAddress(path):
            with hold_data_folder(path.resolve().parent):
                await refuse_lost_runs(path, desks)
        case PostgresAddress():
            await prepare_server(address, desks, migrating=migrating)
        case MemoryAddress():
            pass


async def migrate_database(address: Address, desks: Collection[str]) -> None:
    """Bring a database to the newest tables. Raises UnavailableError, as `open_storage` does."""
    match address:
        case SqliteAddress(path):
            with hold_data_folder(path.resolve().parent):
                await refuse_lost_runs(path, desks)
                await asyncio.to_thread(migrate_sqlite, path)
        case PostgresAddress():
            await prepare_server(address, desks, migrating=True)
        case MemoryAddress():
            pass


async def prepare_server(
    address: PostgresAddress, desks: Collection[str], *, migrating: bool
) -> None:
    """Refuse a database whose runs would be lost, then migrate it, or refuse what is not migrated.

    Raises UnavailableError.
    """
    checked = PostgresDatabase(address)

    @asynccontextmanager
    async def open_server_saver() -> AsyncIterator[BaseCheckpointSaver[Any]]:
        await checked.pool.open(wait=True)
        yield postgres_saver(checked, Watchers())

    try:
        await require_utf8(checked)
        await refuse_orphans(checked, open_server_saver, desks)
        await (migrate_postgres if migrating else require_current_tables)(address)
    except UNAVAILABLE_ERRORS as error:
        raise UnavailableError(
            f"{NOT_REACHED_MESSAGE} {type(error).__name__}."
        ) from None
    except (DBAPIError, psycopg.Error) as error:
        refused = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(
            refused,
            psycopg.errors.InvalidSchemaName | psycopg.errors.InsufficientPrivilege,
        ):
            raise UnavailableError(NO_SCHEMA_MESSAGE) from None
        raise
