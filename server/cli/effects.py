"""`ticketgraph effects`: what left the system or is to leave it, and a person's decisions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from contracts.effect import LedgerEntry, Outcome, Resolution, WhichEffects
from server.cli.terminal.open_app import AsJson, DataDir, run_beside_server
from server.cli.terminal.output import (
    make_table,
    print_json,
    remark_console,
    result_console,
    strip_control_characters,
)
from server.cli.terminal.person import DecidedBy, os_user
from server.cli.terminal.views import EMPTY_CELL, format_minute

if TYPE_CHECKING:
    from rich.table import Table

effects = typer.Typer(
    help="List effects, and decide on those that were parked.",
    invoke_without_command=True,
)


@effects.callback()
def listed(
    context: typer.Context,
    status: Annotated[
        WhichEffects,
        typer.Option(help="parked: unknown and refused, which wait for you."),
    ] = "parked",
    limit: Annotated[
        int, typer.Option(min=1, help="How many at most, the oldest first.")
    ] = 100,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """List effects; without --status those that wait for a person.

    Example: ticketgraph effects --status sent
    """
    if context.invoked_subcommand:
        return
    found = run_beside_server(data_dir, lambda app: app.effects.list(status, limit))
    if json:
        for entry in found:
            print_json(entry)
    elif found:
        result_console().print(effects_table(found))
    else:
        remark_console().print(
            "No effect waits for a person."
            if status == "parked"
            else "There are no such effects."
        )


@effects.command("resolve")
def resolve(
    key: Annotated[str, typer.Argument(help="As `effects` lists it.")],
    outcome: Annotated[Outcome, typer.Argument(help="What is to become of it.")],
    remote_id: Annotated[
        str | None, typer.Option(help="With sent: what the receiver calls it.")
    ] = None,
    decided_by: DecidedBy = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Decide what becomes of a parked effect. Look into the receiving system first.

    The first decision counts.

    sent: it is there, and is left alone; send_again: it is not there, and is sent; drop: it
    is not to be sent.

    Example: ticketgraph effects resolve TKT-AEB52514:reply:0c4f... sent --remote-id 4711
    """
    resolution = Resolution(
        outcome=outcome, decided_by=decided_by or os_user(), remote_id=remote_id
    )
    entry = run_beside_server(
        data_dir, lambda app: app.effects.resolve(key, resolution)
    )
    if json:
        print_json(entry)
    else:
        result_console().print(effects_table([entry]))


def effects_table(entries: Sequence[LedgerEntry]) -> "Table":
    """One line per effect."""
    made = make_table("effect", "action", "target", "status", "tried", "since", "why")
    for entry in entries:
        since = format_minute(entry.settled_at or entry.started_at or entry.created_at)
        cells = (
            entry.key,
            entry.action,
            strip_control_characters(entry.target),
            entry.status,
            str(entry.attempts),
            since,
        )
        made.add_row(*cells, strip_control_characters(entry.error or EMPTY_CELL))
    return made
