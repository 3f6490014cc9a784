"""`TicketGraph.runs`: reading, waiting for, forking and retrying runs."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.dead_letter import DeadLetter, DeadLetterDetail
from contracts.errors import UnavailableError
from contracts.result import Checkpoint, Run
from contracts.step import Step
from contracts.ticket import RunOptions
from graph.build import Graph
from policies.desk.model import Desk
from storage.database.database import Database
from storage.jobs.port import Jobs
from storage.queries import runs
from ticketgraph.news.watchers import Watchers
from ticketgraph.runs import dead_letters
from ticketgraph.runs.claim import Claim, load_claim
from ticketgraph.runs.execute import run_config_of
from ticketgraph.runs.fork import RunForker
from ticketgraph.runs.history import list_checkpoints, refuse_pruned
from ticketgraph.runs.results import build_running_run
from ticketgraph.runs.wait import POLL_SECONDS, RunWaiter


@dataclass(frozen=True)
class Runs:
    """The runs of a database.

    `max_wait_seconds` limits `finish` where other processes advance the runs; None is no
    limit.
    """

    database: Database
    graph: Graph
    jobs: Jobs
    watchers: Watchers
    waiter: RunWaiter
    forker: RunForker
    desks: Mapping[str, Desk]
    now: Callable[[], datetime]
    max_wait_seconds: float | None = None

    async def get(self, run_id: str) -> Run:
        """A run as it was last settled. Raises NotFoundError."""
        async with self.database.open_read() as connection:
            row = await runs.find_run_row(connection, run_id)
            if row["result"] is None:
                return build_running_run(await load_claim(connection, run_id))
        return Run.model_validate(row["result"] | {"status": row["status"]})

    async def wait(
        self, run_id: str, seconds: float | None = None, *, fresh: bool = False
    ) -> Run | None:
        """The run once it is finished or waits for a person; None after `seconds`.

        Also None when this process stops or the database is unavailable: the run goes on.
        `fresh` as the claim of a run that was stored just now says. Raises NotFoundError.
        """
        return await self.waiter.wait_for_run(run_id, seconds, fresh=fresh)

    async def finish(self, run_id: str, *, fresh: bool = False) -> Run:
        """Wait for a run until it is finished or waits for a person.

        Raises NotFoundError, and UnavailableError when the run is not settled in time or this
        process stops before.
        """
        run = await self.wait(run_id, self.max_wait_seconds, fresh=fresh)
        if run is None:
            raise UnavailableError(
                f"Run {run_id} is stored and goes on when a server or a worker runs."
            )
        return run

    async def history(self, run_id: str) -> Sequence[Checkpoint]:
        """Every checkpoint of a run, the first one first.

        Raises NotFoundError, GoneError when they were pruned.
        """
        async with self.database.open_read() as connection:
            refuse_pruned(await runs.find_run_row(connection, run_id))
        return await list_checkpoints(self.graph, run_id)

    async def stream_steps(
        self, run_id: str, seen: int = 0
    ) -> AsyncIterator[tuple[int, Step]]:
        """The run's steps with their numbers, from the one after `seen`, as they are saved.

        Ends when the run is settled or this process stops. Raises NotFoundError.
        """
        with self.watchers.watch_run(run_id) as watch:
            settled = False
            while not settled:
                watch.saved_event.clear()
                run = await self.get(run_id)
                settled = run.status != "running"
                steps = (
                    run.workflow_steps
                    if settled and run.workflow_steps
                    else await self.load_saved_steps(run_id)
                )
                for step in steps[seen:]:
                    seen += 1
                    yield seen, step
                if self.watchers.stopping:
                    return
                if not settled:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(POLL_SECONDS):
                            await watch.saved_event.wait()

    async def load_saved_steps(self, run_id: str) -> Sequence[Step]:
        """The steps of a run by its newest checkpoint."""
        return (await self.graph.aget_state(run_config_of(run_id))).values.get(
            "steps", ()
        )

    async def fork(
        self,
        run_id: str,
        checkpoint_id: str | None = None,
        *,
        options: RunOptions | None = None,
        **changes: Any,
    ) -> Run:
        """Run again from a checkpoint, or from the start, without any effect outside.

        `changes` replaces fields of the ticket (subject, body, …) when forking from the start.
        Raises NotFoundError, InputError, GoneError for a checkpoint that was pruned.
        """
        claim = await self.begin_fork(run_id, checkpoint_id, options=options, **changes)
        return await self.finish(claim.run_id)

    async def begin_fork(
        self,
        run_id: str,
        checkpoint_id: str | None = None,
        *,
        options: RunOptions | None = None,
        **changes: Any,
    ) -> Claim:
        """`fork` without waiting for the new run."""
        return await self.forker.fork_run(run_id, checkpoint_id, options, changes)

    async def list_dead_letters(
        self, limit: int = 100, offset: int = 0
    ) -> tuple[Sequence[DeadLetter], int]:
        """Runs that failed for good, the oldest first, and how many there are in all."""
        async with self.database.open_read() as connection:
            return await dead_letters.list_dead_letters(connection, limit, offset)

    async def get_dead_letter(self, run_id: str) -> DeadLetterDetail:
        """A run that failed for good, with its ticket. Raises NotFoundError."""
        async with self.database.open_read() as connection:
            return await dead_letters.load_dead_letter(connection, run_id)

    async def retry(self, run_id: str, **changes: Any) -> Run:
        """Try a dead letter again, and wait for it. See `begin_retry`."""
        return await self.finish((await self.begin_retry(run_id, **changes)).run_id)

    async def begin_retry(
        self,
        run_id: str,
        *,
        subject: str | None = None,
        body: str | None = None,
        options: RunOptions | None = None,
        decided_by: str = "unknown",
    ) -> Claim:
        """Try a dead letter again. With a change it begins anew.

        Raises NotFoundError, InputError, and ConflictError when it is no dead letter (any
        more).
        """
        changes = dead_letters.RetryChanges(subject, body, options)
        async with self.database.open_write() as connection:
            claim = await dead_letters.retry_run(
                connection,
                self.jobs,
                self.desks,
                run_id,
                changes,
                decided_by,
                self.now(),
            )
        self.jobs.wake_worker()
        return claim
