"""`ticketgraph serve`, `api`, `worker` and `migrate`: the processes, and migrations."""

import asyncio
from typing import Annotated

import typer

from contracts.errors import InputError
from server.cli.terminal.open_app import DataDir, load_settings

Host = Annotated[
    str | None, typer.Option(help="Address to listen on; HOST if not given.")
]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Port to listen on; PORT if not given."),
]

NEEDS_SHARED_DATABASE = (
    "needs a database that processes can share: set DATABASE_URL to a PostgreSQL "
    "server, or use serve."
)


def serve(host: Host = None, port: Port = None, data_dir: DataDir = None) -> None:
    """Serve the HTTP API and the pages and do the work, all in this process, until stopped.

    Example: ticketgraph serve --host 127.0.0.1 --port 8000
    """
    from server.process.serve import run_server as serve_until_stopped

    serve_until_stopped(load_settings(host=host, port=port, data_dir=data_dir))


def api(host: Host = None, port: Port = None) -> None:
    """Serve the HTTP API and the pages, and leave the work to workers. Needs PostgreSQL.

    Example: DATABASE_URL=postgresql://localhost/tickets ticketgraph api --port 8000
    """
    from server.process.serve import run_server as serve_until_stopped

    settings = load_settings(host=host, port=port)
    require_shared_database("api", settings.database_url)
    serve_until_stopped(settings, working=False, migrating=False)


def worker() -> None:
    """Do the work, and serve nothing. As many as there are processors. Needs PostgreSQL.

    Example: DATABASE_URL=postgresql://localhost/tickets ticketgraph worker
    """
    from server.process.worker import run_worker

    settings = load_settings()
    require_shared_database("worker", settings.database_url)
    run_worker(settings)


def migrate(data_dir: DataDir = None) -> None:
    """Bring the database to the tables of this version. Refused while a run in it would be lost.

    Example: DATABASE_URL=postgresql://localhost/tickets ticketgraph migrate
    """
    from policies.loading.load import list_desk_ids
    from storage.database.address import database_address_of
    from ticketgraph.assembly import SHIPPED_DESKS
    from ticketgraph.opening import migrate_database

    settings = load_settings(data_dir=data_dir)
    desks = list_desk_ids(settings.desks_dir or SHIPPED_DESKS)
    asyncio.run(
        migrate_database(
            database_address_of(settings.database_url, settings.data_dir), desks
        )
    )
    typer.echo("The database has the tables of this version.")


def require_shared_database(command: str, database_url: str | None) -> None:
    """Raise InputError unless the database is one that processes can share."""
    from pathlib import Path

    from storage.database.address import PostgresAddress, database_address_of

    if not isinstance(database_address_of(database_url, Path()), PostgresAddress):
        raise InputError(f"ticketgraph {command} {NEEDS_SHARED_DATABASE}")
