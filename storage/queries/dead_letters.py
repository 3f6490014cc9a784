"""Runs that were given up, and what has to go before one is begun anew."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, column, delete, func, null, select, table, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import outbox, runs, steps, tickets

IS_DEAD_LETTER = (runs.c.status == "failed", runs.c.forked_from.is_(None))
"""A fork that failed is none: it has no effects, and another can be made."""

CHECKPOINT_TABLES = {
    "sqlite": ("checkpoints", "writes"),
    "postgresql": ("checkpoints", "checkpoint_blobs", "checkpoint_writes"),
}
"""LangGraph's own tables. A run is a thread."""


async def list_dead_letters_page(
    connection: AsyncConnection, limit: int, offset: int
) -> tuple[Sequence[RowMapping], int]:
    """Runs that were given up, the longest waiting first, each with its desk.

    And how many there are in all.
    """
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
    """Compare-and-set: let a run go on that was given up. False when it is not given up (any more).

    Whoever still holds it from before may write nothing of it.
    """
    anew = {
        "status": "running",
        "attempts": 0,
        "begun": 0,
        "error": None,
        "result": null(),
    }
    dead = update(runs).where(runs.c.id == run_id, *IS_DEAD_LETTER)
    dead = dead.values(epoch=runs.c.epoch + 1, updated_at=at, **anew, **values)
    return (await connection.execute(dead)).rowcount == 1


async def run_has_effects(connection: AsyncConnection, run_id: str) -> bool:
    """Whether anything was recorded to be done outside.

    What our own teams were told does not count.
    """
    query = (
        select(outbox.c.id)
        .where(outbox.c.run_id == run_id, outbox.c.action != "notification")
        .limit(1)
    )
    return await connection.scalar(query) is not None


async def delete_run_progress(connection: AsyncConnection, run_id: str) -> None:
    """Remove a run's steps and checkpoints: it begins anew."""
    await connection.execute(delete(steps).where(steps.c.run_id == run_id))
    for name in CHECKPOINT_TABLES[connection.dialect.name]:
        thread = table(name, column("thread_id"))
        await connection.execute(delete(thread).where(thread.c.thread_id == run_id))
