"""`ticketgraph eval`: the quality of answers, measured on labelled tickets."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from server.cli.terminal.open_app import AsJson, load_settings
from server.cli.terminal.output import print_json, result_console
from server.cli.terminal.progress import show_progress


def evaluate(
    files: Annotated[
        list[Path],
        typer.Argument(
            exists=True, dir_okay=False, help="Labelled tickets as JSON lines."
        ),
    ],
    desk: Annotated[
        str | None,
        typer.Option(help="The desk to run them on, in place of the rows' own."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only so many tickets of each file.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Measure the quality on labelled tickets, in a temporary data folder.

    Example: ticketgraph eval evals/golden/customer_support.dev.jsonl --limit 20
    """
    from evals import report

    desks_dir = load_settings().desks_dir
    with show_progress("tickets") as update_progress:
        measured = asyncio.run(
            report.evaluate_files(
                files,
                desk=desk,
                limit=limit,
                progress=update_progress,
                desks_dir=desks_dir,
            )
        )
    if json:
        print_json(measured)
    else:
        report.print_report(measured, result_console(markup=True))
