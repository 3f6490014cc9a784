"""Solved tickets from elsewhere.

Stored closed, with their solution, so that `retrieve` finds them as sources.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence

from pydantic import Field

from contracts.ticket import NewTicket, Ticket
from contracts.values import Value
from engines.embedding.embedder import MODEL_NAME
from storage.database.locks import take_advisory_lock
from storage.queries import tickets
from storage.vectors import fingerprints
from ticketgraph.assembly import Assembly

BATCH_SIZE = 200
"""Tickets in one transaction."""


class SolvedTicket(Value):
    """A ticket and what solved it."""

    ticket: NewTicket
    solution: str = Field(min_length=1)
    category: str | None = None


async def import_solved(
    assembly: Assembly,
    solved: Sequence[SolvedTicket],
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Store solved tickets and their fingerprints, and let them serve at once.

    Returns how many are new.

    The same desk, subject and body is the same ticket: it is stored once, however often it
    comes. `progress` is called with how many are through, and of how many. The tickets'
    desks must exist.
    """
    added = 0
    for begin in range(0, len(solved), BATCH_SIZE):
        batch = solved[begin : begin + BATCH_SIZE]
        added += await _import_batch(assembly, batch)
        if progress:
            progress(begin + len(batch), len(solved))
    return added


async def _import_batch(assembly: Assembly, batch: Sequence[SolvedTicket]) -> int:
    now = assembly.services.now()
    by_id = {solved_ticket_id(item.ticket): item for item in batch}
    async with assembly.database.open_write() as connection:
        await take_advisory_lock(connection, "import")
        known = await tickets.find_ticket_rows(connection, [*by_id])
        new = {
            ticket_id: item
            for ticket_id, item in by_id.items()
            if ticket_id not in known
        }
        for ticket_id, item in new.items():
            ticket = Ticket(id=ticket_id, received_at=now, **dict(item.ticket))
            await tickets.insert_ticket(
                connection,
                ticket,
                "closed",
                solution=item.solution,
                category=item.category,
            )
        read = await fingerprints.indexed_ticket_ids(connection, MODEL_NAME, [*by_id])
    unread = [
        (ticket_id, item.ticket)
        for ticket_id, item in by_id.items()
        if ticket_id not in read
    ]
    await asyncio.gather(
        *(_index_ticket(assembly, ticket_id, ticket) for ticket_id, ticket in unread)
    )
    return len(new)


async def _index_ticket(assembly: Assembly, ticket_id: str, ticket: NewTicket) -> None:
    cleaner = assembly.services.cleaners[ticket.desk]
    await assembly.ticket_search.index_ticket(
        ticket_id, await asyncio.to_thread(cleaner.clean, ticket.subject, ticket.body)
    )


def solved_ticket_id(ticket: NewTicket) -> str:
    """`TKT-` and sixteen hexadecimal digits that the desk, the subject and the body determine."""
    digest = hashlib.sha256()
    for part in (ticket.desk, ticket.subject, ticket.body):
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8) + encoded)
    return f"TKT-{digest.hexdigest()[:16].upper()}"
