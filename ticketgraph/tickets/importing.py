"""Imports solved tickets: stored closed with their solution, as sources for drafts."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.ticket import NewTicket, Ticket
from contracts.values import Value
from engines.embedding.embedder import MODEL_NAME
from nodes.services import Cleaner
from storage.database.database import Database
from storage.database.locks import take_advisory_lock
from storage.queries import tickets
from storage.vectors import fingerprints
from ticketgraph.similar.similar_tickets import StoredTicketSearch

BATCH_SIZE = 200
"""Tickets in one transaction."""


class SolvedTicket(Value):
    """A ticket and what solved it."""

    ticket: NewTicket
    solution: str = Field(min_length=1)
    category: str | None = None


@dataclass(frozen=True)
class TicketImporter:
    """Imports into a database. `cleaners` are the desks' own, by desk."""

    database: Database
    ticket_search: StoredTicketSearch
    cleaners: Mapping[str, Cleaner]
    now: Callable[[], datetime]

    async def import_solved(
        self,
        solved: Sequence[SolvedTicket],
        progress: Callable[[int, int], None] | None = None,
    ) -> int:
        """Store solved tickets and their fingerprints. Returns how many are new.

        The same desk, subject and body is the same ticket: it is stored once, however often
        it comes. `progress` is called with how many are through, and of how many. The tickets'
        desks must exist.
        """
        added = 0
        for begin in range(0, len(solved), BATCH_SIZE):
            batch = solved[begin : begin + BATCH_SIZE]
            added += await self.import_batch(batch)
            if progress:
                progress(begin + len(batch), len(solved))
        return added

    async def import_batch(self, batch: Sequence[SolvedTicket]) -> int:
        """Store those that are new, and index all that are not indexed yet."""
        by_id = {solved_ticket_id(item.ticket): item for item in batch}
        async with self.database.open_write() as connection:
            await take_advisory_lock(connection, "import")
            added = await self.store_new(connection, by_id)
            indexed = await fingerprints.indexed_ticket_ids(
                connection, MODEL_NAME, [*by_id]
            )
        await asyncio.gather(
            *(
                self.index_ticket(ticket_id, item.ticket)
                for ticket_id, item in by_id.items()
                if ticket_id not in indexed
            )
        )
        return added

    async def store_new(
        self, connection: AsyncConnection, by_id: Mapping[str, SolvedTicket]
    ) -> int:
        """Store the tickets that are not there yet. Returns how many."""
        now = self.now()
        known = await tickets.find_ticket_rows(connection, [*by_id])
        new = [item for item in by_id.items() if item[0] not in known]
        for ticket_id, item in new:
            await tickets.insert_ticket(
                connection,
                Ticket(id=ticket_id, received_at=now, **dict(item.ticket)),
                "closed",
                solution=item.solution,
                category=item.category,
            )
        return len(new)

    async def index_ticket(self, ticket_id: str, ticket: NewTicket) -> None:
        """Make a ticket's fingerprints."""
        cleaner = self.cleaners[ticket.desk]
        clean = await asyncio.to_thread(cleaner.clean, ticket.subject, ticket.body)
        await self.ticket_search.index_ticket(ticket_id, clean)


def solved_ticket_id(ticket: NewTicket) -> str:
    """`TKT-` and sixteen hexadecimal digits that the desk, the subject and the body determine."""
    digest = hashlib.sha256()
    for part in (ticket.desk, ticket.subject, ticket.body):
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8) + encoded)
    return f"TKT-{digest.hexdigest()[:16].upper()}"
