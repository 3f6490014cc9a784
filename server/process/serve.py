"""Serves the app with uvicorn: alone with its worker, or only the API."""

import sys
from typing import TYPE_CHECKING, Any

import uvicorn

from server.process.startup import check_can_open, prepare_process, tune_interpreter
from server.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

READY_MESSAGE = """\
TicketGraph is ready on {url}  (API: {url}/docs)
Try it:
  curl -s {url}/api/v1/workflow/process -H 'Content-Type: application/json' -d '{{"subject": "Charged twice", \
"body": "Order ORD-111 was charged twice, please refund $29.99.", "customer_email": "ada@example.com"}}'
"""


class AnnouncingServer(uvicorn.Server):
    """uvicorn, which says how to try it once it listens, and tells the app at once that it
    is to stop.
    """

    def __init__(self, config: uvicorn.Config, app: "FastAPI") -> None:
        super().__init__(config)
        self.app = app

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Start, then print the URL and one line to try."""
        await super().startup(sockets)  # type: ignore[arg-type]
        tune_interpreter()
        if self.started:
            port = (
                self.servers[0].sockets[0].getsockname()[1]
                if self.servers
                else self.config.port
            )
            sys.stdout.write(
                READY_MESSAGE.format(url=f"http://{self.config.host}:{port}")
            )
            sys.stdout.flush()

    async def shutdown(self, sockets: Any = None) -> None:
        """Requests that wait for a run are answered with where to look, before uvicorn
        waits for requests to end.
        """
        if self.started:
            self.app.state.ticketgraph.request_stop()
        await super().shutdown(sockets)


def run_server(
    settings: Settings, *, working: bool = True, migrating: bool = True
) -> None:
    """Serve until SIGINT or SIGTERM. Exits with 1 when the app cannot start.

    See server.app.create_app.

    Raises InputError for settings that cannot be used, UnavailableError when the database
    cannot be used.
    """
    prepare_process(settings)
    check_can_open(settings, migrating=migrating)
    # LangGraph and NumPy read their environment when they are imported.
    from server.app import create_app
    from server.http.protocol import RequestTimeoutProtocol

    app = create_app(settings, working=working, migrating=migrating)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=RequestTimeoutProtocol,
        log_level=settings.log_level,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=30,
        backlog=2048,
    )
    server = AnnouncingServer(config, app)
    server.run()
    if not server.started:
        sys.exit(1)
