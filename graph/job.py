"""A run to be advanced."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.ticket import RunOptions, Ticket
from storage import runs, tickets


@dataclass(frozen=True)
class Job:
    """A run to be advanced.

    `fresh` when nothing of it can have been saved yet; `replayed` when the ticket had been taken in before.
    """

    run_id: str
    ticket: Ticket
    options: RunOptions
    created_at: datetime
    forked_from: str | None = None
    fresh: bool = False
    replayed: bool = False


async def load_job(connection: AsyncConnection, run_id: str) -> Job:
    """A stored run as a job. Raises NotFoundError."""
    run = await runs.row(connection, run_id)
    ticket = await tickets.row(connection, run["ticket_id"])
    options = RunOptions.model_validate(run["options"])
    return Job(run_id, tickets.as_ticket(ticket), options, run["created_at"], run["forked_from"])
