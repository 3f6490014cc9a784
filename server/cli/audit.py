"""`ticketgraph audit`: verifies and exports the audit log.

Both only read, also beside a running server, and on a copy of its data folder.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from contracts.errors import UnavailableError
from server.cli.terminal.open_app import DataDir, load_settings
from server.cli.terminal.output import strip_control_characters
from server.cli.terminal.usage_errors import EXIT_PARTLY_REFUSED

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

Result = TypeVar("Result")

audit = typer.Typer(help="Check and export the log of decisions.", no_args_is_help=True)


@audit.command("verify")
def verify_log(
    head: Annotated[
        str | None,
        typer.Option(
            help="The head that an earlier check printed: shows that no end was cut off."
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Check the hash chain of the audit log. Prints its number of records and its head.

    Keep the head elsewhere. Exit code 1 when a record was changed, removed, inserted or
    moved; the first one is named.

    Example: ticketgraph audit verify --head 5f70bf18...
    """
    from storage.audit.verification import verify_chain

    found = read_audit_log(data_dir, lambda connection: verify_chain(connection, head))
    typer.echo(f"records  {found.records}")
    typer.echo(f"head     {strip_control_characters(found.head)}")
    if found.fault:
        typer.echo(
            f"BROKEN   record {found.fault.sequence}: {found.fault.kind}: "
            f"{strip_control_characters(found.fault.details)}"
        )
        raise typer.Exit(EXIT_PARTLY_REFUSED)


@audit.command("export")
def export(
    since: Annotated[
        datetime | None, typer.Option(help="Leave out what is older; UTC.")
    ] = None,
    format: Annotated[  # noqa: ARG001
        Literal["jsonl"], typer.Option(help="One JSON object per line.")
    ] = "jsonl",
    data_dir: DataDir = None,
) -> None:
    """Print the records, oldest first. `detail` is JSON as text, just as it was hashed.

    Example: ticketgraph audit export --since 2026-01-31 > audit.jsonl
    """
    from storage.audit.log import iterate_records

    async def print_records(connection: "AsyncConnection") -> None:
        async for row in iterate_records(
            connection, since.replace(tzinfo=UTC) if since else None
        ):
            # What a stranger wrote into the file may be of any type.
            typer.echo(json.dumps(dict(row), default=repr))

    read_audit_log(data_dir, print_records)


def read_audit_log(
    data_dir: Path | None, work: "Callable[[AsyncConnection], Awaitable[Result]]"
) -> Result:
    """Do `work` on the database. Raises NotFoundError, UnavailableError when it cannot be read."""
    from storage.audit.verification import has_hash_chain
    from storage.database.address import database_address_of
    from storage.database.read_only import open_read_only

    settings = load_settings(data_dir=data_dir)

    async def run_query() -> Result:
        address = database_address_of(settings.database_url, settings.data_dir)
        async with (
            open_read_only(address) as database,
            database.open_read() as connection,
        ):
            if not await has_hash_chain(connection):
                raise UnavailableError(
                    "The audit log has no chain: an older version wrote it. Start this version "
                    "on the folder once."
                )
            return await work(connection)

    return asyncio.run(run_query())
