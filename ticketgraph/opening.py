"""Opens what a process keeps things in: a SQLite file, memory, or PostgreSQL.

What is above does not know which.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
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
from storage.database.sqlite import SqliteDatabase, in_memory
from storage.database.unavailable import AWAY
from storage.jobs.leased import LeasedJobs
from storage.jobs.port import Jobs
from storage.jobs.procrastinated import ProcrastinateJobs
from storage.migrations.migrate import (
    migrate,
    migrate_postgres,
    refuse_behind,
    refuse_encoding,
)
from ticketgraph.checkpoints.postgres import postgres_saver
from ticketgraph.checkpoints.sqlite import open_saver
from ticketgraph.data_folder import data_folder
from ticketgraph.news.notify import Signals
from ticketgraph.news.watchers import Watchers
from ticketgraph.orphans import refuse_orphans

NOT_REACHED = (
    "The database of DATABASE_URL cannot be used. Look whether it runs, and who may "
    "log in:"
)

NO_PLACE = (
    "No tables can be made where DATABASE_URL points. Look whether the schema of its "
    "search_path exists, and whether "
    "its user may create tables there."
)


@dataclass(frozen=True)
class Stored:
    """What is open."""

    database: Database
    saver: BaseCheckpointSaver[Any]
    jobs: Jobs
    watchers: Watchers


def stored(
    address: Address, desks: Collection[str], *, migrating: bool = True
) -> AbstractAsyncContextManager[Stored]:
    """Open what is at an address, brought to the newest tables where `migrating`.

    Raises UnavailableError when another process holds the file, the server cannot be
    reached, its tables are not this version's and are not to be migrated, or a run in it
    would be lost in this version or with these desks.
    """
    match address:
        case SqliteAddress(path):
            return a_file(path.resolve(), desks)
        case MemoryAddress():
            return memory()
        case PostgresAddress():
            return a_server(address, desks, migrating=migrating)


@asynccontextmanager
async def a_file(path: Path, desks: Collection[str]) -> AsyncIterator[Stored]:
    """One SQLite file, which nobody else has."""
    with data_folder(path.parent):
        await refuse_lost(path, desks)
        async with sqlite(str(path)) as opened:
            yield opened


async def refuse_lost(path: Path, desks: Collection[str]) -> None:
    """Refuse a file whose runs would be lost."""
    await refuse_orphans(
        SqliteDatabase(path),
        lambda: open_saver(path, asyncio.Lock(), Watchers()),
        desks,
    )


@asynccontextmanager
async def memory() -> AsyncIterator[Stored]:
    """A database that is gone with the process."""
    with in_memory() as name:
        async with sqlite(name) as opened:
            yield opened


@asynccontextmanager
async def sqlite(name: str) -> AsyncIterator[Stored]:
    """A SQLite database that is ours alone: what earlier processes were doing is nobody's now."""
    await asyncio.to_thread(migrate, name)
    database, watchers = SqliteDatabase(name), Watchers()
    jobs = LeasedJobs(database)
    try:
        await jobs.take_over()
        async with open_saver(name, database.write_lock, watchers) as saver:
            yield Stored(database, saver, jobs, watchers)
    finally:
        await database.close()


@asynccontextmanager
async def a_server(
    address: PostgresAddress, desks: Collection[str], *, migrating: bool
) -> AsyncIterator[Stored]:
    """A database on a server, which other processes use, too."""
    await prepare(address, desks, migrating=migrating)
    database = PostgresDatabase(address)
    signals = Signals(database)
    try:
        await database.pool.open(wait=True)
        async with signals.connected() as watchers:
            jobs = ProcrastinateJobs(database)
            yield Stored(database, postgres_saver(database, watchers), jobs, watchers)
    finally:
        await database.close()


async def usable(address: Address, desks: Collection[str], *, migrating: bool) -> None:
    """Raise what `stored` would raise. A server's database is migrated, where `migrating`."""
    match address:
        case SqliteAddress(path):
            with data_folder(path.resolve().parent):
                await refuse_lost(path, desks)
        case PostgresAddress():
            await prepare(address, desks, migrating=migrating)
        case MemoryAddress():
            pass


async def migrated(address: Address, desks: Collection[str]) -> None:
    """Bring a database to the newest tables. Raises UnavailableError, as `stored` does."""
    match address:
        case SqliteAddress(path):
            with data_folder(path.resolve().parent):
                await refuse_lost(path, desks)
                await asyncio.to_thread(migrate, path)
        case PostgresAddress():
            await prepare(address, desks, migrating=True)
        case MemoryAddress():
            pass


async def prepare(
    address: PostgresAddress, desks: Collection[str], *, migrating: bool
) -> None:
    """Refuse a database whose runs would be lost, then migrate it, or refuse what is not migrated.

    Raises UnavailableError.
    """
    looking = PostgresDatabase(address)

    @asynccontextmanager
    async def saver() -> AsyncIterator[BaseCheckpointSaver[Any]]:
        await looking.pool.open(wait=True)
        yield postgres_saver(looking, Watchers())

    try:
        await refuse_encoding(looking)
        await refuse_orphans(looking, saver, desks)
        await (migrate_postgres if migrating else refuse_behind)(address)
    except AWAY as error:
        raise UnavailableError(f"{NOT_REACHED} {type(error).__name__}.") from None
    except (DBAPIError, psycopg.Error) as error:
        refused = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(
            refused,
            psycopg.errors.InvalidSchemaName | psycopg.errors.InsufficientPrivilege,
        ):
            raise UnavailableError(NO_PLACE) from None
        raise
