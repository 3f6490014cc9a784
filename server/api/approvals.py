"""Approvals: what waits for a person, and the person's decision."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Query, Response
from pydantic import BaseModel

from contracts.approval import ApprovalDecision, ApprovalRequest
from contracts.errors import ChangedError
from server.api.dependencies import (
    CONFLICT_RESPONSE,
    NOT_FOUND_RESPONSE,
    App,
    LongestWait,
    json_response,
    make_router,
)
from server.api.outcome import STILL_RUNNING_RESPONSE, wait_for_outcome
from server.api.request_models import DecisionIn
from server.api.response_models import ProcessOut
from server.http.problems import problem_response
from storage.queries import approvals

routes = make_router("/api/v1/approvals", "approvals")


class Approval(BaseModel):
    """A question to a person, and the answer once there is one."""

    id: str
    run_id: str
    ticket_id: str
    status: str
    request: ApprovalRequest
    decision: ApprovalDecision | None
    decided_by: str | None
    created_at: datetime
    decided_at: datetime | None
    expires_at: datetime


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
    async with app.database.open_read() as connection:
        rows = await approvals.list_approvals_page(
            connection, None if status == "all" else status, limit, offset
        )
    return json_response(Approvals(items=[approval_out(row) for row in rows]))


@routes.get("/{approval_id}", response_model=Approval, responses=NOT_FOUND_RESPONSE)
async def get(approval_id: str, app: App) -> Response:
    """One approval."""
    async with app.database.open_read() as connection:
        return json_response(
            approval_out(await approvals.find_approval_row(connection, approval_id))
        )


@routes.post(
    "/{approval_id}/decision",
    response_model=ProcessOut,
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
        job = await app.runner.decide_approval(
            approval_id, ApprovalDecision.model_validate(request.model_dump())
        )
    except ChangedError as error:
        async with app.database.open_read() as connection:
            shown = approval_out(
                await approvals.find_approval_row(connection, approval_id)
            )
        return problem_response(
            error.status,
            error.title,
            error.detail,
            current=shown.model_dump(mode="json"),
        )
    return await wait_for_outcome(app, job, longest)


def approval_out(row: Any) -> Approval:
    """A row as clients read it."""
    return Approval(**{name: row[name] for name in Approval.model_fields})
