"""Takes tickets in, keeps their runs going, and takes decisions: nothing lost, nothing twice."""

import asyncio
import logging
import secrets
import time
import uuid
from contextlib import suppress
from functools import partial

from langgraph.runtime import RunControl
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.approval import ApprovalDecision
from contracts.errors import InputError, UnavailableError
from contracts.result import Run
from contracts.ticket import NewTicket, RunOptions, Ticket
from graph.build import FLOW_VERSION
from policies.deciding.queue_order import intake_queue_priority
from storage.database.unavailable import UNAVAILABLE_ERRORS
from storage.jobs.port import Handler, Jobs
from storage.queries import runs, tickets
from ticketgraph import tasks
from ticketgraph.effects.sender import EffectSender
from ticketgraph.runs import decide as deciding
from ticketgraph.runs.advance import Advancing
from ticketgraph.runs.claim import Claim, load_claim
from ticketgraph.runs.execute import Executor
from ticketgraph.tickets.intake import Intake, RequestKey, accepted_claim
from ticketgraph.upkeep.maintenance import enqueue_lost_runs

log = logging.getLogger("ticketgraph")

MAX_CONCURRENT_RUNS = 160
"""Runs in progress side by side; more wait their turn.

Most of them wait for a model, and one holds some 100 kB.
"""

POLL_SECONDS = 1.0
"""Seconds after which whoever waits looks for itself: news of other processes may get lost."""

DRAIN_SECONDS = 20.0
"""How long a process that stops waits for what it has begun.

Until the next superstep, or the end of a request.
"""


class Runner:
    """One process's part in the runs of a database."""

    def __init__(self, executor: Executor, jobs: Jobs, delivery: EffectSender) -> None:
        self.executor = executor
        self.jobs = jobs
        self.effect_sender = delivery
        self.database = executor.database
        self.services = executor.services
        self.watchers = executor.watchers
        self.control = RunControl()
        self.worker_task: asyncio.Task[None] | None = None

    @property
    def stopping(self) -> bool:
        """Whether nothing new is begun here."""
        return self.control.drain_requested

    def task_handlers(self) -> dict[str, Handler]:
        """What this process can do, by kind of task."""
        return {
            tasks.ADVANCE: lambda run_id: Advancing(
                self.executor, self.control
            ).advance_run(run_id),
            tasks.DELIVER: self.effect_sender.deliver_effect,
        }

    def start_worker(self, at_once: int) -> None:
        """Begin to do what is put down in the database, until `stop`."""
        self.worker_task = asyncio.create_task(
            self.jobs.run_tasks(self.task_handlers(), at_once), name="worker"
        )

    async def submit_ticket(
        self,
        new: NewTicket,
        options: RunOptions | None = None,
        *,
        start: bool = True,
        key: RequestKey | None = None,
    ) -> Claim:
        """Store a ticket, its run and the task to do it in one transaction.

        Durable when this returns.

        A request that comes again, by its key or by the ticket's source id, stores and
        starts nothing: its job is the first one's, and `replayed`. Raises InputError for an
        unknown desk or a ticket without any text, ReusedError for a key or source id that
        stands for another request, UnavailableError while stopping.
        """
        if self.stopping:
            raise UnavailableError(
                "The server is stopping. Send the ticket again in a moment."
            )
        if not f"{new.subject}{new.body}".strip():
            raise InputError(
                "The ticket has neither a subject nor a body. Send at least one of them."
            )
        if new.desk not in self.services.desks:
            raise InputError(
                f"There is no such desk. Choose one of: {', '.join(self.services.desks)}."
            )
        while True:
            priority = intake_queue_priority(new, self.services.desks[new.desk])
            intake = Intake(
                self.new_claim(new, options or RunOptions()),
                self.jobs,
                start,
                key,
                priority,
            )
            try:
                job = accepted_claim(
                    await self.database.run_transaction(intake.store_request)
                )
            except IntegrityError:
                continue  # the random id was taken, or another process was first with the key
            self.jobs.wake_worker()
            return job

    def new_claim(self, new: NewTicket, options: RunOptions) -> Claim:
        """A ticket that comes in now, with a run that nobody has begun."""
        now = self.services.now()
        ticket = Ticket(id=new_ticket_id(), received_at=now, **dict(new))
        return Claim(uuid.uuid4().hex, ticket, options, now, fresh=True)

    async def run_stored_ticket(self, ticket_id: str) -> Claim:
        """The one run of a ticket that was only stored, started now or before.

        Raises NotFoundError.
        """
        job = await self.database.run_transaction(
            partial(self.start_stored_ticket, ticket_id=ticket_id)
        )
        self.jobs.wake_worker()
        return job

    async def start_stored_ticket(
        self, connection: AsyncConnection, ticket_id: str
    ) -> Claim:
        """The same, in a transaction that is alone with the ticket."""
        now = self.services.now()
        ticket = tickets.ticket_from_row(
            await tickets.find_ticket_row(connection, ticket_id, for_update=True)
        )
        known = await runs.find_ticket_run(connection, ticket_id)
        if known:
            return await load_claim(connection, known["id"])
        if ticket.desk not in self.services.desks:
            raise InputError(
                "The desk of this ticket is not there any more. Bring it back, then try again."
            )
        job = Claim(uuid.uuid4().hex, ticket, RunOptions(), now, fresh=True)
        await runs.insert_run(
            connection,
            job.run_id,
            ticket_id,
            FLOW_VERSION,
            job.options.model_dump(mode="json"),
            now,
        )
        priority = intake_queue_priority(ticket, self.services.desks[ticket.desk])
        await self.jobs.enqueue_task(
            connection, tasks.advance_task(job.run_id, ticket_id, priority)
        )
        return job

    async def wait_for_run(
        self, run_id: str, seconds: float | None = None, *, fresh: bool = False
    ) -> Run | None:
        """The run's outcome.

        None when it is not there after `seconds`, or this process stops, or the database is
        away.

        The run goes on all the same. `fresh` for a run that was stored just now: there is
        nothing to look for yet.
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
        """How a run rests; None while it goes on. Raises NotFoundError."""
        row = await self.database.run_read(partial(runs.find_run_row, run_id=run_id))
        return (
            Run.model_validate(row["result"])
            if row["status"] not in runs.RESUMABLE_STATUSES
            else None
        )

    async def decide_approval(
        self, approval_id: str, decision: ApprovalDecision
    ) -> Claim:
        """Take a person's decision and go on with the run. Returns the run.

        Raises NotFoundError, InputError for an unknown team or missing text, ConflictError
        when it was decided before.
        """
        now, desks = self.services.now(), self.services.desks
        async with self.database.open_write() as connection:
            job = await deciding.decide_approval(
                connection, self.jobs, desks, approval_id, decision, now
            )
        self.jobs.wake_worker()
        return job

    async def enqueue_lost_runs(self) -> int:
        """Put down a task for every run that should go on and has none. Returns how many."""
        count = await self.database.run_transaction(
            partial(enqueue_lost_runs, jobs=self.jobs)
        )
        self.jobs.wake_worker()
        return count

    def request_stop(self) -> None:
        """Take nothing new, let every run stop at its next superstep, and tell those who wait."""
        self.control.request_drain()
        self.watchers.stop()

    async def stop(self) -> None:
        """Stop, and give back what could not be ended."""
        self.request_stop()
        if self.worker_task:
            await self.jobs.drain_tasks(DRAIN_SECONDS)
            await self.worker_task


def new_ticket_id() -> str:
    """`TKT-` and eight hexadecimal digits."""
    return f"TKT-{secrets.token_hex(4).upper()}"
