"""The graph as `langgraph dev` and LangGraph Studio load it (`langgraph.json`)."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from graph.assembly import DATABASE_FILE, SHIPPED_DESKS, offline_services
from graph.build import Graph, build
from policies.loading import load_desks
from storage.database import Database
from storage.migrate import migrate


class Shared:
    """What every graph of this process uses: loaded once, on first use."""

    graph: Graph | None = None
    loading = asyncio.Lock()


@asynccontextmanager
async def ticketgraph() -> AsyncIterator[Graph]:
    """The graph on the local engine, without effects: LangGraph's server brings its own checkpointer.

    It works on a throwaway database: what is tried in Studio never mixes with the desk's own tickets.
    """
    async with Shared.loading:
        if Shared.graph is None:
            Shared.graph = await load()
    yield Shared.graph


async def load() -> Graph:
    """Load desks and engine and bind them to a graph."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="ticketgraph-studio-"))
    path = folder / DATABASE_FILE
    await asyncio.to_thread(migrate, path)
    desks = await asyncio.to_thread(load_desks, SHIPPED_DESKS)
    services, _ = await offline_services(desks, Database(path))
    return build(services=services)
