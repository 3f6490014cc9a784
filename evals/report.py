"""The quality report: labelled tickets in, figures out."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from contracts.errors import InputError
from evals.figures import FileReport, Report, file_report
from evals.labels import LabelledTicket, read_labelled
from evals.runner import run_all, scratch_graph, suggest_all
from evals.tables import tables
from ticketgraph.app import TicketGraph

Progress = Callable[[int, int], None]
"""Called with how many tickets are done, and of how many."""


async def evaluate(
    files: Sequence[Path],
    *,
    desk: str | None = None,
    limit: int | None = None,
    concurrency: int = 1,
    progress: Progress | None = None,
    desks_dir: Path | None = None,
) -> Report:
    """Run the labelled tickets of each file through a TicketGraph that knows nothing yet,
    and compare.

    `desk` takes the place of the desk in the rows; `limit` is a number of tickets per file.
    Raises InputError with file and line for labels that cannot be used, DeskError for
    invalid policies.
    """
    labelled = {file: _rows(file, desk, limit) for file in files}
    count = _Count(sum(map(len, labelled.values())), progress)
    reports = [
        await _report(file, rows, concurrency, count.one, desks_dir)
        for file, rows in labelled.items()
    ]
    return Report(
        created_at=datetime.now(UTC),
        concurrency=concurrency,
        limit=limit,
        files=tuple(reports),
    )


def show(report: Report, console: Console) -> None:
    """Print the figures as tables."""
    for file in report.files:
        desks = ", ".join(file.desks)
        console.print(
            f"\n[bold]{file.file}[/bold]  {file.tickets} tickets, {desks}",
            highlight=False,
        )
        for table in tables(file):
            console.print(table)


class _Count:
    """How many tickets are done, over all files."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self.total = total
        self.progress = progress
        self.done = 0

    def one(self) -> None:
        self.done += 1
        if self.progress:
            self.progress(self.done, self.total)


def _rows(file: Path, desk: str | None, limit: int | None) -> list[LabelledTicket]:
    rows = read_labelled(file)[:limit]
    return [row.model_copy(update={"desk": desk}) for row in rows] if desk else rows


async def _report(
    file: Path,
    rows: Sequence[LabelledTicket],
    concurrency: int,
    done: Callable[[], None],
    desks_dir: Path | None,
) -> FileReport:
    async with scratch_graph(desks_dir) as graph:
        _check_desks(file, rows, graph)
        to_run = [row for row in rows if row.duplicates is None]
        outcomes = await run_all(graph, to_run, concurrency, done)
        suggestions = await suggest_all(
            graph, [row for row in rows if row.duplicates is not None], done
        )
    return file_report(file.name, rows, outcomes, suggestions)


def _check_desks(
    file: Path, rows: Sequence[LabelledTicket], graph: TicketGraph
) -> None:
    desks = graph.assembly.services.desks
    if unknown := sorted({row.desk for row in rows} - desks.keys()):
        raise InputError(
            f"{file.name}: there is no desk {unknown[0]}; choose one of: {', '.join(desks)}"
        )
