"""The internal helpdesk's door.

Tickets come in by webhook and leave for Jira, Freshservice or Slack.
"""

from datetime import datetime
from typing import Any, Literal

from fastapi import Response
from pydantic import BaseModel

from contracts.errors import NotFoundError
from contracts.result import Run
from policies.deciding.routing import team_for
from server.api.dependencies import (
    CONFLICT_RESPONSE,
    NOT_FOUND_RESPONSE,
    App,
    IdempotencyKey,
    LongestWait,
    json_response,
    make_router,
    replay_header,
)
from server.api.request_models import WebhookIn
from storage.queries import runs, tickets
from ticketgraph.app import TicketGraph

routes = make_router("/webhook/ticket", "webhook")

WAIT_SECONDS = 25.0
"""Senders of webhooks give up after about 30 s."""

Status = Literal["received", "classified", "routed", "failed"]


class Department(BaseModel):
    """What the ticket was classified as."""

    department: str
    severity: str
    confidence: float
    reasoning: str


class WebhookOut(BaseModel):
    """The ticket's record. `routed` once its entry for `routed_to_system` is recorded."""

    ticket_id: str
    title: str
    description: str
    email: str | None
    status: Status
    department: str | None
    assigned_to: str | None
    external_ticket_id: str | None
    routed_to_system: str | None
    confidence_score: float | None
    priority: str | None
    error_message: str | None
    created_at: datetime
    updated_at: datetime
    classification: Department | None
    run_id: str | None
    disposition: str | None
    approval_id: str | None


STILL_RUNNING_RESPONSE: dict[int | str, dict[str, Any]] = {
    202: {"model": WebhookOut, "description": "Stored; still running"}
}


@routes.post(
    "", response_model=WebhookOut, responses=STILL_RUNNING_RESPONSE | CONFLICT_RESPONSE
)
async def receive(
    request: WebhookIn, app: App, longest: LongestWait, key: IdempotencyKey
) -> Response:
    """Store a ticket and run it. 200 with the record.

    202 when the run takes longer than a sender waits.
    """
    job = await app.runner.submit_ticket(request.to_new_ticket(), key=key)
    run = await app.runner.wait_for_run(
        job.run_id, min(WAIT_SECONDS, longest), fresh=job.fresh
    )
    return json_response(
        await read_webhook_record(app, job.ticket.id),
        200 if run else 202,
        replay_header(job),
    )


@routes.get("/{ticket_id}", response_model=WebhookOut, responses=NOT_FOUND_RESPONSE)
async def get(ticket_id: str, app: App) -> Response:
    """The record of a ticket that came by webhook."""
    return json_response(await read_webhook_record(app, ticket_id))


async def read_webhook_record(app: TicketGraph, ticket_id: str) -> WebhookOut:
    """The ticket's row and its newest result as one record. Raises NotFoundError."""
    async with app.database.open_read() as connection:
        row = await tickets.find_ticket_row(connection, ticket_id)
        stored = await runs.find_ticket_run(connection, ticket_id)
    if row["desk"] != "internal_helpdesk":
        raise NotFoundError("There is no helpdesk ticket with this id.")
    run = Run.model_validate(stored["result"]) if stored and stored["result"] else None
    return WebhookOut(
        ticket_id=row["id"],
        title=row["subject"],
        description=row["body"],
        email=row["customer_email"],
        created_at=row["received_at"],
        updated_at=row["updated_at"],
        external_ticket_id=None,
        run_id=stored["id"] if stored else None,
        **run_fields(app, run),
    )


def run_fields(app: TicketGraph, run: Run | None) -> dict[str, Any]:
    """What the record says of the run; nothing yet when it has no result."""
    known, decision = (run.classification, run.decision) if run else (None, None)
    routing = app.assembly.services.desks["internal_helpdesk"].routing
    return {
        "status": webhook_status_of(run),
        "department": known.category if known else None,
        "assigned_to": decision.team if decision else None,
        "routed_to_system": team_for(known.category, routing).system
        if known and decision
        else None,
        "confidence_score": known.category_confidence if known else None,
        "priority": decision.priority if decision else None,
        "error_message": run.error if run else None,
        "disposition": run.disposition if run else None,
        "approval_id": run.approval.id if run and run.approval else None,
        "classification": Department(
            department=known.category,
            severity=known.severity,
            confidence=known.category_confidence,
            reasoning=known.reasoning,
        )
        if known
        else None,
    }


def webhook_status_of(run: Run | None) -> Status:
    """How far the ticket has come."""
    if run is None:
        return "received"
    return {"failed": "failed", "finished": "routed"}.get(run.status, "classified")  # type: ignore[return-value]
