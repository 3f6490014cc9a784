"""Taking a decision: the first one wins, and its run goes on."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.approval import ApprovalDecision
from contracts.errors import InputError
from policies.deciding.queue_order import queue_priority_for
from policies.deciding.routing import team_named
from policies.desk.model import Desk
from storage.audit import log as audit
from storage.jobs.port import Jobs
from storage.queries import approvals, deadlines, runs, tickets
from ticketgraph import audit_details as evidence
from ticketgraph import tasks
from ticketgraph.runs.claim import Job, load_job


async def decide(
    connection: AsyncConnection,
    jobs: Jobs,
    desks: Mapping[str, Desk],
    approval_id: str,
    decision: ApprovalDecision,
    now: datetime,
) -> Job:
    """Take a decision and put the run down to go on, all in the caller's transaction.

    Returns the run.

    Raises NotFoundError, InputError for an unknown team or missing text, ConflictError when
    it was decided before.
    """
    asked = await approvals.row(connection, approval_id)
    job = await load_job(connection, asked["run_id"])
    check(decision, desks[job.ticket.desk])
    # Before the approval: whoever does one of these deadlines holds it, and comes to the
    # approval after it.
    await deadlines.cancel(connection, deadlines.OF_APPROVAL, approval_id)
    await approvals.decide(connection, approval_id, decision, now)
    await runs.change(connection, job.run_id, now, status="running")
    ticket = await tickets.row(connection, job.ticket.id)
    priority = queue_priority_for(ticket["severity"], ticket["due_at"], now)
    await jobs.enqueue(connection, tasks.advance(job.run_id, job.ticket.id, priority))
    detail = evidence.of_approval(approval_id, asked["shown_hash"], decision)
    await audit.record(
        connection,
        "approval",
        job.ticket.id,
        job.run_id,
        decision.decided_by,
        detail,
        now,
    )
    return job


def check(decision: ApprovalDecision, desk: Desk) -> None:
    """Refuse a decision that could not be carried out, before it is taken."""
    if decision.type in ("edit", "respond") and not (decision.text or "").strip():
        raise InputError(f"To {decision.type}, send the reply in `text`.")
    if decision.type == "reassign":
        team_named(decision.team or "", desk.routing)
