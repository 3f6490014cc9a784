"""Opening the data folder for one command, with the same settings as the server has."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from pydantic import ValidationError

from contracts.errors import InputError
from server.cli.terminal.usage_errors import describe_fault

if TYPE_CHECKING:
    from server.cli.remote.app import RemoteTicketGraph
    from server.settings import Settings
    from ticketgraph.app import TicketGraph

Result = TypeVar("Result")

DataDir = Annotated[
    Path | None,
    typer.Option(
        help=("Folder of the database; DATA_DIR if not given, or else ./data.")
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="One JSON object per line, for other programs.")
]


def load_settings(**given: Any) -> "Settings":
    """The settings of the environment, with those that are given and not None in their place.

    Raises InputError.
    """
    from server.settings import Settings

    try:
        settings = Settings(
            **{name: value for name, value in given.items() if value is not None}
        )
    except ValidationError as error:
        raise InputError(
            f"A setting cannot be used: {describe_fault(error)}."
        ) from None
    if given.get("data_dir") is not None and settings.database_url is not None:
        raise InputError(
            "--data-dir and DATABASE_URL name two databases. Give only one of them."
        )
    return settings


def set_strict_serialization() -> None:
    """Set what LangGraph reads when it is imported.

    Without it, a saved run comes back as plain dicts.
    """
    os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")


def run_beside_server(
    data_dir: Path | None,
    work: Callable[["TicketGraph | RemoteTicketGraph"], Awaitable[Result]],
) -> Result:
    """Do `work` through the server that has the data folder, else on the open database.

    Raises what `run_with_app` raises.
    """
    settings = load_settings(data_dir=data_dir)

    async def reach_and_run() -> Result:
        from server.cli.remote.app import reach_server

        async with reach_server(settings) as remote:
            if remote:
                return await work(remote)
        return await open_and_run(settings, work)

    return asyncio.run(reach_and_run())


def run_with_app(
    data_dir: Path | None, work: Callable[["TicketGraph"], Awaitable[Result]]
) -> Result:
    """Do `work` on the open database and close it.

    A PostgreSQL database is left to its workers: see `open_app`.

    Raises what `work` raises, DeskError for invalid policies, UnavailableError when another
    process has the folder.
    """
    return asyncio.run(open_and_run(load_settings(data_dir=data_dir), work))


async def open_and_run(
    settings: "Settings", work: Callable[["TicketGraph"], Awaitable[Result]]
) -> Result:
    """`run_with_app` in an event loop."""
    set_strict_serialization()
    from server.opening import open_app
    from server.process.log_output import configure_log

    # The command's own output says what it did: the log adds what went wrong.
    asked = "log_level" in settings.model_fields_set
    configure_log(settings.log_level if asked else "warning")
    async with open_app(settings, command=True) as app:
        return await work(app)
