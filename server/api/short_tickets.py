"""Tickets in short form under /tickets/: stored first, evaluated on request."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query, Response
from pydantic import BaseModel, Field, RootModel

from contracts.result import Run
from contracts.stored_ticket import StoredTicket
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
from server.api.parameters import Offset, TicketId
from server.api.request_models import TicketIn

routes = make_router("/tickets", "short tickets")

Intent = Literal["billing", "technical_issue", "account", "general_question", "unknown"]
ShortPriority = Literal["low", "medium", "high"]

INTENTS: dict[str, Intent] = {
    "billing": "billing",
    "technical": "technical_issue",
    "bug_report": "technical_issue",
    "account": "account",
    "feature_request": "general_question",
    "general": "general_question",
}
SHORT_PRIORITIES: dict[str, ShortPriority] = {
    "urgent": "high",
    "high": "high",
    "normal": "medium",
    "low": "low",
}


class ShortTicket(BaseModel):
    """A ticket in short form. intent and suggestion are null until it was evaluated."""

    id: str = Field(description="The ticket's id")
    subject: str = Field(description="The ticket's subject")
    body: str = Field(description="The message as it was received")
    customer_email: str | None = Field(description="The customer's address")
    status: str = Field(description="How far the ticket has come")
    priority: ShortPriority | None = Field(
        description="low, medium or high; null until it was routed"
    )
    intent: Intent | None = Field(
        description="What it is about; null until it was evaluated"
    )
    suggestion: str | None = Field(
        description="The reply draft; null until it was evaluated"
    )
    created_at: datetime = Field(description="When the ticket was received")


class ShortTickets(RootModel[list[ShortTicket]]):
    """Tickets in short form, newest first, without an envelope."""


class Evaluation(BaseModel):
    """What the run made of the ticket."""

    ticket_id: str = Field(description="The ticket's id")
    run_id: str = Field(description="The run's id")
    intent: Intent = Field(description="What it is about")
    priority: ShortPriority = Field(description="How soon it should be taken up")
    confidence: float = Field(description="Confidence in the intent, 0 to 1")
    suggestion: str = Field(description="The reply draft; empty while there is none")
    status: Literal["resolved", "awaiting_review"] = Field(
        description="resolved, or awaiting_review when a person has to look"
    )


STILL_RUNNING_RESPONSE: dict[int | str, dict[str, Any]] = {
    202: {"model": Evaluation, "description": "Still running: ask again"}
}


@routes.post(
    "/", status_code=201, response_model=ShortTicket, responses=CONFLICT_RESPONSE
)
async def create_short_ticket(
    request: TicketIn, app: App, key: IdempotencyKey
) -> Response:
    """Store a ticket without starting a run."""
    claim = await app.tickets.submit(request.to_new_ticket(), start=False, key=key)
    headers = {"location": f"/tickets/{claim.ticket.id}", **replay_header(claim)}
    stored = await app.tickets.get(claim.ticket.id)
    return json_response(short_ticket_out(stored), 201, headers)


@routes.get("/", response_model=ShortTickets)
async def list_short_tickets(
    app: App,
    limit: Annotated[
        int, Query(ge=1, le=200, description="At most so many tickets")
    ] = 100,
    offset: Offset = 0,
) -> Response:
    """Tickets in short form, newest first."""
    found, _ = await app.tickets.list_page(limit, offset, with_results=True)
    return json_response(ShortTickets([short_ticket_out(ticket) for ticket in found]))


@routes.get("/{ticket_id}", response_model=ShortTicket, responses=NOT_FOUND_RESPONSE)
async def get_short_ticket(ticket_id: TicketId, app: App) -> Response:
    """One ticket in short form."""
    return json_response(short_ticket_out(await app.tickets.get(ticket_id)))


@routes.post(
    "/{ticket_id}/ai-evaluate",
    response_model=Evaluation,
    responses={**STILL_RUNNING_RESPONSE, **NOT_FOUND_RESPONSE},
)
async def evaluate_short_ticket(
    ticket_id: TicketId, app: App, longest: LongestWait
) -> Response:
    """Run the ticket through the graph, once: repeated and concurrent requests share one run.

    202 when it takes longer than MAX_WORKFLOW_TIMEOUT_SECONDS: ask again.
    """
    claim = await app.tickets.run_stored(ticket_id)
    run, status = await wait_for_outcome(app, claim, longest)
    return json_response(evaluation_out(run), status)


def evaluation_out(run: Run) -> Evaluation:
    """A run in short form."""
    return Evaluation(
        ticket_id=run.ticket_id,
        run_id=run.run_id,
        intent=intent_of(run),
        priority=SHORT_PRIORITIES[run.routing.priority] if run.routing else "medium",
        confidence=run.classification.category_confidence
        if run.classification
        else 0.0,
        suggestion=run.response_draft.content if run.response_draft else "",
        status="resolved"
        if run.status == "finished" and run.disposition == "auto_resolve"
        else "awaiting_review",
    )


def intent_of(run: Run) -> Intent:
    """The short form's word for a category; unknown when the ticket could not be classified."""
    known = run.classification
    if known is None or known.abstained or run.disposition == "request_info":
        return "unknown"
    return INTENTS.get(known.category, "unknown")


def short_ticket_out(stored: StoredTicket) -> ShortTicket:
    """A ticket in short form, with what its run made of it."""
    run = stored.run
    return ShortTicket(
        id=stored.id,
        subject=stored.subject,
        body=stored.body,
        customer_email=stored.customer_email,
        status=stored.status,
        priority=SHORT_PRIORITIES.get(stored.priority or ""),
        intent=intent_of(run) if run else None,
        suggestion=run.response_draft.content if run and run.response_draft else None,
        created_at=stored.received_at,
    )
