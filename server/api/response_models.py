"""What clients get back of steps and tickets; runs are in contracts/run_view.py."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from contracts.classification import Classification
from contracts.draft import Draft
from contracts.extraction import Extraction
from contracts.run_view import Routing
from contracts.stored_ticket import StoredTicket


class ClassifyOut(Classification):
    """A classification, flat and under its name: both known client styles find it."""

    classification: Classification = Field(
        description="The same once more, for clients that look under this name"
    )


class ExtractOut(Extraction):
    """The fields, flat and under their name."""

    extraction: Extraction = Field(
        description="The same once more, for clients that look under this name"
    )


class RespondOut(Draft):
    """The reply, flat and under its name."""

    response_draft: Draft = Field(
        description="The same once more, for clients that look under this name"
    )


class RouteOut(Routing):
    """Where the ticket goes, flat and under its name."""

    routing: Routing = Field(
        description="The same once more, for clients that look under this name"
    )


class TicketRecord(BaseModel):
    """A stored ticket."""

    id: str = Field(description="The ticket's id")
    ticket_id: str = Field(description="The same id")
    desk: str = Field(description="The desk whose policies apply")
    subject: str = Field(description="The subject as it was received")
    body: str = Field(description="The message as it was received")
    customer_id: str | None = Field(description="Your id of the customer")
    customer_email: str | None = Field(description="The customer's address")
    customer_name: str | None = Field(description="The customer's name")
    metadata: dict[str, Any] = Field(description="What was sent as metadata")
    source: str = Field(description="Where it came in: api, webhook, cli, …")
    source_id: str | None = Field(description="Your own id of the ticket")
    status: str = Field(description="How far the ticket has come")
    category: str | None = Field(description="The category's id; null until classified")
    severity: str | None = Field(description="How bad it is; null until classified")
    priority: str | None = Field(
        description="How soon it should be taken up; null until routed"
    )
    assigned_team: str | None = Field(
        description="The team that has it; null until routed"
    )
    duplicate_of: str | None = Field(
        description="Id of the open ticket that it repeats"
    )
    created_at: datetime = Field(description="When it was received")
    updated_at: datetime = Field(description="When it changed last")
    run_id: str | None = Field(
        default=None, description="Its newest run; null when it was only stored"
    )
    run_url: str | None = Field(default=None, description="Path of that run")


class TicketPage(BaseModel):
    """Some of the tickets, newest first. `items` and `tickets` are the same list."""

    items: list[TicketRecord] = Field(description="The tickets of this page")
    tickets: list[TicketRecord] = Field(description="The same list")
    total: int = Field(description="How many tickets match in all")
    page: int = Field(description="This page's number, from 1")
    page_size: int = Field(description="Tickets a page")
    pages: int = Field(description="How many pages there are")


def ticket_out(stored: StoredTicket) -> TicketRecord:
    """A ticket as clients read it."""
    names = set(TicketRecord.model_fields) - {"ticket_id", "created_at", "run_url"}
    return TicketRecord(
        **{name: getattr(stored, name) for name in names},
        ticket_id=stored.id,
        created_at=stored.received_at,
        run_url=f"/api/v1/runs/{stored.run_id}" if stored.run_id else None,
    )
