"""Puts the parts together: desks, engines, database, graph. Read once, at the top."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from engines.local.batching import BatchingEmbedder
from engines.local.cleaning import TextCleaner
from engines.local.embedder import Embedder
from engines.local.engine import LocalEngine
from engines.local.judging import LocalJudge
from engines.local.knowledge import Knowledge
from engines.local.learned import Learned
from engines.local.patterns import extract_fields
from engines.local.vectors import KnownTexts
from graph.build import Graph, build
from graph.checkpoints import GroupCommitSaver, open_saver
from graph.lock import data_folder
from graph.memory import TicketMemory
from graph.outbox import StoredOutbox
from graph.run import Executor
from graph.runner import Runner
from graph.watching import Watchers
from nodes.services import Services
from policies.desk import Desk
from policies.loading import load_desks
from policies.severity import assess
from storage.database import Database
from storage.migrate import migrate

SHIPPED_DESKS = Path(__file__).parent.parent / "policies" / "desks"
DATABASE_FILE = "ticketgraph.db"


@dataclass(frozen=True)
class Assembly:
    """Everything that one process holds open."""

    services: Services
    database: Database
    graph: Graph
    runner: Runner
    memory: TicketMemory
    watchers: Watchers
    saver: GroupCommitSaver


@asynccontextmanager
async def assembled(data_dir: Path, desks_dir: Path | None = None) -> AsyncIterator[Assembly]:
    """Open everything on a data folder, go on with what was left unfinished, and close it in order.

    Raises DeskError for invalid policies and UnavailableError when another process holds the folder.
    """
    desks = await asyncio.to_thread(load_desks, desks_dir or SHIPPED_DESKS)
    with data_folder(data_dir):
        path = data_dir / DATABASE_FILE
        await asyncio.to_thread(migrate, path)
        database = Database(path)
        services, memory = await offline_services(desks, database)
        watchers = Watchers()
        async with open_saver(path, database.write_lock, watchers) as saver:
            graph = build(saver)
            runner = Runner(Executor(graph, services, database, memory, watchers))
            await runner.recover()
            try:
                yield Assembly(
                    services, database, graph, runner, memory, watchers, cast("GroupCommitSaver", graph.checkpointer)
                )
            finally:
                await runner.stop()
                await database.close()


async def offline_services(desks: Mapping[str, Desk], database: Database) -> tuple[Services, TicketMemory]:
    """What the nodes need, with the local engine and no model API."""
    embedder = await asyncio.to_thread(Embedder.load)
    batching = BatchingEmbedder(embedder)
    cleaners = {desk.id: TextCleaner(desk.settings.languages) for desk in desks.values()}
    await asyncio.to_thread(warm_up, desks, cleaners)
    learned = {desk.id: Learned.parse(desk.learned) if desk.learned else None for desk in desks.values()}
    known = KnownTexts(embedder, [desk.vectors for desk in desks.values() if desk.vectors])
    engine = await asyncio.to_thread(LocalEngine, known, batching, desks)
    knowledge = await asyncio.to_thread(Knowledge, known, batching, desks.values())
    memory = TicketMemory(batching, database, knowledge, cleaners)
    await memory.load()
    services = Services(
        desks=desks,
        cleaners=cleaners,
        severity=LocalJudge(batching, learned),
        engine=engine,
        local=engine,
        memory=memory,
        outbox=StoredOutbox(database, utc_now),
        now=utc_now,
    )
    return services, memory


def warm_up(desks: Mapping[str, Desk], cleaners: Mapping[str, TextCleaner]) -> None:
    """Compile every pattern and read every model file now, so that the first ticket does not wait for it."""
    for desk in desks.values():
        cleaners[desk.id].warm_up()
        assess("Is it ready?", desk.severities, desk.signals)
        extract_fields("Call 555-987-6543.", desk.fields, required=(), customer_email=None)


def utc_now() -> datetime:
    """The clock."""
    return datetime.now(UTC)
