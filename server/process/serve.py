"""Serves the app with uvicorn: alone with its worker, or only the API."""

import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from contracts.log import log
from server.process.server_address import (
    ServerAddress,
    find_database_file,
    local_url,
    remove_address,
    write_address,
)
from server.process.startup import check_can_open, prepare_process, tune_interpreter
from server.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

READY_MESSAGE = """\
TicketGraph is ready on {url}  (API: {url}/docs)
Try it:
  curl -s {url}/api/v1/workflow/process -H 'Content-Type: application/json' -d '{example}'
"""

EXAMPLE_TICKET = (
    '{"subject": "Charged twice", '
    '"body": "Order ORD-111 was charged twice, please refund $29.99.", '
    '"customer_email": "ada@example.com"}'
)


class AnnouncingServer(uvicorn.Server):
    """uvicorn, which says how to try it once it listens, and ends all waits when it stops.

    While it listens, its address is in the folder of `database`, so that commands reach it.
    """

    def __init__(
        self, config: uvicorn.Config, app: "FastAPI", database: Path | None
    ) -> None:
        super().__init__(config)
        self.app = app
        self.database = database
        self.address: ServerAddress | None = None

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Start, then print the URL and one line to try."""
        await super().startup(sockets)  # type: ignore[arg-type]
        tune_interpreter()
        if not self.started:
            return
        host, port = self.config.host, self.config.port
        if self.servers:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
        self.publish_address(host, port)
        url = f"http://{self.config.host}:{port}"
        sys.stdout.write(READY_MESSAGE.format(url=url, example=EXAMPLE_TICKET))
        sys.stdout.flush()

    def publish_address(self, host: str, port: int) -> None:
        """Let commands on the data folder find this server, and accept them."""
        if self.database is None:
            return
        address = ServerAddress(
            url=local_url(host, port),
            token=secrets.token_urlsafe(),
            database=self.database,
        )
        self.app.state.command_token = address.token
        try:
            write_address(address)
        except OSError as error:
            log.warning(
                "commands cannot find this server: the data folder cannot be written",
                error=error.strerror,
            )
            return
        self.address = address

    async def shutdown(self, sockets: Any = None) -> None:
        """Stop as uvicorn does, without waiting for runs.

        Requests that wait for a run are answered with where to look.
        """
        if self.address:
            remove_address(self.address)
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
    for sentence in settings.describe_unused():
        log.warning(sentence)
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
    server = AnnouncingServer(config, app, find_database_file(settings))
    server.run()
    if not server.started:
        sys.exit(1)
