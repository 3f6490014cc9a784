"""Plans the deadlines of a ticket whenever one of its runs is settled."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.result import PendingApproval, Run
from contracts.ticket import Ticket
from policies.desk import sla
from policies.desk.model import Desk
from storage.queries import deadlines, tickets
from storage.queries.deadlines import Deadline

SETTLED_STATUSES = ("resolved", "awaiting_customer", "closed", "duplicate")
"""The states of a ticket that needs no answer from the desk."""


async def plan_deadlines(
    connection: AsyncConnection, run: Run, ticket: Ticket, desk: Desk, now: datetime
) -> None:
    """Set, move or cancel the deadlines of a run, in the transaction that settles it.

    The ticket's row must be updated before. A fork has no deadlines.
    """
    if run.forked_from is not None:
        return
    due_at = answer_due_at(run, ticket, desk)
    if run.duplicate_of:
        await hasten_original(connection, run.duplicate_of, due_at, desk)
    await hasten_ticket(connection, ticket.id, due_at, desk)
    if run.approval:
        await plan_approval_deadlines(connection, run.approval, desk, now)


def answer_due_at(run: Run, ticket: Ticket, desk: Desk) -> datetime:
    """When the first answer is due: as decided, else by the severity.

    An unknown severity counts as medium.
    """
    if run.routing and run.routing.due_at:
        return run.routing.due_at
    severity = run.classification.severity if run.classification else "medium"
    return sla.due_at(ticket.received_at, desk.severity_level(severity))


async def hasten_ticket(
    connection: AsyncConnection, ticket_id: str, due_at: datetime, desk: Desk
) -> None:
    """Make a ticket due no later than `due_at`, with a warning before.

    Cancels the deadlines of a settled ticket.
    """
    row = await deadlines.lower_due_at(connection, ticket_id, due_at)
    if row is None or row["status"] in SETTLED_STATUSES:
        await deadlines.cancel_deadlines(connection, deadlines.TICKET_KINDS, ticket_id)
        return
    warned_at = (
        row["received_at"]
        + (row["due_at"] - row["received_at"]) * desk.settings.sla_warning_share
    )
    warning = Deadline("sla_warning", ticket_id, ticket_id, warned_at)
    await deadlines.upsert_deadlines(
        connection, warning, Deadline("sla_breach", ticket_id, ticket_id, row["due_at"])
    )


async def hasten_original(
    connection: AsyncConnection, ticket_id: str, due_at: datetime, desk: Desk
) -> None:
    """Make the open original of a duplicate due sooner, if the duplicate is more severe."""
    row = (await tickets.find_ticket_rows(connection, [ticket_id])).get(ticket_id)
    if row and row["status"] not in SETTLED_STATUSES:
        await hasten_ticket(connection, ticket_id, due_at, desk)


async def plan_approval_deadlines(
    connection: AsyncConnection, asked: PendingApproval, desk: Desk, now: datetime
) -> None:
    """Plan the reminder and the expiry of an approval. Times planned before stay."""
    ticket_id, hours = (
        asked.request.ticket_id,
        desk.settings.approval_hours - desk.settings.reminder_hours,
    )
    reminded_at = max(now, asked.expires_at - timedelta(hours=hours))
    reminder = Deadline("approval_reminder", asked.id, ticket_id, reminded_at)
    await deadlines.upsert_deadlines(
        connection,
        reminder,
        Deadline("approval_expiry", asked.id, ticket_id, asked.expires_at),
    )
