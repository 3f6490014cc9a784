"""The graph that `langgraph dev` and LangGraph Studio load (`langgraph.json`).

Importing it loads desks and engine.
"""

import asyncio
import atexit
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import StateUpdate
from pydantic import TypeAdapter

from contracts.errors import TicketGraphError
from engines.models.settings import ModelSettings
from graph.build import build_graph
from graph.state import State
from nodes.services import Services
from policies.loading.load import load_desks
from storage.database.address import DATABASE_FILE
from storage.database.sqlite import SqliteDatabase
from storage.migrations.migrate import migrate_sqlite
from ticketgraph.assembly import SHIPPED_DESKS, offline_services, with_models

STATE_ADAPTER = TypeAdapter(State)


class StudioGraph(CompiledStateGraph[State, Services, Any, Any]):
    """The graph, which also takes state that Studio edited as JSON and gives nodes our types."""

    async def abulk_update_state(
        self, config: RunnableConfig, supersteps: Sequence[Sequence[StateUpdate]]
    ) -> RunnableConfig:
        """See Pregel. Raises ValidationError for a value that does not fit its channel."""
        return await super().abulk_update_state(
            config, [[typed_update(update) for update in step] for step in supersteps]
        )


def typed_update(update: StateUpdate) -> StateUpdate:
    """The update with values of the state's types.

    Updates that no node made (`__input__`, `__copy__`) stay as they are.
    """
    if not update.values or (update.as_node or "").startswith("__"):
        return update
    return update._replace(values=dict(STATE_ADAPTER.validate_python(update.values)))


async def load_graph() -> StudioGraph:
    """The graph on a temporary database, without effects and without a checkpointer.

    LangGraph's server brings its own checkpointer. Tickets that are tried in Studio never mix
    with stored ones.
    """
    folder = Path(
        await asyncio.to_thread(tempfile.mkdtemp, prefix="ticketgraph-studio-")
    )
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / DATABASE_FILE
    await asyncio.to_thread(migrate_sqlite, path)
    desks = await asyncio.to_thread(load_desks, SHIPPED_DESKS)
    database = SqliteDatabase(path)
    services, _ = await offline_services(desks, database)
    services = await with_models(services, ModelSettings(), database)
    # Connections belong to the event loop that opened them; LangGraph's server runs nodes
    # on another.
    await database.close()
    return StudioGraph(**vars(build_graph(services=services)))


def load_graph_in_thread() -> StudioGraph:
    """`load_graph` on an event loop of another thread.

    `asyncio.run` in this thread would fail where a loop is running, as in a notebook.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="ticketgraph-studio") as thread:
        return thread.submit(asyncio.run, load_graph()).result()


GRAPH = load_graph_in_thread()
"""Made at import, while LangGraph's server starts: an error stops the start."""


@asynccontextmanager
async def ticketgraph() -> AsyncIterator[StudioGraph]:
    """The graph for one request. Raises ValueError with the message of our own errors."""
    try:
        yield GRAPH
    except TicketGraphError as error:
        # Only the messages of Python's own errors get through the server to its clients.
        raise ValueError(error.detail) from error
