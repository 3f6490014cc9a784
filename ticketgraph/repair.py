"""What `ticketgraph doctor` needs the graph for.

Runs that this version would lose, and putting things right.
"""

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
from storage.database.read_only import looking
from storage.database.sqlite import SqliteDatabase
from storage.migrations.migrate import refuse_behind
from storage.vectors import fingerprints
from ticketgraph.assembly import SHIPPED_DESKS, offline_services, utc_now
from ticketgraph.checkpoints.postgres import postgres_saver
from ticketgraph.checkpoints.sqlite import open_saver
from ticketgraph.effects.outbox import StoredOutbox
from ticketgraph.news.watchers import Watchers
from ticketgraph.opening import stored
from ticketgraph.orphans import orphans
from ticketgraph.upkeep.maintenance import put_down_lost


@dataclass(frozen=True)
class Repaired:
    """How many runs and effects have a task again, and how many fingerprints were made."""

    runs: int
    effects: int
    fingerprints: int


async def lost_in(database: Database, desks: Collection[str]) -> list[str]:
    """The waiting and running runs that cannot go on in this version, with these desks, and
    why. Changes nothing.
    """
    return await orphans(database, partial(saver_of, database), desks)


@asynccontextmanager
async def saver_of(database: Database) -> AsyncIterator[BaseCheckpointSaver[Any]]:
    """The checkpoints of a database, for reading."""
    if isinstance(database, PostgresDatabase):
        await database.pool.open(wait=True)
        yield postgres_saver(database, Watchers())
    elif isinstance(database, SqliteDatabase):
        async with open_saver(database.name, asyncio.Lock(), Watchers()) as saver:
            yield saver


async def repair(
    address: PostgresAddress | SqliteAddress,
    desks_dir: Path | None,
    *,
    delivering: bool,
) -> Repaired:
    """Put down a task for what has none, and make missing fingerprints. `delivering`.

    Effects are sent, too.

    Raises DeskError for invalid policies, UnavailableError for tables of another version, and as
    ticketgraph.opening.stored.
    """
    async with looking(address):  # says in a sentence what cannot be read
        await refuse_behind(address)
    desks = await asyncio.to_thread(load_desks, desks_dir or SHIPPED_DESKS)
    async with stored(address, desks, migrating=False) as opened:
        database, jobs = opened.database, opened.jobs
        put_down = await database.transact(partial(put_down_lost, jobs=jobs))
        jobs.wake()
        effects = (
            await StoredOutbox(database, utc_now, jobs).reconcile() if delivering else 0
        )
        lacking = partial(fingerprints.count_lacking, model=MODEL_NAME, desks=[*desks])
        missing = await database.look(lacking)
        if missing:
            _, memory = await offline_services(desks, database)
            await memory.repair(missing)
        return Repaired(put_down, effects, missing - await database.look(lacking))
