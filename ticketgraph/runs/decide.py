"""Records a decision: a compare-and-set lets the first one win, and a job resumes its run."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.approval import ApprovalDecision
from policies.deciding.queue_order import classified_queue_priority
from policies.deciding.routing import check_team_named
from policies.desk.model import Desk
from storage.audit import log as audit
from storage.jobs.port import Jobs
from storage.queries import approvals, deadlines, runs, tickets
from ticketgraph import audit_details as evidence
from ticketgraph.jobs import advance_job
from ticketgraph.runs.claim import Claim, load_claim


async def decide_approval(
    connection: AsyncConnection,
    jobs: Jobs,
    desks: Mapping[str, Desk],
    approval_id: str,
    decision: ApprovalDecision,
    now: datetime,
) -> Claim:
    """Record a decision and enqueue the job that resumes its run, in the caller's transaction.

    Returns the run. Raises NotFoundError, InputError for a team that the desk does not have,
    ConflictError when it was decided before.
    """
    asked = await approvals.find_approval_row(connection, approval_id)
    claim = await load_claim(connection, asked["run_id"])
    check_team_named(
        decision, [team.id for team in desks[claim.ticket.desk].routing.teams]
    )
    # Before the approval: whoever does one of these deadlines holds it, and comes to the
    # approval after it.
    await deadlines.cancel_deadlines(connection, deadlines.APPROVAL_KINDS, approval_id)
    await approvals.decide_approval(connection, approval_id, decision, now)
    await runs.update_run(connection, claim.run_id, now, status="running")
    ticket = await tickets.find_ticket_row(connection, claim.ticket.id)
    priority = classified_queue_priority(ticket["severity"], ticket["due_at"], now)
    await jobs.enqueue_job(
        connection, advance_job(claim.run_id, claim.ticket.id, priority)
    )
    detail = evidence.approval_details(approval_id, asked["shown_hash"], decision)
    await audit.append_record(
        connection,
        "approval",
        claim.ticket.id,
        claim.run_id,
        decision.decided_by,
        detail,
        now,
    )
    return claim
