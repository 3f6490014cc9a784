"""Dead letters: runs that failed as often as they may, and how one is retried."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, delete, func, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.queries.checkpoints import delete_checkpoints
from storage.tables import outbox, runs, steps, tickets

IS_DEAD_LETTER = (runs.c.status == "failed", runs.c.forked_from.is_(None))
"""A failed fork is no dead letter: it has no effects, and another can be made."""


async def list_dead_letters_page(
    connection: AsyncConnection, limit: int, offset: int
) -> tuple[Sequence[RowMapping], int]:
    """A page of dead letters with their desks, the oldest first, and how many there are."""
    count = await connection.scalar(
        select(func.count()).select_from(runs).where(*IS_DEAD_LETTER)
    )
    query = (
        select(runs, tickets.c.desk)
        .join(tickets, tickets.c.id == runs.c.ticket_id)
        .where(*IS_DEAD_LETTER)
    )
    query = query.order_by(runs.c.updated_at, runs.c.id).limit(limit).offset(offset)
    return (await connection.execute(query)).mappings().all(), count or 0


async def revive_run(
    connection: AsyncConnection, run_id: str, at: datetime, **values: Any
) -> bool:
    """Make a dead letter a running run, by compare-and-set. False when it is none any more.

    Its epoch grows, so that a worker that still holds the run can write nothing of it.
    """
    reset = {
        "status": "running",
        "attempts": 0,
        "begun": 0,
        "error": None,
        "result": null(),
    }
    revived = update(runs).where(runs.c.id == run_id, *IS_DEAD_LETTER)
    revived = revived.values(epoch=runs.c.epoch + 1, updated_at=at, **reset, **values)
    return (await connection.execute(revived)).rowcount == 1


async def run_has_effects(connection: AsyncConnection, run_id: str) -> bool:
    """Whether the run recorded effects on other systems; notifications of our teams aside."""
    query = (
        select(outbox.c.id)
        .where(outbox.c.run_id == run_id, outbox.c.action != "notification")
        .limit(1)
    )
    return await connection.scalar(query) is not None


async def delete_run_progress(connection: AsyncConnection, run_id: str) -> None:
    """Delete a run's steps and checkpoints, so that it starts from the beginning."""
    await connection.execute(delete(steps).where(steps.c.run_id == run_id))
    await delete_checkpoints(connection, [run_id])
