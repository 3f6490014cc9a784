"""What a working process does in the background: recovers lost runs and effects, and prunes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.log import log
from storage.database.database import Database
from storage.jobs.port import Jobs
from storage.queries import runs
from ticketgraph.jobs import ADVANCE, advance_job

MINUTE_SECONDS = 60.0
HOUR_SECONDS = 3600.0

BackgroundWork = Callable[[], Coroutine[Any, Any, None]]
MaintenanceWork = Callable[[], Awaitable[object]]


@asynccontextmanager
async def run_in_background(work: Sequence[BackgroundWork]) -> AsyncIterator[None]:
    """Run all of it as tasks of the event loop, and cancel them at the end."""
    tasks = [asyncio.create_task(begin()) for begin in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def run_maintenance(
    recover: Sequence[MaintenanceWork], prune: MaintenanceWork
) -> None:
    """Recover at once and every minute, prune every hour, until cancelled."""
    minutes = 0
    while True:
        for work in recover:
            await try_work(work, "recovering lost runs and effects")
        await asyncio.sleep(MINUTE_SECONDS)
        minutes += 1
        if minutes % int(HOUR_SECONDS / MINUTE_SECONDS) == 0:
            await try_work(prune, "pruning")


async def try_work(work: MaintenanceWork, what: str) -> None:
    """Do it. A failure is logged, and the next turn tries again."""
    try:
        await work()
    except Exception as error:
        log.error("maintenance failed", work=what, error=type(error).__name__)


async def recover_lost_runs(database: Database, jobs: Jobs) -> int:
    """Enqueue a job for every running run that has none. Returns how many."""
    count = await database.run_transaction(partial(enqueue_lost_runs, jobs=jobs))
    jobs.wake_worker()
    return count


async def enqueue_lost_runs(connection: AsyncConnection, jobs: Jobs) -> int:
    """The same, in the caller's transaction."""
    known = await jobs.open_subjects(connection, ADVANCE)
    lost = [
        row
        for row in await runs.list_unfinished_runs(connection)
        if row["id"] not in known
    ]
    for row in lost:
        await jobs.enqueue_job(connection, advance_job(row["id"], row["ticket_id"]))
    return len(lost)
