"""The queue seen from outside: its open jobs, on either database, and whether it is reachable."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.log import log
from storage.database.columns import UtcDateTime
from storage.jobs.port import LEASE
from storage.tables import jobs

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
    """A job that is queued or running.

    `ready_at` is when it was or will be ready to run; `is_leased` means that a worker holds
    it whose lease has not expired.
    """

    kind: str
    subject: str
    ready_at: datetime
    is_leased: bool


class DatabaseAvailability:
    """Logs once when a worker loses its database, and once when it has it again."""

    def __init__(self) -> None:
        self.unavailable = False

    def note_unavailable(self, error: Exception) -> None:
        """The database did not answer, or refused."""
        if not self.unavailable:
            log.error("jobs wait for the database", error=type(error).__name__)
        self.unavailable = True

    def note_available(self) -> None:
        """The database answered."""
        if self.unavailable:
            log.warning("database available again")
        self.unavailable = False


async def list_open_jobs(
    connection: AsyncConnection, now: datetime
) -> Sequence[OpenJob]:
    """All queued and running jobs, in no order."""
    if connection.dialect.name == "postgresql":
        rows = await connection.execute(
            SELECT_PROCRASTINATED, {"lease": LEASE.total_seconds()}
        )
    else:
        rows = await connection.execute(SELECT_LEASED, {"now": now})
    return [OpenJob(*row) for row in rows]
