"""`ticketgraph approvals` and `ticketgraph decide`.

What waits for a person, and the person's answer.
"""

import getpass
from typing import Annotated, Literal

import typer

from contracts.approval import Verdict, make_decision
from contracts.errors import InputError
from server.cli.terminal.open_app import AsJson, DataDir, run_with_app
from server.cli.terminal.output import print_json, remark_console, result_console
from server.cli.terminal.read_rows import read_text
from server.cli.terminal.views import approvals_table, show_run

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
    found = run_with_app(
        data_dir,
        lambda opened: opened.approvals.list(
            None if status == "all" else status, limit
        ),
    )
    if json:
        for approval in found:
            print_json(approval)
    elif found:
        result_console().print(approvals_table(found))
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
    decision = make_decision(
        {
            "type": verdict,
            "text": words,
            "guidance": guidance,
            "team": team,
            "decided_by": by or os_user(),
        }
    )
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
