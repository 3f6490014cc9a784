"""Puts the parts together: desks, engines, database, graph. Read once, at the top."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from langgraph.checkpoint.base import BaseCheckpointSaver

from connectors.port import Connector
from engines.embedding.batching_embedder import BatchingEmbedder
from engines.embedding.embedder import MODEL_NAME, Embedder
from engines.embedding.stored_vectors import CachedEmbedder
from engines.local.answers.knowledge import KnowledgeBase
from engines.local.categories.learned_models import LearnedModels
from engines.local.engine import LocalEngine
from engines.local.fields import extract_fields
from engines.local.severity_judge import LocalSeverityJudge
from engines.models.providers import resolve_models
from engines.models.records import CallRecord
from engines.models.settings import ModelSettings
from graph.build import Graph, build_graph
from nodes.services import Limits, Services
from policies.desk.model import Desk
from policies.loading.load import load_desks
from policies.severity.assess import assess_severity
from storage.database.address import Address
from storage.database.database import Database
from storage.database.postgres import PostgresDatabase
from storage.jobs.port import Jobs
from storage.queries import runs
from storage.vectors.brute_force import BruteForceVectors
from storage.vectors.pgvector import PgVectors
from text.cleaning import TextCleaner
from ticketgraph.effects.outbox import StoredOutbox
from ticketgraph.effects.sender import DELIVERY_SECONDS, EffectSender
from ticketgraph.forgetting.erasure import Eraser
from ticketgraph.forgetting.retention import Retention
from ticketgraph.news.watchers import Watchers
from ticketgraph.opening import open_storage
from ticketgraph.runner import MAX_CONCURRENT_RUNS, Runner
from ticketgraph.runs.execute import Executor
from ticketgraph.similar.similar_tickets import StoredTicketSearch
from ticketgraph.upkeep.background import BackgroundWork, run_in_background
from ticketgraph.upkeep.deadline_clock import DeadlineClock
from ticketgraph.upkeep.maintenance import run_maintenance

if TYPE_CHECKING:
    from engines.llm.engine import LlmEngine

SHIPPED_DESKS = Path(__file__).parent.parent / "policies" / "desks"

START_REPAIR_LIMIT = 200
"""Missing fingerprints made before the first ticket is taken: 2 s of work.

