"""Webhook of the internal helpdesk, whose tickets are routed to Jira, Freshservice or Slack."""

from datetime import datetime
from typing import Any, Literal

from fastapi import Response
from pydantic import BaseModel, Field

from contracts.errors import NotFoundError
from contracts.result import Run
from policies.deciding.routing import team_for
from policies.desk.model import Routing
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
from server.api.outcome import wait_for_outcome
from server.api.parameters import TicketId
from server.api.request_models import WebhookIn
from ticketgraph.app import TicketGraph

routes = make_router("/webhook/ticket", "webhook")

WAIT_SECONDS = 25.0
"""Less than the 30 s after which senders of webhooks usually give up."""

Status = Literal["received", "classified", "routed", "failed"]


class Department(BaseModel):
    """What the ticket was classified as."""

    department: str = Field(description="The department's id")
    severity: str = Field(description="How bad it is")
    confidence: float = Field(description="Confidence in the department, 0 to 1")
    reasoning: str = Field(description="Why, in words for a person")


class WebhookOut(BaseModel):
    """The ticket's record. `routed` once its entry for `routed_to_system` is recorded."""

    ticket_id: str = Field(description="The ticket's id: TKT- and 8 hexadecimal digits")
    title: str = Field(description="The title as it was received")
    description: str = Field(description="The description as it was received")
    email: str | None = Field(description="The sender's address")
    status: Status = Field(
        description="received, classified, routed (recorded for a system) or failed"
    )
    department: str | None = Field(
        description="The department it belongs to; null until classified"
    )
    assigned_to: str | None = Field(
        description="The team that gets it; null until routed"
    )
    external_ticket_id: str | None = Field(
        description="Its id in the system it was routed to"
    )
    routed_to_system: str | None = Field(
        description="jira, freshservice or slack; null until routed"
    )
    confidence_score: float | None = Field(
        description="Confidence in the department, 0 to 1"
    )
    priority: str | None = Field(
        description="urgent, high, normal or low; null until routed"
    )
    error_message: str | None = Field(description="Why it failed; null when it did not")
    created_at: datetime = Field(description="When it was received")
    updated_at: datetime = Field(description="When it changed last")
    classification: Department | None = Field(
        description="Department and severity; null until classified"
    )
    run_id: str | None = Field(description="The run's id")
    disposition: str | None = Field(
        description="What happens to the ticket; null until routed"
    )
    approval_id: str | None = Field(
        description="The question to a person that it waits for; null when none"
    )


STILL_RUNNING_RESPONSE: dict[int | str, dict[str, Any]] = {
    202: {"model": WebhookOut, "description": "Stored; still running"}
}


@routes.post(
    "", response_model=WebhookOut, responses=STILL_RUNNING_RESPONSE | CONFLICT_RESPONSE
)
async def receive_webhook_ticket(
    request: WebhookIn, app: App, longest: LongestWait, key: IdempotencyKey
) -> Response:
    """Store a ticket of the internal helpdesk, run it, and answer with its record.

    202 with the record as it is when the run takes longer than senders of webhooks wait.
    """
    claim = await app.tickets.submit(request.to_new_ticket(), key=key)
    _, status = await wait_for_outcome(app, claim, min(WAIT_SECONDS, longest))
    record = await read_webhook_record(app, claim.ticket.id)
    return json_response(record, status, replay_header(claim))


@routes.get("/{ticket_id}", response_model=WebhookOut, responses=NOT_FOUND_RESPONSE)
async def get_webhook_ticket(ticket_id: TicketId, app: App) -> Response:
    """The record of a ticket that came by webhook."""
    return json_response(await read_webhook_record(app, ticket_id))


async def read_webhook_record(app: TicketGraph, ticket_id: str) -> WebhookOut:
    """The ticket and its newest result as one record. Raises NotFoundError."""
    stored = await app.tickets.get(ticket_id)
    if stored.desk != "internal_helpdesk":
        raise NotFoundError("There is no helpdesk ticket with this id.")
    return WebhookOut(
        ticket_id=stored.id,
        title=stored.subject,
        description=stored.body,
        email=stored.customer_email,
        created_at=stored.received_at,
        updated_at=stored.updated_at,
        external_ticket_id=None,
        run_id=stored.run_id,
        **run_fields(stored.run, app.desks["internal_helpdesk"].routing),
    )


def run_fields(run: Run | None, routing: Routing) -> dict[str, Any]:
    """What the record says of the run; nothing yet when it has no result."""
    known, decision = (run.classification, run.routing) if run else (None, None)
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
    match run.status:
        case "failed":
            return "failed"
        case "finished":
            return "routed"
        case _:
            return "classified"
