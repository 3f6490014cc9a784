"""`ticketgraph dead-letters` and `ticketgraph retry`.

Runs that were given up, and trying one again.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from server.cli.approvals import os_user
from server.cli.terminal.open_app import AsJson, DataDir, run_with_app
from server.cli.terminal.output import (
    make_table,
    print_json,
    remark_console,
    result_console,
)
from server.cli.terminal.read_rows import read_text
from server.cli.terminal.views import format_minute, show_run

if TYPE_CHECKING:
    from contracts.result import Run
    from ticketgraph.app import TicketGraph


def dead_letters(
    limit: Annotated[
        int, typer.Option(min=1, help="How many at most, the longest waiting first.")
    ] = 100,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """List runs that failed as often as they may.

    Example: ticketgraph dead-letters
    """
    letters, total = run_with_app(
        data_dir, lambda opened: opened.runs.list_dead_letters(limit)
    )
    if json:
        for letter in letters:
            print_json(letter)
    elif letters:
        made = make_table("run", "ticket", "desk", "error", "attempts", "since")
        for letter in letters:
            known = (
                letter.run_id,
                letter.ticket_id,
                letter.desk,
                letter.error,
                str(letter.attempts),
            )
            made.add_row(*known, format_minute(letter.since))
        result_console().print(made)
        if total > len(letters):
            remark_console().print(f"{total - len(letters)} more.")
    else:
        remark_console().print("No run was given up.")


def retry(
    run_id: Annotated[str, typer.Argument(help="As `dead-letters` lists it.")],
    subject: Annotated[
        str | None, typer.Option(help="Another subject for the ticket.")
    ] = None,
    body_file: Annotated[
        str | None, typer.Option(help="A file with another body; - reads from stdin.")
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="Who decides; you, if not given.")
    ] = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Try a run again that was given up.

    It goes on from where it stopped. With another subject or body it begins anew; the audit
    log keeps digests of the ticket before and after.

    Example: ticketgraph retry 9b2e... --body-file corrected.txt
    """
    body = read_text(body_file) if body_file is not None else None

    async def retry_run(opened: "TicketGraph") -> "Run":
        return await opened.runs.retry(
            run_id, subject=subject, body=body, decided_by=by or os_user()
        )

    run = run_with_app(data_dir, retry_run)
    if json:
        print_json(run)
    else:
        show_run(result_console(), run)
