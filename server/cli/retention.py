"""`ticketgraph prune` and `ticketgraph erase`: deleting by age, and deleting a customer."""

from typing import TYPE_CHECKING, Annotated

import typer

from contracts.errors import InputError
from contracts.retention import Erasure
from server.cli.terminal.open_app import AsJson, DataDir, run_with_app
from server.cli.terminal.output import print_json
from server.cli.terminal.person import DecidedBy, os_user
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
    """Delete what is older than checkpoint_hours and ticket_days in each desk's desk.yaml.

    Example: ticketgraph prune --compact
    """

    async def prune_desks(app: "TicketGraph") -> "Pruned":
        done = await app.prune(everything=now_all)
        if compact:
            await app.compact()
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
    decided_by: DecidedBy = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Delete a customer's tickets and runs, and their traces in other runs, for ever.

    docs/retention.md says what stays: above all backups, and what was sent to other systems.

    Example: ticketgraph erase --customer ada@example.com
    """
    if not customer and not ticket:
        raise InputError(
            "Say whose tickets with --customer, or which ones with --ticket."
        )
    done = run_with_app(
        data_dir,
        lambda app: confirm_and_erase(
            app, customer, ticket or [], decided_by or os_user(), sure=yes
        ),
    )
    if done is None:
        typer.echo("Nothing was erased.", err=True)
        raise typer.Exit(EXIT_PARTLY_REFUSED)
    if json:
        print_json(done)
    else:
        typer.echo(describe_erasure(done))


def describe_erasure(done: Erasure) -> str:
    """How much was erased, in a sentence."""
    return (
        f"{done.tickets} tickets and {done.runs} runs erased, with {done.approvals} "
        f"approvals and {done.effects} effects. {done.cleaned} runs of others were cleaned."
    )


async def confirm_and_erase(
    app: "TicketGraph",
    customer: str | None,
    ticket_ids: list[str],
    decided_by: str,
    *,
    sure: bool,
) -> Erasure | None:
    """What was erased; None when the user did not mean it. Raises NotFoundError."""
    found = await app.find_erasable(customer, ticket_ids)
    if (
        found
        and not sure
        and not typer.confirm(f"Erase {len(found)} tickets for ever?", err=True)
    ):
        return None
    return await app.erase(customer, ticket_ids=ticket_ids, decided_by=decided_by)
