"""Taking a decision: the first one wins, and its run goes on."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.approval import ApprovalDecision
from contracts.errors import InputError
from policies.deciding.queue_order import classified_queue_priority
from policies.deciding.routing import find_team
from policies.desk.model import Desk
from storage.audit import log as audit
from storage.jobs.port import Jobs
from storage.queries import approvals, deadlines, runs, tickets
from ticketgraph import audit_details as evidence
from ticketgraph import tasks
from ticketgraph.runs.claim import Claim, load_claim


async def decide_approval(
    connection: AsyncConnection,
    jobs: Jobs,
    desks: Mapping[str, Desk],
    approval_id: str,
    decision: ApprovalDecision,
    now: datetime,
) -> Claim:
    """Take a decision and put the run down to go on, all in the caller's transaction.

    Returns the run.

    Raises NotFoundError, InputError for an unknown team or missing text, ConflictError when
    it was decided before.
    """
    asked = await approvals.find_approval_row(connection, approval_id)
    job = await load_claim(connection, asked["run_id"])
    check_decision(decision, desks[job.ticket.desk])
    # Before the approval: whoever does one of these deadlines holds it, and comes to the
    # approval after it.
    await deadlines.cancel_deadlines(connection, deadlines.APPROVAL_KINDS, approval_id)
    await approvals.decide_approval(connection, approval_id, decision, now)
    await runs.update_run(connection, job.run_id, now, status="running")
    ticket = await tickets.find_ticket_row(connection, job.ticket.id)
    priority = classified_queue_priority(ticket["severity"], ticket["due_at"], now)
    await jobs.enqueue_task(
        connection, tasks.advance_task(job.run_id, job.ticket.id, priority)
    )
    detail = evidence.approval_details(approval_id, asked["shown_hash"], decision)
    await audit.append_record(
        connection,
        "approval",
        job.ticket.id,
        job.run_id,
        decision.decided_by,
        detail,
        now,
    )
    return job


def check_decision(decision: ApprovalDecision, desk: Desk) -> None:
    """Refuse a decision that could not be carried out, before it is taken."""
    if decision.type in ("edit", "respond") and not (decision.text or "").strip():
        raise InputError(f"To {decision.type}, send the reply in `text`.")
    if decision.type == "reassign":
        find_team(decision.team or "", desk.routing)
