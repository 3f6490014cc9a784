"""What endpoints share: the running TicketGraph, keys, responses."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel

from server.http.problems import ProblemDetails
from server.http.strict_json import StrictRoute
from ticketgraph.app import TicketGraph
from ticketgraph.runs.claim import Claim
from ticketgraph.tickets.intake import RequestKey


async def app_of_request(request: Request) -> TicketGraph:
    """The TicketGraph of this process."""
    return request.app.state.ticketgraph


App = Annotated[TicketGraph, Depends(app_of_request)]


async def longest_wait(request: Request) -> float:
    """Seconds that a request waits for its run before it is answered with 202."""
    return request.app.state.longest_wait


LongestWait = Annotated[float, Depends(longest_wait)]


async def idempotency_key_of(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            pattern="^[!-~]+$",
            description=(
                "A request with the same key and body within 24 hours creates nothing "
                "and is answered with the first one's ticket"
            ),
        ),
    ] = None,
) -> RequestKey | None:
    """The caller's key. Keys of different paths are different keys."""
    return RequestKey(request.url.path, idempotency_key) if idempotency_key else None


IdempotencyKey = Annotated[RequestKey | None, Depends(idempotency_key_of)]

PROBLEM_RESPONSE: dict[str, Any] = {
    "model": ProblemDetails,
    "description": "What was wrong, and what to do",
}
REFUSAL_RESPONSES: dict[int | str, dict[str, Any]] = dict.fromkeys(
    (400, 413, 422, 500, 503), PROBLEM_RESPONSE
)
NOT_FOUND_RESPONSE: dict[int | str, dict[str, Any]] = {404: PROBLEM_RESPONSE}
GONE_RESPONSE: dict[int | str, dict[str, Any]] = {410: PROBLEM_RESPONSE}
CONFLICT_RESPONSE: dict[int | str, dict[str, Any]] = {409: PROBLEM_RESPONSE}


def make_router(prefix: str, tag: str) -> APIRouter:
    """A router that reads requests strictly and documents the errors of every endpoint."""
    return APIRouter(
        prefix=prefix, tags=[tag], route_class=StrictRoute, responses=REFUSAL_RESPONSES
    )


def replay_header(claim: Claim) -> dict[str, str]:
    """`Idempotency-Replayed` when the answer is an earlier request's ticket."""
    return {"Idempotency-Replayed": "true"} if claim.replayed else {}


def json_response(
    value: BaseModel, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """The value as a JSON response: FastAPI would validate and encode a model a second time."""
    return Response(
        value.model_dump_json(), status, headers, media_type="application/json"
    )
