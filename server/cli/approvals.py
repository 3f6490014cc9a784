"""`ticketgraph approvals` and `ticketgraph decide`.

What waits for a person, and the person's answer.
"""

import getpass
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from pydantic import ValidationError

from contracts.approval import ApprovalDecision, Verdict
from contracts.errors import InputError
from server.cli.terminal.open_app import AsJson, DataDir, run_with_app
from server.cli.terminal.output import print_json, remark_console, result_console
from server.cli.terminal.read_rows import read_text
from server.cli.terminal.usage_errors import describe_fault
from server.cli.terminal.views import approvals_table, show_run

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from ticketgraph.app import TicketGraph

Status = Literal["pending", "decided", "all"]


def approvals(
    status: Annotated[Status, typer.Option(help="Which of them.")] = "pending",
    limit: Annotated[
        int, typer.Option(min=1, help="How many at most, the longest waiting first.")
    ] = 100,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """List what waits for a person.

    Example: ticketgraph approvals --status all
    """

    async def list_pending(opened: "TicketGraph") -> "Sequence[RowMapping]":
        from storage.queries.approvals import list_approvals_page

        async with opened.database.open_read() as connection:
            return await list_approvals_page(
                connection, None if status == "all" else status, limit, 0
            )

    rows = run_with_app(data_dir, list_pending)
    if json:
        for row in rows:
            print_json(row)
    elif rows:
        result_console().print(approvals_table(rows))
    else:
        remark_console().print(
            "Nothing waits for a person."
            if status == "pending"
            else "There are no such approvals."
        )


def decide(
    approval_id: Annotated[str, typer.Argument(help="As `approvals` lists it.")],
    verdict: Annotated[Verdict, typer.Argument(help="What is to happen.")],
    text: Annotated[
        str | None, typer.Option(help="The reply, for edit and respond.")
    ] = None,
    text_file: Annotated[
        str | None, typer.Option(help="A file with the reply; - reads from stdin.")
    ] = None,
    guidance: Annotated[
        str | None,
        typer.Option(help="For reject: what another draft should do better."),
    ] = None,
    team: Annotated[
        str | None, typer.Option(help="For reassign: who gets the ticket.")
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="Who decides; you, if not given.")
    ] = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Decide, and let the run go on. The first decision counts.

    approve sends what was shown; edit sends your text in its place; reject with guidance
    asks for another draft, without it nothing is sent; reassign gives the ticket to a team;
    respond sends your own words.

    Example: ticketgraph decide 4f1c... edit --text-file reply.txt
    """
    if text is not None and text_file is not None:
        raise InputError(
            "Give the reply with --text or with --text-file, not with both."
        )
    words = read_text(text_file) if text_file is not None else text
    if verdict in ("edit", "respond") and not (words or "").strip():
        raise InputError(f"To {verdict}, give the reply with --text or --text-file.")
    if verdict == "reassign" and not team:
        raise InputError("To reassign, name the team with --team.")
    given = {
        "type": verdict,
        "text": words,
        "guidance": guidance,
        "team": team,
        "decided_by": by or os_user(),
    }
    try:
        decision = ApprovalDecision.model_validate(given)
    except ValidationError as error:
        raise InputError(f"{describe_fault(error)}.") from None
    run = run_with_app(data_dir, lambda opened: opened.decide(approval_id, decision))
    if json:
        print_json(run)
    else:
        show_run(result_console(), run)


def os_user() -> str:
    """Who runs this process; "unknown" where the system has no name for them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
