"""What clients get back of steps and tickets; runs are in contracts/run_view.py."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from contracts.classification import Classification
from contracts.draft import Draft
from contracts.extraction import Extraction
from contracts.run_view import Routing
from contracts.stored_ticket import StoredTicket


class ClassifyOut(Classification):
    """A classification, flat and under its name: both known client styles find it."""

    classification: Classification


class ExtractOut(Extraction):
    """The fields, flat and under their name."""

    extraction: Extraction


class RespondOut(Draft):
    """The reply, flat and under its name."""

    response_draft: Draft


class RouteOut(Routing):
    """Where the ticket goes, flat and under its name."""

    routing: Routing


class Ticket(BaseModel):
    """A stored ticket."""

    id: str
    ticket_id: str
    desk: str
    subject: str
    body: str
    customer_id: str | None
    customer_email: str | None
    customer_name: str | None
    metadata: dict[str, Any]
    source: str
    source_id: str | None
    status: str
    category: str | None
    severity: str | None
    priority: str | None
    assigned_team: str | None
    duplicate_of: str | None
    created_at: datetime
    updated_at: datetime
    run_id: str | None = None
    run_url: str | None = None


class TicketPage(BaseModel):
    """Some of the tickets, newest first. `items` and `tickets` are the same list."""

    items: list[Ticket]
    tickets: list[Ticket]
    total: int
    page: int
    page_size: int
    pages: int


def ticket_out(stored: StoredTicket) -> Ticket:
    """A ticket as clients read it."""
    names = set(Ticket.model_fields) - {"ticket_id", "created_at", "run_url"}
    return Ticket(
        **{name: getattr(stored, name) for name in names},
        ticket_id=stored.id,
        created_at=stored.received_at,
        run_url=f"/api/v1/runs/{stored.run_id}" if stored.run_id else None,
    )