`ticketgraph doctor --repair` makes all.
"""


@dataclass(frozen=True)
class Assembly:
    """Everything that one process holds open."""

    services: Services
    database: Database
    graph: Graph
    runner: Runner
    ticket_search: StoredTicketSearch
    watchers: Watchers
    saver: BaseCheckpointSaver[Any]
    jobs: Jobs


def ignore_call(_: CallRecord) -> None:
    """For whoever counts no calls."""


@asynccontextmanager
async def open_assembly(
    address: Address,
    desks_dir: Path | None = None,
    models: ModelSettings | None = None,
    observe: Callable[[CallRecord], None] = ignore_call,
    *,
    connector: Connector | None = None,
    delivery_seconds: float = DELIVERY_SECONDS,
    at_once: int = MAX_CONCURRENT_RUNS,
    migrating: bool = True,
) -> AsyncIterator[Assembly]:
    """Open everything on a database, and close it in order.

    Up to `at_once` tasks are done here side by side.

    Effects go out through the `connector`, one attempt taking `delivery_seconds` at most;
    without, they stay recorded.

    Raises DeskError for invalid policies, InputError for settings that contradict each
    other, and UnavailableError when the database cannot be used: see
    ticketgraph.opening.open_storage.
    """
    desks = await asyncio.to_thread(load_desks, desks_dir or SHIPPED_DESKS)
    async with open_storage(address, desks.keys(), migrating=migrating) as opened:
        database, jobs = opened.database, opened.jobs
        services, memory = await offline_services(desks, database)
        if models:
            services = await with_models(services, models, database, observe)
        graph = build_graph(opened.saver)
        outbox = StoredOutbox(database, utc_now, jobs if connector else None)
        services = replace(services, outbox=outbox)
        delivery = EffectSender(database, connector, utc_now, delivery_seconds)
        runner = Runner(
            Executor(graph, services, database, opened.watchers), jobs, delivery
        )
        saver = cast("BaseCheckpointSaver[Any]", graph.checkpointer)
        assembly = Assembly(
            services, database, graph, runner, memory, opened.watchers, saver, jobs
        )
        if at_once:
            runner.start_worker(at_once)
        try:
            async with run_in_background(
                background_work(assembly, outbox) if at_once else ()
            ):
                yield assembly
        finally:
            await runner.stop()
            if services.engine is not services.local:
                await cast("LlmEngine", services.engine).close()


def background_work(
    assembly: Assembly, outbox: StoredOutbox
) -> Sequence[BackgroundWork]:
    """What a process that works does besides.

    Deadlines, what nobody goes on with, what is old enough to go.
    """
    database, jobs, desks = assembly.database, assembly.jobs, assembly.services.desks
    eraser = Eraser(
        database, assembly.ticket_search, assembly.saver.serde, jobs, utc_now
    )
    retention = Retention(database, desks, eraser)
    often = (assembly.runner.enqueue_lost_runs, outbox.enqueue_lost_effects)
    return (
        DeadlineClock(database, jobs, desks, outbox, utc_now).run_forever,
        lambda: run_maintenance(often, lambda: retention.prune_expired(utc_now())),
    )


async def offline_services(
    desks: Mapping[str, Desk], database: Database
) -> tuple[Services, StoredTicketSearch]:
    """What the nodes need, with the local engine and no model API."""
    embedder = await asyncio.to_thread(Embedder.load)
    batching = BatchingEmbedder(embedder)
    cleaners = {
        desk.id: TextCleaner(desk.settings.languages) for desk in desks.values()
    }
    await asyncio.to_thread(warm_up_desks, desks, cleaners)
    learned = {
        desk.id: LearnedModels.parse_npz(desk.learned) if desk.learned else None
        for desk in desks.values()
    }
    known = CachedEmbedder(
        embedder, [desk.vectors for desk in desks.values() if desk.vectors]
    )
    engine = await asyncio.to_thread(LocalEngine, known, batching, desks)
    knowledge = await asyncio.to_thread(KnowledgeBase, known, batching, desks.values())
    on_postgres = isinstance(database, PostgresDatabase)
    vectors = (
        PgVectors(database, MODEL_NAME)
        if on_postgres
        else BruteForceVectors(database, MODEL_NAME)
    )
    await vectors.load_index()
    memory = StoredTicketSearch(batching, database, vectors, knowledge, cleaners)
    if not on_postgres:
        await memory.repair_fingerprints(START_REPAIR_LIMIT)
    services = Services(
        desks=desks,
        cleaners=cleaners,
        severity=LocalSeverityJudge(batching, learned),
        engine=engine,
        local=engine,
        ticket_search=memory,
        outbox=StoredOutbox(database, utc_now),
        now=utc_now,
    )
    return services, memory


async def with_models(
    services: Services,
    settings: ModelSettings,
    database: Database,
    observe: Callable[[CallRecord], None] = ignore_call,
) -> Services:
    """The services with what the settings say of models.

    Still offline where no model is configured.
    """
    limits = Limits.for_run_seconds(settings.workflow_timeout_seconds)
    services = replace(
        services,
        limits=limits,
        desks=with_threshold(services.desks, settings.ai_confidence_threshold),
    )
    models = resolve_models(settings)
    if models is None:
        return services
    # Not above: offline no model client is imported.
    from engines.llm.assembly import build_llm_engine

    midnight = services.now().replace(hour=0, minute=0, second=0, microsecond=0)
    async with database.open_read() as connection:
        spent = await runs.model_costs_since(connection, midnight)
    engine = await asyncio.to_thread(
        build_llm_engine,
        settings,
        models,
        services.local,
        limits,
        services.desks.values(),
        now=services.now,
        spent_today=spent,
        observe=observe,
    )
    return replace(services, engine=engine)


def with_threshold(
    desks: Mapping[str, Desk], threshold: float | None
) -> Mapping[str, Desk]:
    """The desks with one confidence threshold in place of their own, if one is given."""
    if threshold is None:
        return desks
    return {
        desk.id: desk.model_copy(
            update={
                "settings": desk.settings.model_copy(
                    update={"confidence_threshold": threshold}
                )
            }
        )
        for desk in desks.values()
    }


def warm_up_desks(
    desks: Mapping[str, Desk], cleaners: Mapping[str, TextCleaner]
) -> None:
    """Compile every pattern and read every model file now, so that the first ticket does
    not wait for it.
    """
    for desk in desks.values():
        cleaners[desk.id].warm_up()
        assess_severity("Is it ready?", desk.severities, desk.signals)
        extract_fields(
            "Call 555-987-6543.", desk.fields, required=(), customer_email=None
        )


def utc_now() -> datetime:
    """The clock."""
    return datetime.now(UTC)
