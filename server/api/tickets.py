"""Stored tickets: the full form under /api/v1/tickets."""

from typing import Annotated

from fastapi import Query, Response

from server.api.dependencies import (
    CONFLICT_RESPONSE,
    NOT_FOUND_RESPONSE,
    App,
    IdempotencyKey,
    json_response,
    make_router,
    replay_header,
)
from server.api.request_models import ProcessIn
from server.api.response_models import Ticket, TicketPage, ticket_out

routes = make_router("/api/v1/tickets", "tickets")

PageNumber = Annotated[int, Query(ge=1, le=1_000_000)]
PageSize = Annotated[int, Query(ge=1, le=200)]
FilterText = Annotated[str | None, Query(max_length=400)]


@routes.post("", status_code=201, response_model=Ticket, responses=CONFLICT_RESPONSE)
async def create(request: ProcessIn, app: App, key: IdempotencyKey) -> Response:
    """Store a ticket and start its run. 201 as soon as both are durable.

    The run goes on behind it.
    """
    claim = await app.tickets.submit(
        request.ticket.to_new_ticket(), request.options.to_run_options(), key=key
    )
    return json_response(
        ticket_out(await app.tickets.get(claim.ticket.id)),
        201,
        {"location": f"/api/v1/tickets/{claim.ticket.id}", **replay_header(claim)},
    )


@routes.get("", response_model=TicketPage)
async def list_tickets(
    app: App,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    limit: Annotated[int | None, Query(ge=1, le=200)] = None,
    offset: Annotated[int | None, Query(ge=0, le=1_000_000_000)] = None,
    category: FilterText = None,
    severity: FilterText = None,
    status: FilterText = None,
    assigned_team: FilterText = None,
    customer_id: FilterText = None,
) -> Response:
    """A page of tickets, newest first, by page and page_size or by limit and offset."""
    size = limit or page_size
    start = offset if offset is not None else (page - 1) * size
    given = {"category": category, "severity": severity, "status": status}
    given |= {"assigned_team": assigned_team, "customer_id": customer_id}
    filters = {name: value for name, value in given.items() if value is not None}
    found, total = await app.tickets.list_page(size, start, **filters)
    items = [ticket_out(ticket) for ticket in found]
    number = start // size + 1
    return json_response(
        TicketPage(
            items=items,
            tickets=items,
            total=total,
            page=number,
            page_size=size,
            pages=-(-total // size),
        )
    )


@routes.get("/{ticket_id}", response_model=Ticket, responses=NOT_FOUND_RESPONSE)
async def get(ticket_id: str, app: App) -> Response:
    """One ticket, with its run."""
    return json_response(ticket_out(await app.tickets.get(ticket_id)))
