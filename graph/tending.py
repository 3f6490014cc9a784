"""What a worker looks after now and then: runs that nobody goes on with, and what is old enough to be forgotten."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger("ticketgraph")

MINUTE = 60.0
HOUR = 3600.0


async def tend(recover: Callable[[], Awaitable[object]], prune: Callable[[], Awaitable[object]]) -> None:
    """Every minute look for runs without a task, every hour prune, until cancelled. What fails is tried again then."""
    minutes = 0
    while True:
        await asyncio.sleep(MINUTE)
        minutes += 1
        await tried(recover, "looking for runs that nobody goes on with")
        if minutes % int(HOUR / MINUTE) == 0:
            await tried(prune, "pruning")


async def tried(work: Callable[[], Awaitable[object]], what: str) -> None:
    """Do it; a failure is named in the log and no reason to stop."""
    try:
        await work()
    except Exception as error:
        log.error("%s failed: %s", what, type(error).__name__)
