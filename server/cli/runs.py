"""`ticketgraph show`, `history` and `fork`: a ticket, its run, and other runs of the ticket."""

from typing import TYPE_CHECKING, Annotated

import typer

from contracts.result import Run
from contracts.ticket import RunOptions
from contracts.values import Tone
from server.cli.terminal.open_app import AsJson, DataDir, run_beside_server
from server.cli.terminal.output import print_json, result_console
from server.cli.terminal.views import (
    checkpoints_table,
    print_run,
    show_run,
    show_ticket,
)

if TYPE_CHECKING:
    from contracts.stored_ticket import StoredTicket
    from server.cli.remote.app import RemoteTicketGraph
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
    ticket, run = run_beside_server(data_dir, lambda app: find_ticket_and_run(app, id))
    if not json:
        show_ticket(result_console(), ticket)
        if run:
            show_run(result_console(), run)
    elif run:
        print_run(run, as_json=True)
    else:
        from server.api.response_models import ticket_out

        print_json(ticket_out(ticket))


async def find_ticket_and_run(
    app: "TicketGraph | RemoteTicketGraph", wanted: str
) -> "tuple[StoredTicket, Run | None]":
    """The ticket and its newest run, or the run that is meant. Raises NotFoundError."""
    if wanted.upper().startswith(TICKET_ID_PREFIX):
        ticket = await app.tickets.get(wanted.upper())
        return ticket, await app.runs.get(ticket.run_id) if ticket.run_id else None
    run = await app.runs.get(wanted)
    return await app.tickets.get(run.ticket_id), run


def history(run_id: RunId, data_dir: DataDir = None, json: AsJson = False) -> None:
    """List the checkpoints of a run, the first one first.

    Example: ticketgraph history 9b2e...
    """
    checkpoints = run_beside_server(data_dir, lambda app: app.runs.history(run_id))
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
    """Run again from a checkpoint, with no effect outside.

    Example: ticketgraph fork 9b2e... --tone formal
    """
    options = RunOptions.model_validate({"response_tone": tone}) if tone else None
    run = run_beside_server(
        data_dir, lambda app: app.runs.fork(run_id, checkpoint, options=options)
    )
    print_run(run, as_json=json)
