"""`ticketgraph process`: tickets of a file, each to its end or to the person who is asked."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from contracts.errors import InputError, NotFoundError
from contracts.result import Run
from contracts.ticket import NewTicket, RunOptions
from contracts.values import Tone
from server.cli.terminal.open_app import AsJson, DataDir, run_beside_server
from server.cli.terminal.output import (
    remark_console,
    result_console,
    strip_control_characters,
)
from server.cli.terminal.progress import show_progress
from server.cli.terminal.read_rows import Fault, Format, Row, read_rows
from server.cli.terminal.ticket_rows import make_ticket
from server.cli.terminal.usage_errors import EXIT_PARTLY_REFUSED
from server.cli.terminal.views import print_run, runs_table

if TYPE_CHECKING:
    from server.cli.remote.app import RemoteTicketGraph
    from ticketgraph.app import TicketGraph


FileArgument = Annotated[
    str, typer.Argument(help="JSON, JSON lines, CSV or text; - reads from stdin.")
]
FormatOption = Annotated[
    Format | None,
    typer.Option(help="Of the file; by its extension if not given, json on stdin."),
]
DeskOption = Annotated[
    str, typer.Option(help="The desk of the tickets that name none.")
]
ToneOption = Annotated[
    Tone | None, typer.Option(help="Tone of the replies; the desk's own if not given.")
]
Sequential = Annotated[
    bool,
    typer.Option("--sequential", help="The steps of a ticket one after another."),
]
Concurrency = Annotated[
    int, typer.Option(min=1, help="Tickets in work at the same time.")
]


@dataclass(frozen=True)
class ProcessRequest:
    """The rows of `file` that can be used, and how each is to be run."""

    file: str
    rows: Sequence[Row]
    desk: str
    options: RunOptions
    concurrency: int


def process(
    file: FileArgument,
    format: FormatOption = None,
    desk: DeskOption = "customer_support",
    tone: ToneOption = None,
    data_dir: DataDir = None,
    json: AsJson = False,
    sequential: Sequential = False,
    concurrency: Concurrency = 8,
) -> None:
    """Process tickets and show where each went.

    A ticket has subject, body, customer_email, customer_id, customer_name, desk; whatever
    else a row holds is kept as its metadata. Bad rows are reported with their line and the
    others go on; the exit code is then 1.

    Example: ticketgraph process tickets.csv --tone friendly --json
    """
    read = read_rows(file, format)
    rows = [row for row in read if isinstance(row, Row)]
    faults = [row for row in read if isinstance(row, Fault)]
    for fault in faults:
        report_fault(file, fault)
    if not rows:
        remark_console().print("There was no ticket to process.")
        raise typer.Exit(EXIT_PARTLY_REFUSED if faults else 0)
    options = RunOptions(response_tone=tone, enable_parallel=not sequential)
    request = ProcessRequest(file, rows, desk, options, concurrency)
    runs, refused = run_beside_server(
        data_dir, lambda app: process_rows(app, request, as_json=json)
    )
    if not json:
        result_console().print(runs_table(runs))
        print_summary(runs)
    if faults or refused or any(run.status == "failed" for run in runs):
        raise typer.Exit(EXIT_PARTLY_REFUSED)


def report_fault(file: str, fault: Fault) -> None:
    """Say which row cannot be used, and why."""
    typer.echo(f"{file}:{fault.line}: {strip_control_characters(fault.text)}", err=True)


def print_summary(runs: Sequence[Run]) -> None:
    """Say what is left to do."""
    waiting = sum(run.status == "waiting" for run in runs)
    failed = sum(run.status == "failed" for run in runs)
    parts = [f"{len(runs)} processed"]
    parts += (
        [f"{waiting} waiting for a person: see `ticketgraph approvals`"]
        if waiting
        else []
    )
    parts += [f"{failed} failed: see `ticketgraph show TICKET`"] if failed else []
    remark_console().print("; ".join(parts) + ".")


async def process_rows(
    app: "TicketGraph | RemoteTicketGraph", request: ProcessRequest, *, as_json: bool
) -> tuple[list[Run], int]:
    """The runs in the order of the rows, and how many rows were refused.

    JSON is written row by row. Raises InputError when the desk does not exist.
    """
    if request.desk not in app.desks:
        raise InputError(
            f"There is no desk {request.desk!r}. Choose one of: {', '.join(app.desks)}."
        )
    runs: list[Run] = []
    refused = 0
    with show_progress("tickets") as update_progress:
        async for outcome in iterate_outcomes(app, request):
            if isinstance(outcome, Fault):
                refused += 1
                report_fault(request.file, outcome)
            else:
                runs.append(outcome)
                if as_json:
                    print_run(outcome, as_json=True)
            update_progress(len(runs) + refused, len(request.rows))
    return runs, refused


async def iterate_outcomes(
    app: "TicketGraph | RemoteTicketGraph", request: ProcessRequest
) -> AsyncIterator[Run | Fault]:
    """What became of each row, in the order of the rows."""
    turns = asyncio.Semaphore(request.concurrency)
    tasks = [
        asyncio.create_task(process_row(app, row, request, turns))
        for row in request.rows
    ]
    try:
        for task in tasks:
            yield await task
    finally:
        for task in tasks:
            task.cancel()


async def process_row(
    app: "TicketGraph | RemoteTicketGraph",
    row: Row,
    request: ProcessRequest,
    turns: asyncio.Semaphore,
) -> Run | Fault:
    """What became of one row."""
    ticket = make_ticket(row, request.desk)
    if isinstance(ticket, Fault):
        return ticket
    async with turns:
        return await run_ticket(app, ticket, row.line, request.options)


async def run_ticket(
    app: "TicketGraph | RemoteTicketGraph",
    ticket: NewTicket,
    line: int,
    options: RunOptions,
) -> Run | Fault:
    """The run of one ticket, or why it has none."""
    try:
        return await app.tickets.process(options=options, **dict(ticket))
    except (InputError, NotFoundError) as error:
        return Fault(line, error.detail)
