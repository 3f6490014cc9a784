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
from server.cli.terminal.open_app import AsJson, DataDir, run_with_app
from server.cli.terminal.output import (
    print_json,
    remark_console,
    result_console,
    strip_control_characters,
)
from server.cli.terminal.progress import show_progress
from server.cli.terminal.read_rows import Fault, Format, Row, read_rows
from server.cli.terminal.ticket_rows import make_ticket
from server.cli.terminal.usage_errors import EXIT_PARTLY_REFUSED
from server.cli.terminal.views import runs_table

if TYPE_CHECKING:
    from ticketgraph.app import TicketGraph


@dataclass(frozen=True)
class ProcessRequest:
    """What is asked for: rows, and how each is to be run."""

    rows: Sequence[Row]
    desk: str
    options: RunOptions
    concurrency: int


def process(
    file: Annotated[
        str, typer.Argument(help="JSON, JSON lines, CSV or text; - reads from stdin.")
    ],
    format: Annotated[
        Format | None,
        typer.Option(help="Of the file; by its extension if not given, json on stdin."),
    ] = None,
    desk: Annotated[
        str, typer.Option(help="The desk of the tickets that name none.")
    ] = "customer_support",
    tone: Annotated[
        Tone | None,
        typer.Option(help="Tone of the replies; the desk's own if not given."),
    ] = None,
    data_dir: DataDir = None,
    json: AsJson = False,
    sequential: Annotated[
        bool,
        typer.Option("--sequential", help="The steps of a ticket one after another."),
    ] = False,
    concurrency: Annotated[
        int, typer.Option(min=1, help="Tickets in work at the same time.")
    ] = 8,
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
    work = ProcessRequest(rows, desk, options, concurrency)
    runs, refused = run_with_app(
        data_dir, lambda opened: process_rows(opened, work, file, as_json=json)
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
    opened: "TicketGraph", work: ProcessRequest, file: str, *, as_json: bool
) -> tuple[list[Run], int]:
    """The runs in the order of the rows, and how many rows were refused.

    Writes JSON as soon as it is its turn.

    Raises InputError when the desk does not exist.
    """
    desks = opened.desks
    if work.desk not in desks:
        raise InputError(
            f"There is no desk {work.desk!r}. Choose one of: {', '.join(desks)}."
        )
    runs: list[Run] = []
    refused = 0
    with show_progress("tickets") as told:
        async for outcome in iterate_outcomes(opened, work):
            if isinstance(outcome, Fault):
                refused += 1
                report_fault(file, outcome)
            else:
                runs.append(outcome)
                if as_json:
                    print_json(outcome)
            told(len(runs) + refused, len(work.rows))
    return runs, refused


async def iterate_outcomes(
    opened: "TicketGraph", work: ProcessRequest
) -> AsyncIterator[Run | Fault]:
    """What became of each row, in the order of the rows."""
    turns = asyncio.Semaphore(work.concurrency)
    tasks = [
        asyncio.create_task(process_row(opened, row, work, turns)) for row in work.rows
    ]
    try:
        for task in tasks:
            yield await task
    finally:
        for task in tasks:
            task.cancel()


async def process_row(
    opened: "TicketGraph", row: Row, work: ProcessRequest, turns: asyncio.Semaphore
) -> Run | Fault:
    """What became of one row."""
    ticket = make_ticket(row, work.desk)
    if isinstance(ticket, Fault):
        return ticket
    async with turns:
        return await run_ticket(opened, ticket, row.line, work.options)


async def run_ticket(
    opened: "TicketGraph", ticket: NewTicket, line: int, options: RunOptions
) -> Run | Fault:
    """The run of one ticket, or why it has none."""
    try:
        return await opened.process(options=options, **dict(ticket))
    except (InputError, NotFoundError) as error:
        return Fault(line, error.detail)
