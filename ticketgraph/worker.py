"""The job worker of one process: starts it, and stops it without losing what it began."""

import asyncio
from collections.abc import Mapping

from langgraph.runtime import RunControl

from storage.jobs.port import Handler, Jobs
from ticketgraph.news.watchers import Watchers

MAX_CONCURRENT_RUNS = 160
"""Runs in progress side by side; more wait their turn.

Most of them wait for a model, and one holds some 100 kB.
"""

DRAIN_SECONDS = 20.0
"""Seconds a stopping process waits for what it began.

A run stops at its next superstep, an effect at the end of its request.
"""


class Worker:
    """Runs the jobs of a database, and says when the process stops.

    `control` makes every run stop at its next superstep; `watchers` end what waits for one.
    """

    def __init__(
        self,
        jobs: Jobs,
        handlers: Mapping[str, Handler],
        control: RunControl,
        watchers: Watchers,
    ) -> None:
        self.jobs = jobs
        self.handlers = handlers
        self.control = control
        self.watchers = watchers
        self.worker_task: asyncio.Task[None] | None = None

    def start_jobs(self, at_once: int) -> None:
        """Run jobs, up to `at_once` side by side, until `stop_jobs`."""
        self.worker_task = asyncio.create_task(
            self.jobs.run_jobs(self.handlers, at_once), name="worker"
        )

    def request_stop(self) -> None:
        """Accept no tickets, stop every run at its next superstep, and end all waits."""
        self.control.request_drain()
        self.watchers.stop()

    async def stop_jobs(self) -> None:
        """Stop, and give back the jobs that did not end within DRAIN_SECONDS."""
        self.request_stop()
        if self.worker_task:
            await self.jobs.drain_jobs(DRAIN_SECONDS)
            await self.worker_task
