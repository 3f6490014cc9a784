"""What /health asks the database: whether workers are alive and deliveries succeed."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, func, not_, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.jobs.port import LEASE
from storage.tables import jobs, outbox

STALL_TIME = timedelta(seconds=60)
"""A task that has been ready for longer, while no worker holds any, has no worker."""

HAS_LIVE_WORKER = text("""
SELECT EXISTS (SELECT FROM procrastinate_workers
WHERE last_heartbeat > now() - make_interval(secs => :lease))
""")


class StorageHealth(NamedTuple):
    """What the tables tell of the workers and of deliveries."""

    workers_alive: bool
    deliveries_failing: bool


async def read_storage_health(
    connection: AsyncConnection, now: datetime
) -> StorageHealth:
    """Raises SQLAlchemyError when the database cannot be used."""
    return StorageHealth(
        await has_live_workers(connection, now),
        await has_failing_deliveries(connection),
    )


async def has_live_workers(connection: AsyncConnection, now: datetime) -> bool:
    """Whether some worker is alive.

    On PostgreSQL by the workers' heartbeats. On SQLite, where the only worker is in the
    process that asks, by the queue: tasks are taken.
    """
    if connection.dialect.name == "postgresql":
        seconds = LEASE.total_seconds()
        return bool(await connection.scalar(HAS_LIVE_WORKER, {"lease": seconds}))
    is_leased = any_row(func.coalesce(jobs.c.leased_until > now, False))
    waits_long = any_row(jobs.c.ready_at < now - STALL_TIME)
    return bool(await connection.scalar(select(or_(is_leased, not_(waits_long)))))


async def has_failing_deliveries(connection: AsyncConnection) -> bool:
    """Whether an effect waits for another attempt because the last one failed."""
    failing = outbox.c.status.in_(("queued", "sending")) & outbox.c.error.is_not(None)
    return bool(await connection.scalar(select(any_row(failing))))


def any_row(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """EXISTS of a row of the condition's table."""
    return exists().where(condition)
