"""What a worker looks after now and then.

What nobody goes on with, and what is old enough to be forgotten.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.jobs.port import Jobs
from storage.queries import runs
from ticketgraph import tasks

log = logging.getLogger("ticketgraph")

MINUTE_SECONDS = 60.0
HOUR_SECONDS = 3600.0


MaintenanceWork = Callable[[], Awaitable[object]]


async def run_maintenance(
    recover: Sequence[MaintenanceWork], prune: MaintenanceWork
) -> None:
    """Now and every minute look for what nobody goes on with, every hour prune, until cancelled."""
    minutes = 0
    while True:
        for work in recover:
            await try_work(work, "looking for what nobody goes on with")
        await asyncio.sleep(MINUTE_SECONDS)
        minutes += 1
        if minutes % int(HOUR_SECONDS / MINUTE_SECONDS) == 0:
            await try_work(prune, "pruning")


async def try_work(work: MaintenanceWork, what: str) -> None:
    """Do it; a failure is named in the log and no reason to stop."""
    try:
        await work()
    except Exception as error:
        log.error("%s failed: %s", what, type(error).__name__)


async def enqueue_lost_runs(connection: AsyncConnection, jobs: Jobs) -> int:
    """Put down a task for every run that should go on and has none. Returns how many."""
    known = await jobs.open_subjects(connection, tasks.ADVANCE)
    lost = [
        row
        for row in await runs.list_unfinished_runs(connection)
        if row["id"] not in known
    ]
    for row in lost:
        await jobs.enqueue_task(
            connection, tasks.advance_task(row["id"], row["ticket_id"])
        )
    return len(lost)
