"""Executes one run from its last checkpoint until it is finished or waits for a person.

Start, resume and recovery after a crash are one code path.
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
from contracts.log import log
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
from ticketgraph.runs.claim import Claim
from ticketgraph.runs.deadlines import plan_deadlines
from ticketgraph.runs.results import build_run, ticket_columns, with_original_results

RECURSION_LIMIT = 50
"""Supersteps a run may take: the graph has nine, and every redraft adds three."""


@dataclass(frozen=True)
class RunExecutor:
    """Runs the graph and settles its outcome."""

    graph: Graph
    services: Services
    database: Database
    watchers: Watchers

    async def advance(self, claim: Claim, control: RunControl | None = None) -> Run:
        """Run the graph until it is finished or waits for a person, and settle the run.

        Raises GraphDrained when `control` asks to stop: at the next superstep, with
        everything saved; StaleEpochError when another worker has claimed the run.
        """
        config = run_config_of(claim.run_id)
        snapshot = None if claim.fresh else await self.graph.aget_state(config)
        step = (
            first_input(claim)
            if snapshot is None or has_no_checkpoint(snapshot)
            else await self.next_input(claim, snapshot)
        )
        if isinstance(step, SettledState):
            return await self.settle(claim, step.state, step.interrupts)
        output = await self.graph.ainvoke(
            step,
            config,
            context=self.services,
            version="v2",
            durability="sync",
            print_mode=(),
            control=control,
        )
        return await self.settle(claim, output.value, output.interrupts)

    async def next_input(
        self, claim: Claim, snapshot: StateSnapshot
    ) -> "Command[Any] | SettledState | None":
        """What LangGraph is called with: a decision, None to continue, or a SettledState.

        The last is for a run that has nothing left to do, and is not called at all.
        """
        if snapshot.interrupts:
            interrupt = snapshot.interrupts[0]
            async with self.database.open_read() as connection:
                asked = await approvals.find_interrupt_approval(
                    connection, claim.run_id, interrupt.id
                )
            if asked is None or asked["status"] == "pending":
                return SettledState(snapshot.values, snapshot.interrupts)
            return Command(
                resume={
                    interrupt.id: ApprovalDecision.model_validate(asked["decision"])
                }
            )
        return None if snapshot.tasks else SettledState(snapshot.values, ())

    async def settle(
        self, claim: Claim, state: State, interrupts: tuple[Interrupt, ...]
    ) -> Run:
        """Store the run's outcome with all that follows from it, in one transaction."""
        now = self.services.now()

        async def store_all(connection: AsyncConnection) -> Run:
            await fencing.check_epoch(connection, claim.run_id, claim.epoch)
            run = await self.build_outcome(connection, claim, state, interrupts, now)
            await self.store_outcome(connection, claim, run, now)
            desk = self.services.desks[claim.ticket.desk]
            await plan_deadlines(connection, run, claim.ticket, desk, now)
            detail = evidence.run_details(run, state.get("ticket", claim.ticket), desk)
            await audit.append_record(
                connection, run.status, run.ticket_id, run.run_id, "system", detail, now
            )
            return run

        run = await self.database.run_transaction(store_all)
        self.watchers.announce_settled(claim.run_id, run)
        log_outcome(run)
        return run

    async def build_outcome(
        self,
        connection: AsyncConnection,
        claim: Claim,
        state: State,
        interrupts: tuple[Interrupt, ...],
        now: datetime,
    ) -> Run:
        """The run's result: waiting when the graph was interrupted, else finished.

        A duplicate takes what is known of its original.
        """
        pending = (
            await self.store_approval(connection, claim, interrupts[0], now)
            if interrupts
            else None
        )
        status = "waiting" if pending else "finished"
        run = build_run(state, claim=claim, status=status, now=now, approval=pending)
        if run.duplicate_of is None:
            return run
        original = await runs.find_ticket_run(connection, run.duplicate_of)
        return (
            with_original_results(run, original["result"])
            if original and original["result"]
            else run
        )

    async def store_outcome(
        self, connection: AsyncConnection, claim: Claim, run: Run, now: datetime
    ) -> None:
        """The run's result, its steps, and the ticket's columns; a fork has no ticket."""
        settled = {
            "status": run.status,
            "result": run.dump_stored(),
            "attempts": 0,
            "begun": 0,
        }
        await runs.update_run(connection, claim.run_id, now, **settled)
        await runs.record_steps(connection, claim.run_id, run.workflow_steps)
        if claim.forked_from is None:
            await tickets.update_ticket(
                connection, run.ticket_id, now, **ticket_columns(run)
            )

    async def store_approval(
        self,
        connection: AsyncConnection,
        claim: Claim,
        interrupt: Interrupt,
        now: datetime,
    ) -> PendingApproval:
        """Store the interrupt as an approval; one that is stored already stays."""
        request = ApprovalRequest.model_validate(interrupt.value["request"])
        hours = self.services.desks[claim.ticket.desk].settings.approval_hours
        known = await approvals.find_interrupt_approval(
            connection, claim.run_id, interrupt.id
        )
        if known:
            return PendingApproval(
                id=known["id"], request=request, expires_at=known["expires_at"]
            )
        pending = PendingApproval(
            id=uuid.uuid4().hex,
            request=request,
            expires_at=now + timedelta(hours=hours),
        )
        await approvals.insert_approval(
            connection, pending, claim.run_id, interrupt.id, now
        )
        return pending


def log_outcome(run: Run) -> None:
    """One line for a run that finished, or that was escalated and waits for a person."""
    fields = {
        "run_id": run.run_id,
        "ticket_id": run.ticket_id,
        "disposition": run.disposition,
        "team": run.routing.team if run.routing else None,
        "engine": run.engine,
        "degraded": run.degraded,
        "fork": run.forked_from is not None,
        "duration_ms": run.total_duration_ms,
    }
    if run.approval:
        log.info("run escalated", approval_id=run.approval.id, **fields)
    else:
        log.info("run finished", **fields)


@dataclass(frozen=True)
class SettledState:
    """The state of a run that LangGraph has nothing left to do for."""

    state: Any
    interrupts: tuple[Interrupt, ...]


def run_config_of(run_id: str, checkpoint_id: str | None = None) -> RunnableConfig:
    """The run as a LangGraph thread, at a checkpoint or at its newest one."""
    at = {"checkpoint_id": checkpoint_id} if checkpoint_id else {}
    return {
        "configurable": {"thread_id": run_id, **at},
        "recursion_limit": RECURSION_LIMIT,
    }


def first_input(claim: Claim) -> dict[str, Any]:
    """What a run starts from."""
    return {"ticket": claim.ticket, "options": claim.options, "run_id": claim.run_id}


def has_no_checkpoint(snapshot: StateSnapshot) -> bool:
    """Whether LangGraph has saved nothing of the run yet."""
    return snapshot.created_at is None
