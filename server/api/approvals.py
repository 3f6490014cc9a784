"""Approvals: the questions that runs ask a person, and the person's decision."""

from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import BaseModel, Field

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
from server.api.parameters import ApprovalId, Limit, Offset
from server.api.request_models import with_example
from server.http.problems import problem_response

routes = make_router("/api/v1/approvals", "approvals")


class DecisionIn(BaseModel):
    """A decision on an approval."""

    model_config = with_example(type="approve", decided_by="ada")

    type: str = Field(
        pattern="^(approve|edit|reject|reassign|respond)$",
        description="What is to be done: approve, edit, reject, reassign or respond",
    )
    text: str | None = Field(
        default=None, max_length=20_000, description="The reply, to edit or respond"
    )
    guidance: str | None = Field(
        default=None,
        max_length=4_000,
        description="With reject: what the next draft should do",
    )
    team: str | None = Field(default=None, max_length=64, description="With reassign")
    decided_by: str = Field(
        default="unknown", max_length=200, description="Who decides"
    )
    shown_hash: str | None = Field(
        default=None,
        max_length=64,
        description="Of what was shown; refused when it has changed",
    )


class Approvals(BaseModel):
    """Approvals, the oldest first."""

    items: list[Approval] = Field(description="The approvals")


@routes.get("", response_model=Approvals)
async def list_approvals(
    app: App,
    status: Annotated[
        Literal["pending", "decided", "all"], Query(description="Which approvals")
    ] = "pending",
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """Questions that wait for a person, or that were decided; the oldest first."""
    found = await app.approvals.list(None if status == "all" else status, limit, offset)
    return json_response(Approvals(items=list(found)))


@routes.get("/{approval_id}", response_model=Approval, responses=NOT_FOUND_RESPONSE)
async def get_approval(approval_id: ApprovalId, app: App) -> Response:
    """One question to a person, and the answer once there is one."""
    return json_response(await app.approvals.get(approval_id))


@routes.post(
    "/{approval_id}/decision",
    response_model=RunView,
    responses={**STILL_RUNNING_RESPONSE, **NOT_FOUND_RESPONSE, **CONFLICT_RESPONSE},
)
async def decide_approval(
    approval_id: ApprovalId, request: DecisionIn, app: App, longest: LongestWait
) -> Response:
    """Answer the question and resume the run.

    The first decision wins; a later one gets 409 naming who decided. A decision that names
    the hash of another draft gets 409 with the approval as it is now. 202 when the run takes
    longer than MAX_WORKFLOW_TIMEOUT_SECONDS: the decision stands, and Location says where to
    look.
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
