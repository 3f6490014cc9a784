"""Solved tickets from elsewhere: stored closed, with their solution, so that `retrieve` finds them as sources."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime

from pydantic import Field

from contracts.errors import NotFoundError
from contracts.ticket import CleanTicket, NewTicket, Ticket
from contracts.values import Value
from engines.local.embedder import MODEL_NAME
from graph.assembly import Assembly
from graph.memory import entry_of
from storage import fingerprints, tickets
from storage.database import Database

BATCH = 200
"""Tickets in one transaction."""


class SolvedTicket(Value):
    """A ticket and what solved it."""

    ticket: NewTicket
    solution: str = Field(min_length=1)
    category: str | None = None


async def import_solved(
    assembly: Assembly, solved: Sequence[SolvedTicket], progress: Callable[[int, int], None] | None = None
) -> int:
    """Store solved tickets and their fingerprints, and let them serve at once. Returns how many are new.

    The same desk, subject and body is the same ticket: it is stored once, however often it comes. `progress` is called
    with how many are through, and of how many. The tickets' desks must exist.
    """
    added = 0
    for begin in range(0, len(solved), BATCH):
        batch = solved[begin : begin + BATCH]
        added += await _import_batch(assembly, batch)
        if progress:
            progress(begin + len(batch), len(solved))
    return added


async def _import_batch(assembly: Assembly, batch: Sequence[SolvedTicket]) -> int:
    now = assembly.services.now()
    by_id = {solved_id(item.ticket): item for item in batch}
    new = [ticket_id for ticket_id in by_id if not await _known(assembly.database, ticket_id)]
    received = [_received(by_id[ticket_id].ticket, ticket_id, now) for ticket_id in new]
    clean = [await asyncio.to_thread(_cleaned, assembly, ticket) for ticket in received]
    vectors = await asyncio.gather(
        *(assembly.memory.read(ticket.id, text) for ticket, text in zip(received, clean, strict=True))
    )
    async with assembly.database.write() as connection:
        for ticket, vector in zip(received, vectors, strict=True):
            item = by_id[ticket.id]
            await tickets.add(connection, ticket, "closed", solution=item.solution, category=item.category)
            await fingerprints.put(connection, ticket.id, MODEL_NAME, vector.astype("float16").tobytes())
    for ticket, text, vector in zip(received, clean, vectors, strict=True):
        assembly.memory.index.put(entry_of(ticket, text, solved=True), vector)
    return len(new)


def solved_id(ticket: NewTicket) -> str:
    """`TKT-` and sixteen hexadecimal digits that the desk, the subject and the body determine."""
    digest = hashlib.sha256()
    for part in (ticket.desk, ticket.subject, ticket.body):
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8) + encoded)
    return f"TKT-{digest.hexdigest()[:16].upper()}"


async def _known(database: Database, ticket_id: str) -> bool:
    async with database.read() as connection:
        try:
            await tickets.row(connection, ticket_id)
        except NotFoundError:
            return False
    return True


def _received(ticket: NewTicket, ticket_id: str, at: datetime) -> Ticket:
    return Ticket(id=ticket_id, received_at=at, **dict(ticket))


def _cleaned(assembly: Assembly, ticket: Ticket) -> CleanTicket:
    return assembly.services.cleaners[ticket.desk].clean(ticket.subject, ticket.body)
