"""Executes one run, from wherever it stands to wherever it can get.

Starting, resuming and recovering are one thing.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.runtime import RunControl
from langgraph.types import Command, Interrupt, StateSnapshot
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.approval import ApprovalDecision, ApprovalRequest
from contracts.result import PendingApproval, Run
from graph.build import Graph
from graph.state import State
from nodes.services import Services
from storage.audit import log as audit
from storage.database.database import Database
from storage.queries import approvals, runs, tickets
from ticketgraph import audit_details as evidence
from ticketgraph.checkpoints import fence as fencing
from ticketgraph.news.watchers import Watchers
from ticketgraph.runs.claim import Job
from ticketgraph.runs.deadlines import plan
from ticketgraph.runs.results import joined, run_of, ticket_columns

RECURSION_LIMIT = 50
"""Supersteps a run may take: the graph has nine, and every redraft adds three."""


@dataclass(frozen=True)
class Executor:
    """What advancing a run takes."""

    graph: Graph
    services: Services
    database: Database
    watchers: Watchers

    async def advance(self, job: Job, control: RunControl | None = None) -> Run:
        """Go on with the run until it is finished or waits for a person, and write down which.

        Raises GraphDrained when `control` asks to stop: at the next superstep, with
        everything saved.
        """
        config = config_of(job.run_id)
        snapshot = None if job.fresh else await self.graph.aget_state(config)
        step = (
            first_input(job)
            if snapshot is None or unsaved(snapshot)
            else await self.next_input(job, snapshot)
        )
        if isinstance(step, Settled):
            return await self.settle(job, step.state, step.interrupts)
        output = await self.graph.ainvoke(
            step,
            config,
            context=self.services,
            version="v2",
            durability="sync",
            print_mode=(),
            control=control,
        )
        return await self.settle(job, output.value, output.interrupts)

    async def next_input(
        self, job: Job, snapshot: StateSnapshot
    ) -> "Command[Any] | Settled | None":
        """What LangGraph is to be told, by what it saved.

        A decision, just to go on, or nothing any more.
        """
        if snapshot.interrupts:
            interrupt = snapshot.interrupts[0]
            async with self.database.read() as connection:
                asked = await approvals.of_interrupt(
                    connection, job.run_id, interrupt.id
                )
            if asked is None or asked["status"] == "pending":
                return Settled(snapshot.values, snapshot.interrupts)
            return Command(
                resume={
                    interrupt.id: ApprovalDecision.model_validate(asked["decision"])
                }
            )
        return None if snapshot.tasks else Settled(snapshot.values, ())

    async def settle(
        self, job: Job, state: State, interrupts: tuple[Interrupt, ...]
    ) -> Run:
        """Write the run's outcome, all of it in one transaction."""
        now = self.services.now()

        async def write(connection: AsyncConnection) -> Run:
            await fencing.check(connection, job.run_id, job.epoch)
            pending = (
                await self.ask(connection, job, interrupts[0], now)
                if interrupts
                else None
            )
            status = "waiting" if pending else "finished"
            run = run_of(state, job=job, status=status, now=now, approval=pending)
            if run.duplicate_of and (
                original := await runs.of_ticket(connection, run.duplicate_of)
            ):
                run = joined(run, original["result"]) if original["result"] else run
            settled = {
                "status": run.status,
                "result": run.model_dump(mode="json"),
                "attempts": 0,
                "begun": 0,
            }
            await runs.change(connection, job.run_id, now, **settled)
            await runs.record_steps(connection, job.run_id, run.steps)
            if job.forked_from is None:
                await tickets.change(
                    connection, run.ticket_id, now, **ticket_columns(run)
                )
            desk = self.services.desks[job.ticket.desk]
            await plan(connection, run, job.ticket, desk, now)
            detail = evidence.of_run(run, state.get("ticket", job.ticket), desk)
            await audit.record(
                connection, run.status, run.ticket_id, run.run_id, "system", detail, now
            )
            return run

        run = await self.database.transact(write)
        self.watchers.rests(job.run_id, run)
        return run

    async def ask(
        self, connection: AsyncConnection, job: Job, interrupt: Interrupt, now: datetime
    ) -> PendingApproval:
        """Store the interrupt as an approval, once."""
        request = ApprovalRequest.model_validate(interrupt.value["request"])
        hours = self.services.desks[job.ticket.desk].settings.approval_hours
        known = await approvals.of_interrupt(connection, job.run_id, interrupt.id)
        if known:
            return PendingApproval(
                id=known["id"], request=request, expires_at=known["expires_at"]
            )
        pending = PendingApproval(
            id=uuid.uuid4().hex,
            request=request,
            expires_at=now + timedelta(hours=hours),
        )
        await approvals.ask(connection, pending, job.run_id, interrupt.id, now)
        return pending


@dataclass(frozen=True)
class Settled:
    """A run that LangGraph has nothing more to do for."""

    state: Any
    interrupts: tuple[Interrupt, ...]


def config_of(run_id: str, checkpoint_id: str | None = None) -> RunnableConfig:
    """A run is a LangGraph thread; without a checkpoint, its newest one is meant."""
    at = {"checkpoint_id": checkpoint_id} if checkpoint_id else {}
    return {
        "configurable": {"thread_id": run_id, **at},
        "recursion_limit": RECURSION_LIMIT,
    }


def first_input(job: Job) -> dict[str, Any]:
    """What a run starts from."""
    return {"ticket": job.ticket, "options": job.options, "run_id": job.run_id}


def unsaved(snapshot: StateSnapshot) -> bool:
    """Whether LangGraph has saved nothing of the run yet."""
    return snapshot.created_at is None
