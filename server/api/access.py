"""How endpoints reach the running TicketGraph."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from graph.desk import TicketGraph
from server.problems import ProblemDetails
from server.strict_json import StrictRoute


async def running(request: Request) -> TicketGraph:
    """The TicketGraph of this process."""
    return request.app.state.desk


Desk = Annotated[TicketGraph, Depends(running)]


async def longest_wait(request: Request) -> float:
    """How many seconds a request waits for its run before it is answered without the result."""
    return request.app.state.longest_wait


LongestWait = Annotated[float, Depends(longest_wait)]

PROBLEM: dict[str, Any] = {"model": ProblemDetails, "description": "What was wrong, and what to do"}
REFUSALS: dict[int | str, dict[str, Any]] = dict.fromkeys((400, 413, 422, 500, 503), PROBLEM)
MISSING: dict[int | str, dict[str, Any]] = {404: PROBLEM}
CONFLICT: dict[int | str, dict[str, Any]] = {409: PROBLEM}


def router(prefix: str, tag: str) -> APIRouter:
    """A router whose bodies are read strictly and whose errors are documented."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=StrictRoute, responses=REFUSALS)


def answer(value: BaseModel, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """The value as JSON. Given back as it is: FastAPI would validate and encode it a second time."""
    return Response(value.model_dump_json(), status, headers, media_type="application/json")
