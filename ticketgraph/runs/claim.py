"""A worker's claim on a run that it advances."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.ticket import RunOptions, Ticket
from storage.queries import runs, tickets


@dataclass(frozen=True)
class Claim:
    """A run with its ticket, as a worker advances it or as intake stored it.

    `fresh` when no checkpoint of it can exist yet; `replayed` when the request had come before;
    `epoch` is the fencing token (ticketgraph/checkpoints/fence.py), None without a claim.
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
    """A stored run, without claiming it. Raises NotFoundError."""
    run = await runs.find_run_row(connection, run_id)
    return replace(
        claim_of_rows(run, await tickets.find_ticket_row(connection, run["ticket_id"])),
        fresh=False,
        epoch=None,
    )


def claim_of_rows(run: RowMapping, ticket: RowMapping) -> Claim:
    """A claimed run. A fork is never fresh: its first checkpoint is saved before its row."""
    return Claim(
        run["id"],
        tickets.ticket_from_row(ticket),
        RunOptions.model_validate(run["options"]),
        run["created_at"],
        run["forked_from"],
        fresh=run["epoch"] == 1 and run["forked_from"] is None,
        epoch=run["epoch"],
    )
