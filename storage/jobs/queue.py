"""What is to be done and what is being done, on either database: for whoever looks from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.jobs.port import LEASE
from storage.tables import UtcDateTime, jobs

SELECT_LEASED = select(
    jobs.c.kind,
    jobs.c.subject,
    jobs.c.ready_at,
    func.coalesce(jobs.c.leased_until > bindparam("now", type_=UtcDateTime), False),
)

SELECT_PROCRASTINATED = text("""
SELECT task_name, args->>'subject', COALESCE(scheduled_at, MIN(at)),
       status = 'doing' AND COALESCE(last_heartbeat > now() - make_interval(secs => :lease), FALSE)
FROM procrastinate_jobs AS jobs
LEFT JOIN procrastinate_events AS events ON events.job_id = jobs.id
LEFT JOIN procrastinate_workers AS workers ON workers.id = jobs.worker_id
WHERE status IN ('todo', 'doing')
GROUP BY jobs.id, workers.id
""")


class OpenJob(NamedTuple):
    """A task that is not done.

    Ready since when, or from when on, and whether a worker that is alive has it.
    """

    kind: str
    subject: str
    ready_at: datetime
    is_leased: bool


async def list_open_jobs(
    connection: AsyncConnection, now: datetime
) -> Sequence[OpenJob]:
    """All of them."""
    if connection.dialect.name == "postgresql":
        rows = await connection.execute(
            SELECT_PROCRASTINATED, {"lease": LEASE.total_seconds()}
        )
    else:
        rows = await connection.execute(SELECT_LEASED, {"now": now})
    return [OpenJob(*row) for row in rows]
