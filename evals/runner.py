"""Processes labelled tickets in a TicketGraph of their own, in a temporary data folder."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from contracts.result import Run
from contracts.ticket import CleanTicket, Ticket
from evals.labels import LabelledTicket
from storage.database.address import database_address_of
from storage.queries import tickets
from ticketgraph.app import TicketGraph
from ticketgraph.assembly import Assembly, open_assembly

SUGGESTION_LIMIT = 5
"""Similar tickets asked for."""


@dataclass(frozen=True)
class Outcome:
    """The run of one labelled ticket.

    `duplicate_of` is the row id of the ticket that it was linked to.
    """

    row: LabelledTicket
    run: Run
    milliseconds: float
    duplicate_of: str | None


@dataclass(frozen=True)
class Suggestion:
    """A ticket with known duplicates, and the row ids of the tickets found most similar."""

    row: LabelledTicket
    similar: tuple[str, ...]


@asynccontextmanager
async def open_scratch(desks_dir: Path | None = None) -> AsyncIterator[Assembly]:
    """An assembly on an empty database, which is deleted at the end.

    Raises DeskError for invalid policies.
    """
    with tempfile.TemporaryDirectory(prefix="ticketgraph-eval-") as folder:
        address = database_address_of(None, Path(folder))
        async with open_assembly(address, desks_dir) as assembly:
            yield assembly


async def run_rows(
    app: TicketGraph,
    rows: Sequence[LabelledTicket],
    concurrency: int = 1,
    done: Callable[[], None] = lambda: None,
) -> list[Outcome]:
    """Process the tickets in order, at most `concurrency` at a time; `done` is called after each.

    A ticket that repeats an earlier one waits for it. Milliseconds per ticket are meaningful
    only one at a time. Raises InputError for a desk that does not exist.
    """
    turns = asyncio.Semaphore(concurrency)
    running: dict[str, asyncio.Task[tuple[Run, float]]] = {}

    async def process_timed(row: LabelledTicket) -> tuple[Run, float]:
        if row.duplicate_of in running:
            await asyncio.wait({running[row.duplicate_of]})
        async with turns:
            started = time.perf_counter()
            run = await _process_row(app, row)
            milliseconds = (time.perf_counter() - started) * 1000
        done()
        return run, milliseconds

    async with asyncio.TaskGroup() as group:
        for row in rows:
            running[row.id] = group.create_task(process_timed(row))
    results = [(row, *running[row.id].result()) for row in rows]
    row_ids = {run.ticket_id: row.id for row, run, _ in results}
    return [
        Outcome(row, run, ms, row_ids.get(run.duplicate_of or ""))
        for row, run, ms in results
    ]


async def _process_row(app: TicketGraph, row: LabelledTicket) -> Run:
    return await app.process(
        row.subject,
        row.body,
        desk=row.desk,
        customer_email=row.customer_email,
        customer_name=row.customer_name,
        source="cli",
    )


async def suggest_for_rows(
    assembly: Assembly,
    rows: Sequence[LabelledTicket],
    done: Callable[[], None] = lambda: None,
) -> list[Suggestion]:
    """Index every ticket, then search for those most similar to each that has duplicates.

    No run is made. All tickets are indexed first, because labels link later tickets too.
    """
    search = assembly.ticket_search
    known = [(row, *_clean_row(assembly, row)) for row in rows]
    for _, ticket, clean in known:
        await assembly.database.run_transaction(
            partial(tickets.insert_ticket, ticket=ticket, status="closed")
        )
        await search.index_ticket(ticket.id, clean)
        done()
    found: list[Suggestion] = []
    for row, ticket, clean in known:
        if row.duplicates:
            similar = await search.find_similar(ticket, clean, SUGGESTION_LIMIT)
            found.append(Suggestion(row, tuple(other.ticket_id for other in similar)))
    return found


def _clean_row(assembly: Assembly, row: LabelledTicket) -> tuple[Ticket, CleanTicket]:
    received = {"id": row.id, "received_at": datetime.now(UTC)}
    ticket = Ticket.model_validate(
        received | row.model_dump(include={"desk", "subject", "body"})
    )
    return ticket, assembly.services.cleaners[row.desk].clean(row.subject, row.body)
