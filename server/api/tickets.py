"""Stored tickets: the full form under /api/v1/tickets."""

from typing import Annotated

from fastapi import Query, Response

from server.api.access import (
    CONFLICT,
    MISSING,
    App,
    IdempotencyKey,
    answer,
    replay_of,
    router,
)
from server.api.answers import Ticket, TicketPage, ticket_out
from server.api.requests import ProcessIn
from storage.queries import runs, tickets

routes = router("/api/v1/tickets", "tickets")

PageNumber = Annotated[int, Query(ge=1, le=1_000_000)]
Size = Annotated[int, Query(ge=1, le=200)]
Filter = Annotated[str | None, Query(max_length=400)]


@routes.post("", status_code=201, response_model=Ticket, responses=CONFLICT)
async def create(request: ProcessIn, app: App, key: IdempotencyKey) -> Response:
    """Store a ticket and start its run. 201 as soon as both are durable.

    The run goes on behind it.
    """
    job = await app.runner.submit(
        request.ticket.ticket(), request.options.options(), key=key
    )
    async with app.database.read() as connection:
        row = await tickets.row(connection, job.ticket.id)
    created = ticket_out(row, job.run_id)
    return answer(
        created, 201, {"location": f"/api/v1/tickets/{created.id}", **replay_of(job)}
    )


@routes.get("", response_model=TicketPage)
async def list_tickets(
    app: App,
    page: PageNumber = 1,
    page_size: Size = 20,
    limit: Annotated[int | None, Query(ge=1, le=200)] = None,
    offset: Annotated[int | None, Query(ge=0, le=1_000_000_000)] = None,
    category: Filter = None,
    severity: Filter = None,
    status: Filter = None,
    assigned_team: Filter = None,
    customer_id: Filter = None,
) -> Response:
    """A page of tickets, newest first, by page and page_size or by limit and offset."""
    size = limit or page_size
    start = offset if offset is not None else (page - 1) * size
    given = {"category": category, "severity": severity, "status": status}
    given |= {"assigned_team": assigned_team, "customer_id": customer_id}
    filters = {name: value for name, value in given.items() if value is not None}
    async with app.database.read() as connection:
        rows, total = await tickets.page(connection, filters, size, start)
    items = [ticket_out(row) for row in rows]
    number = start // size + 1
    return answer(
        TicketPage(
            items=items,
            tickets=items,
            total=total,
            page=number,
            page_size=size,
            pages=-(-total // size),
        )
    )


@routes.get("/{ticket_id}", response_model=Ticket, responses=MISSING)
async def get(ticket_id: str, app: App) -> Response:
    """One ticket, with its run."""
    async with app.database.read() as connection:
        row = await tickets.row(connection, ticket_id)
        run = await runs.of_ticket(connection, ticket_id)
    return answer(ticket_out(row, run["id"] if run else None))
