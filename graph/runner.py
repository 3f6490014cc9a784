"""Takes tickets in, keeps their runs going, and takes decisions: nothing lost, nothing twice."""

import asyncio
import logging
import secrets
import uuid

from sqlalchemy.exc import IntegrityError

from contracts.approval import ApprovalDecision
from contracts.errors import InputError, UnavailableError
from contracts.result import Run
from contracts.ticket import NewTicket, RunOptions, Ticket
from graph import evidence
from graph.build import FLOW_VERSION
from graph.intake import Intake, Key, accepted
from graph.job import Job, load_job
from graph.run import Executor
from policies.routing import team_named
from storage import approvals, audit, runs, tickets

log = logging.getLogger("ticketgraph")

AT_ONCE = 160
"""Runs in progress side by side; more wait their turn. Most of them wait for a model, and one holds some 100 kB."""

ATTEMPTS = 3
"""How often a run is tried before it is given up as failed."""


class Runner:
    """One process's runs."""

    def __init__(self, executor: Executor, at_once: int = AT_ONCE) -> None:
        self.executor = executor
        self.database = executor.database
        self.services = executor.services
        self.tasks: dict[str, asyncio.Task[Run]] = {}
        self.turns = asyncio.Semaphore(at_once)
        self.stopping = False

    async def submit(
        self, new: NewTicket, options: RunOptions | None = None, *, start: bool = True, key: Key | None = None
    ) -> Job:
        """Store a ticket and its run in one transaction, and start it. Durable when this returns.

        A request that comes again, by its key or by the ticket's source id, stores and starts nothing: its job is the
        first one's, and `replayed`. Raises InputError for an unknown desk or a ticket without any text, ReusedError for
        a key or source id that stands for another request, UnavailableError while stopping.
        """
        if self.stopping:
            raise UnavailableError("The server is stopping. Send the ticket again in a moment.")
        if not f"{new.subject}{new.body}".strip():
            raise InputError("The ticket has neither a subject nor a body. Send at least one of them.")
        if new.desk not in self.services.desks:
            raise InputError(f"There is no such desk. Choose one of: {', '.join(self.services.desks)}.")
        while True:
            intake = Intake(self.new_job(new, options or RunOptions()), start, key)
            try:
                job = accepted(await self.database.transact(intake.write))
            except IntegrityError:
                continue  # the random id was taken, or another process was first with the key
            if job.fresh:
                self.start(job)
            return job

    def new_job(self, new: NewTicket, options: RunOptions) -> Job:
        """A ticket that comes in now, with a run that nobody has begun."""
        now = self.services.now()
        ticket = Ticket(id=new_ticket_id(), received_at=now, **dict(new))
        return Job(uuid.uuid4().hex, ticket, options, now, fresh=True)

    async def run_once(self, ticket_id: str) -> Job:
        """The one run of a ticket that was only stored, started now or before. Raises NotFoundError."""
        now = self.services.now()
        async with self.database.write() as connection:
            known = await runs.of_ticket(connection, ticket_id)
            if known:
                return await load_job(connection, known["id"])
            ticket = tickets.as_ticket(await tickets.row(connection, ticket_id))
            job = Job(uuid.uuid4().hex, ticket, RunOptions(), now, fresh=True)
            await runs.add(connection, job.run_id, ticket_id, FLOW_VERSION, job.options.model_dump(mode="json"), now)
        self.start(job)
        return job

    def start(self, job: Job) -> asyncio.Task[Run]:
        """Advance a run in the background; a run that is being advanced already is not advanced twice."""
        running = self.tasks.get(job.run_id)
        if running and not running.done():
            return running
        task = asyncio.create_task(self.persist(job), name=f"run {job.run_id}")
        self.tasks[job.run_id] = task
        task.add_done_callback(lambda done: self.forget(job.run_id, done))
        return task

    def forget(self, run_id: str, task: asyncio.Task[Run]) -> None:
        """Drop a task that is done; its outcome is in the database."""
        if self.tasks.get(run_id) is task:
            del self.tasks[run_id]
        if not task.cancelled() and (error := task.exception()):
            log.error("run %s could not be settled: %s", run_id, type(error).__name__)

    async def persist(self, job: Job) -> Run:
        """Advance a run, again if it fails; one that keeps failing is marked so and kept."""
        failure = ""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self.turns:
                    return await self.executor.advance(job)
            except Exception as error:
                log.exception("run %s failed, attempt %d of %d", job.run_id, attempt, ATTEMPTS)
                failure, job = type(error).__name__, Job(**{**vars(job), "fresh": False})
            await asyncio.sleep(0.1 * 2**attempt)
        return await self.give_up(job, failure)

    async def give_up(self, job: Job, failure: str) -> Run:
        """Mark the run and its ticket as failed, for a person to look at."""
        now = self.services.now()
        run = Run(
            run_id=job.run_id,
            ticket_id=job.ticket.id,
            desk=job.ticket.desk,
            status="failed",
            error=f"{failure} in {ATTEMPTS} attempts. The ticket is kept; the server's log says more.",
            forked_from=job.forked_from,
            created_at=job.created_at,
        )
        async with self.database.write() as connection:
            values = {"status": "failed", "error": failure, "attempts": ATTEMPTS, "result": run.model_dump(mode="json")}
            await runs.change(connection, job.run_id, now, **values)
            if job.forked_from is None:
                await tickets.change(connection, job.ticket.id, now, status="failed")
            detail = {"error": failure, "flow": FLOW_VERSION}
            await audit.record(connection, "failed", job.ticket.id, job.run_id, "system", detail, now)
        return run

    async def wait(self, run_id: str, seconds: float | None = None) -> Run | None:
        """The run's outcome; None when it is not there after `seconds`. Giving up waiting stops nothing."""
        if task := self.tasks.get(run_id):
            done, _ = await asyncio.wait({task}, timeout=seconds)
            return task.result() if done else None
        async with self.database.read() as connection:
            result = (await runs.row(connection, run_id))["result"]
        return Run.model_validate(result) if result else None

    async def decide(self, approval_id: str, decision: ApprovalDecision) -> str:
        """Take a person's decision and go on with the run. Returns the run's id.

        Raises NotFoundError, InputError for an unknown team or missing text, ConflictError when it was decided before.
        """
        now = self.services.now()
        async with self.database.write() as connection:
            asked = await approvals.row(connection, approval_id)
            job = await load_job(connection, asked["run_id"])
            self.check(decision, job)
            await approvals.decide(connection, approval_id, decision, now)
            await runs.change(connection, job.run_id, now, status="running")
            detail = evidence.of_approval(approval_id, asked["shown_hash"], decision)
            await audit.record(connection, "approval", job.ticket.id, job.run_id, decision.decided_by, detail, now)
        self.start(job)
        return job.run_id

    def check(self, decision: ApprovalDecision, job: Job) -> None:
        """Refuse a decision that could not be carried out, before it is taken."""
        if decision.type in ("edit", "respond") and not (decision.text or "").strip():
            raise InputError(f"To {decision.type}, send the reply in `text`.")
        if decision.type == "reassign":
            team_named(decision.team or "", self.services.desks[job.ticket.desk].routing)

    async def recover(self) -> int:
        """Go on with every run that a process left unfinished. Returns how many."""
        async with self.database.read() as connection:
            jobs = [await load_job(connection, run_id) for run_id in await runs.unfinished(connection)]
        for job in jobs:
            self.start(job)
        return len(jobs)

    async def stop(self) -> None:
        """Take nothing new and let what runs come to its end."""
        self.stopping = True
        if self.tasks:
            await asyncio.wait(set(self.tasks.values()), timeout=30)


def new_ticket_id() -> str:
    """`TKT-` and eight hexadecimal digits."""
    return f"TKT-{secrets.token_hex(4).upper()}"
