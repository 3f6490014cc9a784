"""What the command line asks of a server on its data folder, where the public API will not do.

A command takes every ticket that it takes without a server, and shows more of a run than
the public API does. Only who can read the data folder knows the token; for everybody else
these addresses do not exist.
"""

import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel

from contracts.errors import NotFoundError
from contracts.ticket import NewTicket, RunOptions
from server.api.dependencies import App, json_response
from server.http.strict_json import StrictRoute


async def require_command_token(
    request: Request, authorization: Annotated[str, Header()] = ""
) -> None:
    """Raise NotFoundError unless the caller read the token in the data folder."""
    token: str | None = getattr(request.app.state, "command_token", None)
    if token is None or not secrets.compare_digest(
        authorization.encode(), f"Bearer {token}".encode()
    ):
        raise NotFoundError("There is nothing at this address.")


routes = APIRouter(
    prefix="/commands",
    route_class=StrictRoute,
    include_in_schema=False,
    dependencies=[Depends(require_command_token)],
)


class Desks(BaseModel):
    """The ids of the desks that this server has."""

    desks: list[str]


class TicketCommand(BaseModel):
    """A ticket to be run, as the command line read it."""

    ticket: NewTicket
    options: RunOptions


class Started(BaseModel):
    """The run that was stored and goes on."""

    run_id: str


@routes.get("/desks", response_model=Desks)
async def list_desks(app: App) -> Response:
    """The desks. A command asks this first, which shows that the server is the right one."""
    return json_response(Desks(desks=list(app.desks)))


@routes.post("/tickets", response_model=Started)
async def submit_ticket(request: TicketCommand, app: App) -> Response:
    """Store a ticket and start its run."""
    claim = await app.tickets.submit(request.ticket, request.options)
    return json_response(Started(run_id=claim.run_id))


@routes.get("/tickets/{ticket_id}")
async def get_ticket(ticket_id: str, app: App) -> Response:
    """A ticket as it is stored."""
    return json_response(await app.tickets.get(ticket_id))


@routes.get("/runs/{run_id}")
async def get_run(
    run_id: str, app: App, seconds: Annotated[float, Query(ge=0, le=60)] = 0
) -> Response:
    """A run with all that is known of it, once it is settled or after `seconds`."""
    settled = await app.runs.wait(run_id, seconds) if seconds else None
    return json_response(settled or await app.runs.get(run_id))
