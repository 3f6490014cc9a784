"""`ticketgraph import`: a desk's solved tickets, as sources for its drafts."""

from typing import TYPE_CHECKING, Annotated

import typer

from contracts.errors import InputError
from server.cli.process import report_fault
from server.cli.terminal.open_app import DataDir, run_with_app
from server.cli.terminal.progress import show_progress
from server.cli.terminal.read_rows import Fault, Format, Row, read_rows
from server.cli.terminal.ticket_rows import make_ticket
from server.cli.terminal.usage_errors import EXIT_PARTLY_REFUSED

if TYPE_CHECKING:
    from ticketgraph.app import TicketGraph
    from ticketgraph.tickets.importing import SolvedTicket

SOLUTION_COLUMNS = ("solution", "resolution", "answer", "reply")
"""What a column with the solution may be called; the first that a row has is taken."""


def import_tickets(
    file: Annotated[
        str, typer.Argument(help="CSV, JSON or JSON lines; - reads from stdin.")
    ],
    desk: Annotated[str, typer.Option(help="The desk that solved them.")],
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Each row holds a solution.")
    ] = False,
    format: Annotated[
        Format | None, typer.Option(help="Of the file; by its extension if not given.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Import solved tickets, as sources for replies to similar tickets.

    Rows have subject, body and solution (or resolution, answer, reply), and may have
    category and customer_email. What was imported before is skipped. Bad rows are reported
    with their line; the exit code is then 1.

    Example: ticketgraph import solved.csv --resolved --desk customer_support
    """
    if not resolved:
        raise InputError(
            "Only solved tickets are imported: say --resolved if these are. Open ones go to "
            "`ticketgraph process`."
        )
    read = read_rows(file, format)
    added, known, faults = run_with_app(
        data_dir, lambda app: import_rows(app, file, desk, read)
    )
    typer.echo(f"{added} imported, {known} known already, {faults} refused.")
    if faults:
        raise typer.Exit(EXIT_PARTLY_REFUSED)


async def import_rows(
    app: "TicketGraph", file: str, desk: str, read: list[Row | Fault]
) -> tuple[int, int, int]:
    """How many rows were added, known before, and refused.

    Raises InputError for an unknown desk.
    """
    if desk not in app.desks:
        raise InputError(
            f"There is no desk {desk!r}. Choose one of: {', '.join(app.desks)}."
        )
    categories = {
        category.id.casefold(): category.id for category in app.desks[desk].categories
    }
    items = [
        row if isinstance(row, Fault) else solved_ticket_of(row, desk, categories)
        for row in read
    ]
    faults = [item for item in items if isinstance(item, Fault)]
    for fault in faults:
        report_fault(file, fault)
    solved = [item for item in items if not isinstance(item, Fault)]
    with show_progress("solved tickets") as update_progress:
        added = await app.tickets.import_solved(solved, update_progress)
    return added, len(solved) - added, len(faults)


def solved_ticket_of(
    row: Row, desk: str, categories: dict[str, str]
) -> "SolvedTicket | Fault":
    """The solved ticket that a row describes.

    `categories` are the desk's, by their casefolded ids.
    """
    from ticketgraph.tickets.importing import SolvedTicket

    values = dict(row.values)
    column = next((name for name in SOLUTION_COLUMNS if name in values), None)
    solution = values.pop(column) if column else None
    if not isinstance(solution, str) or not solution.strip():
        return Fault(
            row.line,
            f"it has no solution; name it in one of the columns {', '.join(SOLUTION_COLUMNS)}",
        )
    named = values.pop("category", None)
    if named is not None and str(named).casefold() not in categories:
        known = ", ".join(categories.values())
        return Fault(
            row.line, f"there is no such category; leave it out or use one of {known}"
        )
    values["desk"] = desk
    ticket = make_ticket(Row(row.line, values), desk)
    if isinstance(ticket, Fault):
        return ticket
    return SolvedTicket(
        ticket=ticket,
        solution=solution.strip(),
        category=categories.get(str(named).casefold()),
    )
