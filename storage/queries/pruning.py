"""Which runs and tickets are old enough to be forgotten."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.queries import checkpoints as threads
from storage.tables import runs, tickets

ENDED_STATUSES = ("resolved", "closed", "duplicate")
"""The states of a ticket in which nobody is expected to do anything about it."""


async def prune_checkpoints(
    connection: AsyncConnection, desk: str, before: datetime, at: datetime, limit: int
) -> int:
    """Forget the checkpoints of a desk's runs that were finished by a moment. Returns of how many.

    Runs that wait, run or have failed keep theirs: somebody may go on with them.
    """
    query = select(runs.c.id).join(tickets, tickets.c.id == runs.c.ticket_id)
    query = query.where(
        runs.c.status == "finished",
        runs.c.pruned_at.is_(None),
        runs.c.updated_at <= before,
    )
    query = (
        query.where(tickets.c.desk == desk)
        .limit(limit)
        .with_for_update(of=runs, skip_locked=True)
    )
    run_ids = (await connection.scalars(query)).all()
    if run_ids:
        await threads.delete_checkpoints(connection, run_ids)
        await connection.execute(
            update(runs).where(runs.c.id.in_(run_ids)).values(pruned_at=at)
        )
    return len(run_ids)


async def prune_orphan_checkpoints(
    connection: AsyncConnection, before: datetime, limit: int
) -> int:
    """Forget what was saved of runs that there are not, and nothing since a moment.

    Returns of how many.

    Who forks a run saves first and stores the run then: killed in between, or the ticket
    erased, it stays behind.
    """
    run_ids = await threads.list_orphan_threads(connection, before, limit)
    if run_ids:
        await threads.delete_checkpoints(connection, run_ids)
    return len(run_ids)


async def list_ended_tickets(
    connection: AsyncConnection, desk: str, before: datetime, limit: int
) -> Sequence[str]:
    """A desk's tickets that have ended, and not changed since a moment."""
    query = select(tickets.c.id).where(
        tickets.c.desk == desk,
        tickets.c.status.in_(ENDED_STATUSES),
        tickets.c.updated_at <= before,
    )
    return (await connection.scalars(query.limit(limit))).all()
