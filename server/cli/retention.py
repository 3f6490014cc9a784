"""`ticketgraph prune` and `ticketgraph erase`: forgetting by age, and forgetting a customer."""

from typing import TYPE_CHECKING, Annotated

import typer

from contracts.errors import InputError
from contracts.retention import Erasure
from server.cli.approvals import os_user
from server.cli.terminal.open_app import AsJson, DataDir, run_with_app
from server.cli.terminal.output import print_json
from server.cli.terminal.usage_errors import EXIT_PARTLY_REFUSED

if TYPE_CHECKING:
    from contracts.retention import Pruned
    from ticketgraph.app import TicketGraph


def prune(
    now_all: Annotated[
        bool,
        typer.Option(
            "--now-all", help="The checkpoints of every finished run, however new."
        ),
    ] = False,
    compact: Annotated[
        bool,
        typer.Option(
            "--compact",
            help="Then give the free space back; needs as much again while it does.",
        ),
    ] = False,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Forget what the desks' settings say is old enough.

    Checkpoint_hours and ticket_days in desk.yaml.

    Example: ticketgraph prune --compact
    """

    async def prune_desks(opened: "TicketGraph") -> "Pruned":
        done = await opened.prune(everything=now_all)
        if compact:
            await opened.compact()
        return done

    done = run_with_app(data_dir, prune_desks)
    if json:
        print_json(done)
    else:
        typer.echo(f"{done.runs} runs pruned, {done.tickets} tickets erased.")


def erase(
    customer: Annotated[
        str | None, typer.Option(help="A customer's id or address.")
    ] = None,
    ticket: Annotated[
        list[str] | None,
        typer.Option(help="A ticket's id; may be given several times."),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask whether you mean it.")
    ] = False,
    by: Annotated[
        str | None, typer.Option(help="Who erases; you, if not given.")
    ] = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Delete everything of a customer.

    Tickets, runs, and what is seen of them in the runs of others. For ever.

    What stays is in docs/retention.md: above all backups, and what was sent to other systems.

    Example: ticketgraph erase --customer ada@example.com
    """
    if not customer and not ticket:
        raise InputError(
            "Say whose tickets with --customer, or which ones with --ticket."
        )
    done = run_with_app(
        data_dir,
        lambda opened: confirm_and_erase(
            opened, customer, ticket or [], by or os_user(), sure=yes
        ),
    )
    if done is None:
        typer.echo("Nothing was erased.", err=True)
        raise typer.Exit(EXIT_PARTLY_REFUSED)
    if json:
        print_json(done)
    else:
        typer.echo(
            f"{done.tickets} tickets and {done.runs} runs erased, with {done.approvals} "
            f"approvals and {done.effects} "
            f"effects. {done.cleaned} runs of others were cleaned."
        )


async def confirm_and_erase(
    opened: "TicketGraph",
    customer: str | None,
    tickets: list[str],
    by: str,
    *,
    sure: bool,
) -> Erasure | None:
    """What was erased; None when the user did not mean it. Raises NotFoundError."""
    found = await opened.find_erasable(customer, tickets)
    if (
        found
        and not sure
        and not typer.confirm(f"Erase {len(found)} tickets for ever?", err=True)
    ):
        return None
    return await opened.erase(customer, ticket_ids=tickets, decided_by=by)
