"""`ticketgraph approvals` and `ticketgraph decide`: what waits for a person, and the answer."""

from typing import Annotated, Literal

import typer

from contracts.approval import Verdict, make_decision
from contracts.errors import InputError
from server.cli.terminal.open_app import AsJson, DataDir, run_beside_server
from server.cli.terminal.output import print_json, remark_console, result_console
from server.cli.terminal.person import DecidedBy, os_user
from server.cli.terminal.read_rows import read_text
from server.cli.terminal.views import approvals_table, print_run

Status = Literal["pending", "decided", "all"]

ReplyText = Annotated[str | None, typer.Option(help="The reply, for edit and respond.")]
ReplyFile = Annotated[
    str | None, typer.Option(help="A file with the reply; - reads from stdin.")
]
Guidance = Annotated[
    str | None, typer.Option(help="For reject: what another draft should do better.")
]
Team = Annotated[str | None, typer.Option(help="For reassign: who gets the ticket.")]


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
    which = None if status == "all" else status
    found = run_beside_server(data_dir, lambda app: app.approvals.list(which, limit))
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
    text: ReplyText = None,
    text_file: ReplyFile = None,
    guidance: Guidance = None,
    team: Team = None,
    decided_by: DecidedBy = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Decide, and resume the run. The first decision counts.

    approve sends what was shown; edit sends your text in its place; reject with guidance
    asks for another draft, without it nothing is sent; reassign gives the ticket to a team;
    respond sends your own words.

    Example: ticketgraph decide 4f1c... edit --text-file reply.txt
    """
    decision = make_decision(
        {
            "type": verdict,
            "text": choose_reply(text, text_file),
            "guidance": guidance,
            "team": team,
            "decided_by": decided_by or os_user(),
        }
    )
    run = run_beside_server(
        data_dir, lambda app: app.approvals.decide(approval_id, decision)
    )
    print_run(run, as_json=json)


def choose_reply(text: str | None, text_file: str | None) -> str | None:
    """The reply that was given, in either way. Raises InputError."""
    if text is not None and text_file is not None:
        raise InputError(
            "Give the reply with --text or with --text-file, not with both."
        )
    return read_text(text_file) if text_file is not None else text
