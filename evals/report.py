"""The quality report: labelled tickets in, figures out."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from contracts.errors import InputError
from evals.figures import FileReport, Report, build_file_report
from evals.labels import LabelledTicket, read_labelled
from evals.runner import open_scratch, run_rows, suggest_for_rows
from evals.tables import report_tables
from ticketgraph.app import TicketGraph

ReportProgress = Callable[[int, int], None]
"""Called with the number of tickets done, and of all tickets."""


async def evaluate_files(
    files: Sequence[Path],
    *,
    desk: str | None = None,
    limit: int | None = None,
    concurrency: int = 1,
    progress: ReportProgress | None = None,
    desks_dir: Path | None = None,
) -> Report:
    """Process each file's labelled tickets in an empty TicketGraph, and measure the outcomes.

    `desk` replaces the desk of the rows; `limit` is a number of tickets per file. Raises
    InputError with file and line for labels that cannot be used, DeskError for invalid
    policies.
    """
    labelled = {file: _load_rows(file, desk, limit) for file in files}
    count = _ProgressCount(sum(map(len, labelled.values())), progress)
    reports = [
        await _evaluate_file(file, rows, concurrency, count.count_ticket, desks_dir)
        for file, rows in labelled.items()
    ]
    return Report(
        created_at=datetime.now(UTC),
        concurrency=concurrency,
        limit=limit,
        files=tuple(reports),
    )


def print_report(report: Report, console: Console) -> None:
    """Print the figures as tables."""
    for file in report.files:
        desks = ", ".join(file.desks)
        console.print(
            f"\n[bold]{file.file}[/bold]  {file.tickets} tickets, {desks}",
            highlight=False,
        )
        for table in report_tables(file):
            console.print(table)


class _ProgressCount:
    """Counts the tickets that are done, over all files."""

    def __init__(self, total: int, progress: ReportProgress | None) -> None:
        self.total = total
        self.progress = progress
        self.done = 0

    def count_ticket(self) -> None:
        self.done += 1
        if self.progress:
            self.progress(self.done, self.total)


def _load_rows(file: Path, desk: str | None, limit: int | None) -> list[LabelledTicket]:
    rows = read_labelled(file)[:limit]
    return [row.model_copy(update={"desk": desk}) for row in rows] if desk else rows


async def _evaluate_file(
    file: Path,
    rows: Sequence[LabelledTicket],
    concurrency: int,
    done: Callable[[], None],
    desks_dir: Path | None,
) -> FileReport:
    async with open_scratch(desks_dir) as assembly:
        app = TicketGraph(assembly)
        _check_desks(file, rows, app)
        to_run = [row for row in rows if row.duplicates is None]
        outcomes = await run_rows(app, to_run, concurrency, done)
        suggestions = await suggest_for_rows(
            assembly, [row for row in rows if row.duplicates is not None], done
        )
    return build_file_report(file.name, rows, outcomes, suggestions)


def _check_desks(file: Path, rows: Sequence[LabelledTicket], app: TicketGraph) -> None:
    desks = app.desks
    if unknown := sorted({row.desk for row in rows} - desks.keys()):
        raise InputError(
            f"{file.name}: there is no desk {unknown[0]}; choose one of: {', '.join(desks)}"
        )
