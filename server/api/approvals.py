"""Approvals: what waits for a person, and the person's decision."""

from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import BaseModel

from contracts.approval import Approval, make_decision
from contracts.errors import ChangedError
from contracts.run_view import RunView
from server.api.dependencies import (
    CONFLICT_RESPONSE,
    NOT_FOUND_RESPONSE,
    App,
    LongestWait,
    json_response,
    make_router,
)
from server.api.outcome import STILL_RUNNING_RESPONSE, answer_with_outcome
from server.api.request_models import DecisionIn
from server.http.problems import problem_response

routes = make_router("/api/v1/approvals", "approvals")


class Approvals(BaseModel):
    """Approvals, the longest waiting first."""

    items: list[Approval]


@routes.get("", response_model=Approvals)
async def list_approvals(
    app: App,
    status: Literal["pending", "decided", "all"] = "pending",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
) -> Response:
    """What waits for a person, or was decided."""
    found = await app.approvals.list(None if status == "all" else status, limit, offset)
    return json_response(Approvals(items=list(found)))


@routes.get("/{approval_id}", response_model=Approval, responses=NOT_FOUND_RESPONSE)
async def get(approval_id: str, app: App) -> Response:
    """One approval."""
    return json_response(await app.approvals.get(approval_id))


@routes.post(
    "/{approval_id}/decision",
    response_model=RunView,
    responses={**STILL_RUNNING_RESPONSE, **NOT_FOUND_RESPONSE, **CONFLICT_RESPONSE},
)
async def decide(
    approval_id: str, request: DecisionIn, app: App, longest: LongestWait
) -> Response:
    """Decide, and run on. The first decision wins; a later one gets 409 naming the winner.

    One that names the hash of another draft gets 409 with the approval as it is now.

    202 when the run takes longer than MAX_WORKFLOW_TIMEOUT_SECONDS: the decision stands,
    and Location says where to look.
    """
    try:
        claim = await app.approvals.begin_decision(
            approval_id, make_decision(request.model_dump())
        )
    except ChangedError as error:
        shown = await app.approvals.get(approval_id)
        return problem_response(
            error.status,
            error.title,
            error.detail,
            current=shown.model_dump(mode="json"),
        )
    return await answer_with_outcome(app, claim, longest)
