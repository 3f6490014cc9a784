"""Builds the parts of a process and connects them: desks, engines, database, graph, worker."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.runtime import RunControl

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
from ticketgraph.jobs import ADVANCE, DELIVER
from ticketgraph.news.watchers import Watchers
from ticketgraph.opening import OpenStorage, open_storage
from ticketgraph.runs.advance import RunAdvancer
from ticketgraph.runs.execute import RunExecutor
from ticketgraph.similar.similar_tickets import StoredTicketSearch
from ticketgraph.tickets.intake import TicketIntake
from ticketgraph.upkeep.deadline_clock import DeadlineClock
from ticketgraph.upkeep.maintenance import (
    BackgroundWork,
    recover_lost_runs,
    run_in_background,
    run_maintenance,
)
from ticketgraph.worker import MAX_CONCURRENT_RUNS, Worker

if TYPE_CHECKING:
    from engines.llm.engine import LlmEngine

SHIPPED_DESKS = Path(__file__).parent.parent / "policies" / "desks"

START_REPAIR_LIMIT = 200
"""Missing fingerprints made at the start, which takes 2 s; `doctor --repair` makes all."""


@dataclass(frozen=True)
class Assembly:
    """Everything that one process holds open."""

    services: Services
    database: Database
    graph: Graph
    saver: BaseCheckpointSaver[Any]
    jobs: Jobs
    watchers: Watchers
    outbox: StoredOutbox
    ticket_search: StoredTicketSearch
    intake: TicketIntake
    advancer: RunAdvancer
    worker: Worker

    @property
    def eraser(self) -> Eraser:
        """What erases tickets, and their traces."""
        return Eraser(
            self.database,
            self.ticket_search,
            self.saver.serde,
            self.jobs,
            self.services.now,
        )

    @property
    def retention(self) -> Retention:
        """What prunes checkpoints and tickets by age."""
        return Retention(self.database, self.services.desks, self.eraser)


def ignore_call(_: CallRecord) -> None:
    """An observer of model calls that does nothing."""


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

    Up to `at_once` jobs are run here side by side. Effects go out through the `connector`,
    one attempt taking `delivery_seconds` at most; without, they stay recorded.

    Raises DeskError for invalid policies, InputError for settings that contradict each
    other, and UnavailableError when the database cannot be used: see
    ticketgraph.opening.open_storage.
    """
    desks = await asyncio.to_thread(load_desks, desks_dir or SHIPPED_DESKS)
    async with open_storage(address, desks.keys(), migrating=migrating) as opened:
        database = opened.database
        services, ticket_search = await offline_services(desks, database)
        if models:
            services = await with_models(services, models, database, observe)
        outbox = StoredOutbox(database, utc_now, opened.jobs if connector else None)
        services = replace(services, outbox=outbox)
        sender = EffectSender(database, connector, utc_now, delivery_seconds)
        assembly = assemble(opened, services, ticket_search, outbox, sender)
        if at_once:
            assembly.worker.start_jobs(at_once)
        try:
            async with run_in_background(background_work(assembly) if at_once else ()):
                yield assembly
        finally:
            await assembly.worker.stop_jobs()
            if services.engine is not services.local:
                await cast("LlmEngine", services.engine).close()


def assemble(
    opened: OpenStorage,
    services: Services,
    ticket_search: StoredTicketSearch,
    outbox: StoredOutbox,
    sender: EffectSender,
) -> Assembly:
    """The parts on an open database, connected, with nothing started yet."""
    database, jobs, watchers = opened.database, opened.jobs, opened.watchers
    graph, control = build_graph(opened.saver), RunControl()
    advancer = RunAdvancer(RunExecutor(graph, services, database, watchers), control)
    handlers = {ADVANCE: advancer.advance_run, DELIVER: sender.deliver_effect}
    return Assembly(
        services=services,
        database=database,
        graph=graph,
        saver=cast("BaseCheckpointSaver[Any]", graph.checkpointer),
        jobs=jobs,
        watchers=watchers,
        outbox=outbox,
        ticket_search=ticket_search,
        intake=TicketIntake(database, jobs, services.desks, services.now, control),
        advancer=advancer,
        worker=Worker(jobs, handlers, control, watchers),
    )


def background_work(assembly: Assembly) -> Sequence[BackgroundWork]:
    """What a process that runs jobs does in the background: deadlines, recovery, pruning."""
    database, jobs, outbox = assembly.database, assembly.jobs, assembly.outbox
    clock = DeadlineClock(database, jobs, assembly.services.desks, outbox, utc_now)
    recover = (partial(recover_lost_runs, database, jobs), outbox.enqueue_lost_effects)
    return (
        clock.run_forever,
        lambda: run_maintenance(
            recover, lambda: assembly.retention.prune_expired(utc_now())
        ),
    )


async def offline_services(
    desks: Mapping[str, Desk], database: Database
) -> tuple[Services, StoredTicketSearch]:
    """The nodes' services with the local engine and no model API, and the ticket search."""
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
    """The services with the models that the settings name; unchanged engines without a model."""
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
    """The desks, with `threshold` in place of their own confidence threshold if it is given."""
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
    """Compile every pattern and read every model file, so that the first ticket does not wait."""
    for desk in desks.values():
        cleaners[desk.id].warm_up()
        assess_severity("Is it ready?", desk.severities, desk.signals)
        extract_fields(
            "Call 555-987-6543.", desk.fields, required=(), customer_email=None
        )


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)
