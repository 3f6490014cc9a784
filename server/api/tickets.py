"""Stored tickets: the full form under /api/v1/tickets."""

from typing import Annotated

from fastapi import Depends, Query, Response

from contracts.values import Priority, Severity, TicketStatus
from server.api.dependencies import (
    CONFLICT_RESPONSE,
    NOT_FOUND_RESPONSE,
    App,
    IdempotencyKey,
    json_response,
    make_router,
    replay_header,
)
from server.api.parameters import MAX_OFFSET, TicketId
from server.api.request_models import ProcessIn
from server.api.response_models import TicketPage, TicketRecord, ticket_out

routes = make_router("/api/v1/tickets", "tickets")

PageNumber = Annotated[
    int, Query(ge=1, le=1_000_000, description="Number of the page, from 1")
]
PageSize = Annotated[int, Query(ge=1, le=200, description="Tickets a page")]
Limit = Annotated[int | None, Query(ge=1, le=200, description="In place of page_size")]
Offset = Annotated[
    int | None, Query(ge=0, le=MAX_OFFSET, description="In place of page")
]


async def read_filters(
    category: Annotated[
        str | None, Query(max_length=400, description="A category of the desk")
    ] = None,
    severity: Annotated[Severity | None, Query(description="How bad it is")] = None,
    priority: Annotated[
        Priority | None, Query(description="How soon it should be taken up")
    ] = None,
    status: Annotated[
        TicketStatus | None, Query(description="How far the ticket has come")
    ] = None,
    assigned_team: Annotated[
        str | None, Query(max_length=400, description="The team that has it")
    ] = None,
    customer_id: Annotated[
        str | None, Query(max_length=400, description="Your id of the customer")
    ] = None,
) -> dict[str, str]:
    """Columns, and the value that listed tickets must have in them."""
    given = {
        "category": category,
        "severity": severity,
        "priority": priority,
        "status": status,
        "assigned_team": assigned_team,
        "customer_id": customer_id,
    }
    return {name: value for name, value in given.items() if value is not None}


Filters = Annotated[dict[str, str], Depends(read_filters)]


@routes.post(
    "", status_code=201, response_model=TicketRecord, responses=CONFLICT_RESPONSE
)
async def create_ticket(request: ProcessIn, app: App, key: IdempotencyKey) -> Response:
    """Store a ticket and start its run.

    201 as soon as both are durable; the run continues in the background.
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
    filters: Filters,
    page: PageNumber = 1,
    page_size: PageSize = 20,
    limit: Limit = None,
    offset: Offset = None,
) -> Response:
    """A page of tickets, newest first, by page and page_size or by limit and offset."""
    size = limit or page_size
    start = offset if offset is not None else (page - 1) * size
    found, total = await app.tickets.list_page(size, start, filters)
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


@routes.get("/{ticket_id}", response_model=TicketRecord, responses=NOT_FOUND_RESPONSE)
async def get_ticket(ticket_id: TicketId, app: App) -> Response:
    """One ticket, with the id of its newest run."""
    return json_response(ticket_out(await app.tickets.get(ticket_id)))
