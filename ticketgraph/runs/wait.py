"""Waits for runs: until one is settled, a timeout passes, or the process stops."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from contracts.result import Run
from storage.database.database import Database
from storage.database.unavailable import UNAVAILABLE_ERRORS
from storage.queries import runs
from ticketgraph.news.watchers import Watchers

POLL_SECONDS = 1.0
"""Seconds between two reads of a run that is waited for: notifications may get lost."""


@dataclass(frozen=True)
class RunWaiter:
    """Waits for runs that this or another process advances."""

    database: Database
    watchers: Watchers

    async def wait_for_run(
        self, run_id: str, seconds: float | None = None, *, fresh: bool = False
    ) -> Run | None:
        """The run once it is settled; None after `seconds`. The run goes on in any case.

        Also None when the process stops or the database is unavailable. `fresh` leaves out the
        first read of a run that was stored just now. Raises NotFoundError.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        with self.watchers.watch_run(run_id) as watch:
            while not self.watchers.stopping:
                watch.settled_event.clear()
                try:
                    if not fresh and (
                        run := watch.run or await self.load_outcome(run_id)
                    ):
                        return run
                except UNAVAILABLE_ERRORS:
                    return None
                fresh = False
                left = (
                    POLL_SECONDS
                    if deadline is None
                    else min(POLL_SECONDS, deadline - time.monotonic())
                )
                if left <= 0:
                    return None
                with suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await watch.settled_event.wait()
            return watch.run

    async def load_outcome(self, run_id: str) -> Run | None:
        """The result of a settled run; None while it is running. Raises NotFoundError."""
        row = await self.database.run_read(partial(runs.find_run_row, run_id=run_id))
        return (
            Run.model_validate(row["result"])
            if row["status"] not in runs.RESUMABLE_STATUSES
            else None
        )
