"""Serves the app with uvicorn."""

import asyncio
import gc
import logging
import os
import sys

import uvicorn

from engines.llm.prices import SHIPPED, load_prices
from engines.llm.providers import resolve
from server.settings import Settings

EXAMPLE = """\
TicketGraph is ready on {url}  (API: {url}/docs)
Try it:
  curl -s {url}/api/v1/workflow/process -H 'Content-Type: application/json' -d '{{"subject": "Charged twice", \
"body": "Order ORD-111 was charged twice, please refund $29.99.", "customer_email": "ada@example.com"}}'
"""


class Server(uvicorn.Server):
    """uvicorn, which says how to try it once it listens."""

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Start, then print the URL and one line to try."""
        await super().startup(sockets)  # type: ignore[arg-type]
        # What is there now stays: no collection has to look at it again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 50)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1] if self.servers else self.config.port
            sys.stdout.write(EXAMPLE.format(url=f"http://{self.config.host}:{port}"))
            sys.stdout.flush()


def check(settings: Settings) -> None:
    """Raise InputError for model settings that contradict each other or name a price table that cannot be used.

    Found here, it is a sentence and not uvicorn's stack trace.
    """
    load_prices(settings.llm_prices or SHIPPED)
    resolve(settings)


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. Exits with 1 when the app cannot start.

    Raises InputError for settings that cannot be used, UnavailableError when another process holds the data folder or a
    run in it would be lost in this version.
    """
    check(settings)
    os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")
    # A second thread gains nothing on one vector by a matrix, and spins between two tickets: 15 ms of CPU for each.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # LangGraph and NumPy read their environment when they are imported.
    from graph.assembly import DATABASE_FILE
    from graph.lock import data_folder
    from graph.parked import refuse_orphans

    for library in ("aiosqlite", "sqlalchemy", "alembic", "langgraph", "langchain", "asyncio"):
        logging.getLogger(library).setLevel(logging.WARNING)  # at debug they log what tickets say
    from server.app import create_app
    from server.protocol import ImpatientProtocol

    with data_folder(settings.data_dir):
        # The app does both again; refused here, it is a sentence and not uvicorn's stack trace.
        asyncio.run(refuse_orphans(settings.data_dir / DATABASE_FILE))
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=ImpatientProtocol,
        log_level=settings.log_level,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=30,
        backlog=2048,
    )
    server = Server(config)
    server.run()
    if not server.started:
        sys.exit(1)
