"""Retention: checkpoints and tickets that are old enough to be deleted."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.queries import checkpoints as threads
from storage.tables import runs, tickets

ENDED_STATUSES = ("resolved", "closed", "duplicate")
"""Statuses of tickets that need no more work."""


async def prune_checkpoints(
    connection: AsyncConnection, desk: str, before: datetime, at: datetime, limit: int
) -> int:
    """Delete the checkpoints of a desk's runs that finished by `before`.

    Returns the number of runs, at most `limit`. Waiting, running and failed runs keep
    theirs, because they may be resumed.
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
    """Delete checkpoints that belong to no run and are older than `before`.

    Returns the number of threads, at most `limit`. They are left when a process dies while
    it forks a run, which saves the checkpoint before the run's row, or when the ticket is
    erased meanwhile.
    """
    run_ids = await threads.list_orphan_threads(connection, before, limit)
    if run_ids:
        await threads.delete_checkpoints(connection, run_ids)
    return len(run_ids)


async def list_ended_tickets(
    connection: AsyncConnection, desk: str, before: datetime, limit: int
) -> Sequence[str]:
    """A desk's ended tickets that were last changed by `before`, at most `limit`."""
    query = select(tickets.c.id).where(
        tickets.c.desk == desk,
        tickets.c.status.in_(ENDED_STATUSES),
        tickets.c.updated_at <= before,
    )
    return (await connection.scalars(query.limit(limit))).all()
