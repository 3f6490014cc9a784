"""The graph as `langgraph dev` and LangGraph Studio load it (`langgraph.json`). Importing it loads desks and engine."""

import asyncio
import atexit
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from contracts.errors import TicketGraphError
from graph.assembly import DATABASE_FILE, SHIPPED_DESKS, offline_services
from graph.build import Graph, build
from policies.loading import load_desks
from storage.database import Database
from storage.migrate import migrate


async def load() -> Graph:
    """The graph on the local engine, without effects: LangGraph's server brings its own checkpointer.

    It works on a throwaway database: what is tried in Studio never mixes with the desk's own tickets.
    """
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="ticketgraph-studio-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / DATABASE_FILE
    await asyncio.to_thread(migrate, path)
    desks = await asyncio.to_thread(load_desks, SHIPPED_DESKS)
    database = Database(path)
    services, _ = await offline_services(desks, database)
    # Connections belong to the event loop that opened them; LangGraph's server runs nodes on another.
    await database.close()
    return build(services=services)


GRAPH = asyncio.run(load())
"""Made while the server starts: it imports this file in a thread of its own, and whatever is wrong stops it there."""


@asynccontextmanager
async def ticketgraph() -> AsyncIterator[Graph]:
    """The graph for one request. Raises ValueError with the same words in place of our own errors."""
    try:
        yield GRAPH
    except TicketGraphError as error:
        # Only the messages of Python's own errors get through the server to its clients.
        raise ValueError(error.detail) from error
