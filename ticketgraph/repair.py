"""Reconciles a database for `ticketgraph doctor`: lost runs, effects and fingerprints."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver

from engines.embedding.embedder import MODEL_NAME
from policies.loading.load import load_desks
from storage.database.address import PostgresAddress, SqliteAddress
from storage.database.database import Database
from storage.database.postgres import PostgresDatabase
from storage.database.read_only import open_read_only
from storage.database.sqlite import SqliteDatabase
from storage.migrations.migrate import require_current_tables
from storage.vectors import fingerprints
from ticketgraph.assembly import SHIPPED_DESKS, offline_services, utc_now
from ticketgraph.checkpoints.postgres import postgres_saver
from ticketgraph.checkpoints.sqlite import open_saver
from ticketgraph.effects.outbox import StoredOutbox
from ticketgraph.news.watchers import Watchers
from ticketgraph.opening import open_storage
from ticketgraph.orphans import find_orphans
from ticketgraph.upkeep.maintenance import recover_lost_runs


@dataclass(frozen=True)
class RepairCounts:
    """How many runs and effects have a job again, and how many fingerprints were made."""

    runs: int
    effects: int
    fingerprints: int


async def find_lost_runs(database: Database, desks: Collection[str]) -> list[str]:
    """The waiting and running runs that this version cannot resume with these desks, and why.

    Changes nothing.
    """
    return await find_orphans(database, partial(open_saver_of, database), desks)


@asynccontextmanager
async def open_saver_of(database: Database) -> AsyncIterator[BaseCheckpointSaver[Any]]:
    """The checkpoint saver of a database, for reading."""
    if isinstance(database, PostgresDatabase):
        await database.pool.open(wait=True)
        yield postgres_saver(database, Watchers())
    elif isinstance(database, SqliteDatabase):
        async with open_saver(database.name, asyncio.Lock(), Watchers()) as saver:
            yield saver


async def repair_stored_data(
    address: PostgresAddress | SqliteAddress,
    desks_dir: Path | None,
    *,
    delivering: bool,
) -> RepairCounts:
    """Enqueue the jobs that are missing, and make missing fingerprints.

    Effects get jobs only where `delivering`. Raises DeskError for invalid policies,
    UnavailableError for tables of another version, and as ticketgraph.opening.open_storage.
    """
    async with open_read_only(address):  # raises an error that says what cannot be read
        await require_current_tables(address)
    desks = await asyncio.to_thread(load_desks, desks_dir or SHIPPED_DESKS)
    async with open_storage(address, desks, migrating=False) as opened:
        database, jobs = opened.database, opened.jobs
        requeued = await recover_lost_runs(database, jobs)
        effects = (
            await StoredOutbox(database, utc_now, jobs).enqueue_lost_effects()
            if delivering
            else 0
        )
        lacking = partial(
            fingerprints.count_unindexed_tickets, model=MODEL_NAME, desks=[*desks]
        )
        missing = await database.run_read(lacking)
        if missing:
            _, memory = await offline_services(desks, database)
            await memory.repair_fingerprints(missing)
        return RepairCounts(
            requeued, effects, missing - await database.run_read(lacking)
        )
