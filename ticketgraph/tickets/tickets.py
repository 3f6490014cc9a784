"""`TicketGraph.tickets`: submitting, reading and importing tickets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.result import Run
from contracts.stored_ticket import StoredTicket
from contracts.ticket import NewTicket, RunOptions
from storage.database.database import Database
from storage.queries import runs, tickets
from ticketgraph.runs.claim import Claim
from ticketgraph.runs.runs import Runs
from ticketgraph.tickets.importing import SolvedTicket, TicketImporter
from ticketgraph.tickets.intake import RequestKey, TicketIntake


@dataclass(frozen=True)
class Tickets:
    """The tickets of a database. `runs` waits for the run of a ticket."""

    database: Database
    intake: TicketIntake
    importer: TicketImporter
    runs: Runs

    async def process(
        self,
        subject: str = "",
        body: str = "",
        *,
        options: RunOptions | None = None,
        **ticket: Any,
    ) -> Run:
        """Store a ticket and run it until it is finished or waits for a person.

        `ticket` takes every field of contracts.ticket.NewTicket: desk, customer_email,
        customer_id, metadata, … Raises InputError for an unknown desk.
        """
        new = NewTicket(subject=subject, body=body, **ticket)
        claim = await self.submit(new, options)
        return await self.runs.finish(claim.run_id, fresh=claim.fresh)

    async def submit(
        self,
        new: NewTicket,
        options: RunOptions | None = None,
        *,
        start: bool = True,
        key: RequestKey | None = None,
    ) -> Claim:
        """Store a ticket with its run; without `start` the ticket alone. Durable on return.

        See ticketgraph.tickets.intake.TicketIntake.submit_ticket.
        """
        return await self.intake.submit_ticket(new, options, start=start, key=key)

    async def run_stored(self, ticket_id: str) -> Claim:
        """Start the run of a ticket that was only stored; a second call gives the same run.

        Raises NotFoundError, and InputError when the ticket's desk is not there any more.
        """
        return await self.intake.run_stored_ticket(ticket_id)

    async def get(self, ticket_id: str) -> StoredTicket:
        """A ticket with the newest of its runs that is not a fork. Raises NotFoundError."""
        async with self.database.open_read() as connection:
            row = await tickets.find_ticket_row(connection, ticket_id)
            run = await runs.find_ticket_run(connection, ticket_id)
        run_id, result = (run["id"], run["result"]) if run else (None, None)
        return tickets.stored_ticket_from_row(row, run_id, result)

    async def list_page(
        self,
        limit: int = 100,
        offset: int = 0,
        filters: Mapping[str, str] | None = None,
        *,
        with_results: bool = False,
    ) -> tuple[Sequence[StoredTicket], int]:
        """A page of tickets, newest first, and how many there are in all: two queries.

        Each has the id of its newest run; `run`, the run's result, only `with_results`.
        `filters` maps columns (category, severity, priority, status, assigned_team,
        customer_id) to the value they must have.
        """
        async with self.database.open_read() as connection:
            rows, total = await tickets.list_tickets_page(
                connection, filters or {}, limit, offset, with_results=with_results
            )
        found = [
            tickets.stored_ticket_from_row(
                row, row["run_id"], row["run_result"] if with_results else None
            )
            for row in rows
        ]
        return found, total

    async def get_run(self, ticket_id: str) -> Run | None:
        """The newest run of a ticket that is not a fork; None when it was only stored.

        Raises NotFoundError.
        """
        run_id = (await self.get(ticket_id)).run_id
        return await self.runs.get(run_id) if run_id else None

    async def import_solved(
        self,
        solved: Sequence[SolvedTicket],
        progress: Callable[[int, int], None] | None = None,
    ) -> int:
        """Store solved tickets as sources for drafts. Returns how many are new.

        See ticketgraph.tickets.importing.TicketImporter.import_solved.
        """
        return await self.importer.import_solved(solved, progress)
