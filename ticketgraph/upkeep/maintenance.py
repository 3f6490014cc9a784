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

MINUTE = 60.0
HOUR = 3600.0


Work = Callable[[], Awaitable[object]]


async def tend(recover: Sequence[Work], prune: Work) -> None:
    """Now and every minute look for what nobody goes on with, every hour prune, until cancelled."""
    minutes = 0
    while True:
        for work in recover:
            await tried(work, "looking for what nobody goes on with")
        await asyncio.sleep(MINUTE)
        minutes += 1
        if minutes % int(HOUR / MINUTE) == 0:
            await tried(prune, "pruning")


async def tried(work: Work, what: str) -> None:
    """Do it; a failure is named in the log and no reason to stop."""
    try:
        await work()
    except Exception as error:
        log.error("%s failed: %s", what, type(error).__name__)


async def put_down_lost(connection: AsyncConnection, jobs: Jobs) -> int:
    """Put down a task for every run that should go on and has none. Returns how many."""
    known = await jobs.open_subjects(connection, tasks.ADVANCE)
    lost = [row for row in await runs.unfinished(connection) if row["id"] not in known]
    for row in lost:
        await jobs.enqueue(connection, tasks.advance(row["id"], row["ticket_id"]))
    return len(lost)
