"""`ticketgraph dead-letters` and `ticketgraph retry`: runs that failed for good, once more."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from contracts.dead_letter import DeadLetter
from server.cli.terminal.open_app import AsJson, DataDir, run_beside_server
from server.cli.terminal.output import (
    make_table,
    print_json,
    remark_console,
    result_console,
)
from server.cli.terminal.person import DecidedBy, os_user
from server.cli.terminal.read_rows import read_text
from server.cli.terminal.views import format_minute, print_run

if TYPE_CHECKING:
    from rich.table import Table


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
    letters, total = run_beside_server(
        data_dir, lambda app: app.runs.list_dead_letters(limit)
    )
    if json:
        for letter in letters:
            print_json(letter)
    elif letters:
        result_console().print(dead_letters_table(letters))
        if total > len(letters):
            remark_console().print(f"{total - len(letters)} more.")
    else:
        remark_console().print("No run was given up.")


def dead_letters_table(letters: Sequence[DeadLetter]) -> "Table":
    """One line per run."""
    made = make_table("run", "ticket", "desk", "error", "attempts", "since")
    for letter in letters:
        known = (letter.run_id, letter.ticket_id, letter.desk, letter.error)
        made.add_row(*known, str(letter.attempts), format_minute(letter.since))
    return made


def retry(
    run_id: Annotated[str, typer.Argument(help="As `dead-letters` lists it.")],
    subject: Annotated[
        str | None, typer.Option(help="Another subject for the ticket.")
    ] = None,
    body_file: Annotated[
        str | None, typer.Option(help="A file with another body; - reads from stdin.")
    ] = None,
    decided_by: DecidedBy = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Try a run again that was given up.

    It resumes from its last checkpoint. With another subject or body it starts over; the
    audit log keeps digests of the ticket before and after.

    Example: ticketgraph retry 9b2e... --body-file corrected.txt
    """
    body = read_text(body_file) if body_file is not None else None

    run = run_beside_server(
        data_dir,
        lambda app: app.runs.retry(
            run_id, subject=subject, body=body, decided_by=decided_by or os_user()
        ),
    )
    print_run(run, as_json=json)
