"""`ticketgraph show`, `history` and `fork`.

What became of a ticket, how, and what would have become of it.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from contracts.result import Run
from contracts.stored_ticket import StoredTicket
from contracts.ticket import RunOptions
from contracts.values import Tone
from server.cli.terminal.open_app import AsJson, DataDir, run_with_app
from server.cli.terminal.output import print_json, result_console
from server.cli.terminal.views import checkpoints_table, show_run, show_ticket

if TYPE_CHECKING:
    from ticketgraph.app import TicketGraph

TICKET_ID_PREFIX = "TKT-"
"""How the id of a ticket begins; no run's id does."""

RunId = Annotated[str, typer.Argument(help="As `show` prints it.")]


def show(
    id: Annotated[
        str, typer.Argument(help="Of a ticket (its newest run is shown) or of a run.")
    ],
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Show a ticket and what became of it.

    With --json the run alone, or the ticket when it was never run.

    Example: ticketgraph show TKT-1A2B3C4D
    """
    ticket, run = run_with_app(data_dir, lambda opened: find_ticket_and_run(opened, id))
    if json:
        print_json(run or ticket)
        return
    show_ticket(result_console(), ticket)
    if run:
        show_run(result_console(), run)


async def find_ticket_and_run(
    opened: "TicketGraph", wanted: str
) -> tuple[StoredTicket, Run | None]:
    """The ticket and its run, if it has one. Raises NotFoundError."""
    if wanted.upper().startswith(TICKET_ID_PREFIX):
        ticket = await opened.tickets.get(wanted.upper())
        return ticket, await opened.tickets.get_run(ticket.id)
    run = await opened.runs.get(wanted)
    return await opened.tickets.get(run.ticket_id), run


def history(run_id: RunId, data_dir: DataDir = None, json: AsJson = False) -> None:
    """List every saved moment of a run, the first one first.

    Example: ticketgraph history 9b2e...
    """
    checkpoints = run_with_app(data_dir, lambda opened: opened.runs.history(run_id))
    if json:
        for checkpoint in checkpoints:
            print_json(checkpoint)
    else:
        result_console().print(checkpoints_table(checkpoints))


def fork(
    run_id: RunId,
    checkpoint: Annotated[
        str | None, typer.Option(help="Where to begin; the start if not given.")
    ] = None,
    tone: Annotated[
        Tone | None, typer.Option(help="Another tone for the reply.")
    ] = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Run again from a saved moment, with no effect outside.

    Example: ticketgraph fork 9b2e... --tone formal
    """
    options = RunOptions.model_validate({"response_tone": tone}) if tone else None
    run = run_with_app(
        data_dir, lambda opened: opened.runs.fork(run_id, checkpoint, options=options)
    )
    if json:
        print_json(run)
    else:
        show_run(result_console(), run)
