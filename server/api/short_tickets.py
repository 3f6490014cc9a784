"""The same tickets in short form under /tickets/: stored first, evaluated when asked."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query, Response
from pydantic import BaseModel, RootModel

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
from server.api.request_models import TicketIn

routes = make_router("/tickets", "tickets, short form")

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

    id: str
    subject: str
    body: str
    customer_email: str | None
    status: str
    priority: ShortPriority | None
    intent: Intent | None
    suggestion: str | None
    created_at: datetime


class ShortTickets(RootModel[list[ShortTicket]]):
    """Tickets in short form, newest first, without an envelope."""


class Evaluation(BaseModel):
    """What the run made of the ticket."""

    ticket_id: str
    run_id: str
    intent: Intent
    priority: ShortPriority
    confidence: float
    suggestion: str
    status: Literal["resolved", "awaiting_review"]


STILL_RUNNING_RESPONSE: dict[int | str, dict[str, Any]] = {
    202: {"model": Evaluation, "description": "Goes on"}
}


@routes.post(
    "/", status_code=201, response_model=ShortTicket, responses=CONFLICT_RESPONSE
)
async def create(request: TicketIn, app: App, key: IdempotencyKey) -> Response:
    """Store a ticket, and do nothing else with it yet."""
    claim = await app.tickets.submit(request.to_new_ticket(), start=False, key=key)
    headers = {"location": f"/tickets/{claim.ticket.id}", **replay_header(claim)}
    stored = await app.tickets.get(claim.ticket.id)
    return json_response(short_ticket_out(stored), 201, headers)


@routes.get("/", response_model=ShortTickets)
async def list_tickets(
    app: App,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
) -> Response:
    """Tickets, newest first."""
    found, _ = await app.tickets.list_page(limit, offset)
    return json_response(
        ShortTickets(
            [short_ticket_out(await app.tickets.get(ticket.id)) for ticket in found]
        )
    )


@routes.get("/{ticket_id}", response_model=ShortTicket, responses=NOT_FOUND_RESPONSE)
async def get(ticket_id: str, app: App) -> Response:
    """One ticket."""
    return json_response(short_ticket_out(await app.tickets.get(ticket_id)))


@routes.post(
    "/{ticket_id}/ai-evaluate",
    response_model=Evaluation,
    responses={**STILL_RUNNING_RESPONSE, **NOT_FOUND_RESPONSE},
)
async def evaluate(ticket_id: str, app: App, longest: LongestWait) -> Response:
    """Run the ticket through the graph, once.

    Asked again, or twice at the same time, it is the same run.

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
        priority=SHORT_PRIORITIES[run.decision.priority] if run.decision else "medium",
        confidence=run.classification.category_confidence
        if run.classification
        else 0.0,
        suggestion=run.draft.content if run.draft else "",
        status="resolved"
        if run.status == "finished" and run.disposition == "auto_resolve"
        else "awaiting_review",
    )


def intent_of(run: Run) -> Intent:
    """The short form's word for a category; unknown when nothing could be made of the ticket."""
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
        suggestion=run.draft.content if run and run.draft else None,
        created_at=stored.received_at,
    )
