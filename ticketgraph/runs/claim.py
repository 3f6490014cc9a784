"""A run to be advanced."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.ticket import RunOptions, Ticket
from storage.queries import runs, tickets


@dataclass(frozen=True)
class Claim:
    """A run to be advanced, or one that was stored just now.

    `fresh` when nothing of it can have been saved yet; `replayed` when the ticket had been
    taken in before; `epoch` as who it is held (ticketgraph/checkpoints/fence.py).
    """

    run_id: str
    ticket: Ticket
    options: RunOptions
    created_at: datetime
    forked_from: str | None = None
    fresh: bool = False
    replayed: bool = False
    epoch: int | None = None


async def load_claim(connection: AsyncConnection, run_id: str) -> Claim:
    """A stored run as a job. Raises NotFoundError."""
    run = await runs.find_run_row(connection, run_id)
    return replace(
        claim_of_rows(run, await tickets.find_ticket_row(connection, run["ticket_id"])),
        fresh=False,
        epoch=None,
    )


def claim_of_rows(run: RowMapping, ticket: RowMapping) -> Claim:
    """A run as whoever holds it goes on with it.

    Of a fork something is saved from the beginning.
    """
    return Claim(
        run["id"],
        tickets.ticket_from_row(ticket),
        RunOptions.model_validate(run["options"]),
        run["created_at"],
        run["forked_from"],
        fresh=run["epoch"] == 1 and run["forked_from"] is None,
        epoch=run["epoch"],
    )
