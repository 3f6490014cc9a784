"""Whether the database answers, workers take tasks, and deliveries succeed."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, not_, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.jobs.port import LEASE
from storage.tables import jobs, outbox, tickets

STALL_TIME = timedelta(seconds=60)
"""A task that has been ready for longer, while no worker holds any, has no worker."""

HAS_LIVE_WORKER = text("""
SELECT EXISTS (SELECT FROM procrastinate_workers
WHERE last_heartbeat > now() - make_interval(secs => :lease))
""")


async def read_one_ticket(connection: AsyncConnection) -> None:
    """Read from a table. Raises SQLAlchemyError when the database cannot be used."""
    await connection.execute(select(tickets.c.id).limit(1))


async def has_working_workers(connection: AsyncConnection, now: datetime) -> bool:
    """Whether some worker is alive.

    On PostgreSQL by the workers' heartbeats. On SQLite, where the only worker is in the
    process that asks, by the queue: tasks are taken.
    """
    if connection.dialect.name == "postgresql":
        live = await connection.scalar(
            HAS_LIVE_WORKER, {"lease": LEASE.total_seconds()}
        )
        return bool(live)
    leased = func.coalesce(jobs.c.leased_until > now, False)
    waits_long = jobs.c.ready_at < now - STALL_TIME
    return bool(
        await connection.scalar(
            select(
                or_(
                    _any_row(leased),
                    not_(_any_row(waits_long)),
                )
            )
        )
    )


async def has_failing_deliveries(connection: AsyncConnection) -> bool:
    """Whether an effect waits for another attempt because the last one failed."""
    failing = outbox.c.status.in_(("queued", "sending")) & outbox.c.error.is_not(None)
    return bool(await connection.scalar(select(_any_row(failing))))


def _any_row(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(condition)
