"""Dead letters: runs that were given up, and trying one again."""

from typing import Annotated

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from contracts.dead_letter import DeadLetter, DeadLetterDetail
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
from server.api.request_models import Body, OptionsIn, Subject

routes = make_router("/api/v1/dead-letters", "dead letters")


class DeadLetters(BaseModel):
    """Runs that were given up, the longest waiting first."""

    items: list[DeadLetter]
    total: int


class RetryIn(BaseModel):
    """What is to be different this time; nothing, to go on from where the run stopped."""

    model_config = ConfigDict(extra="ignore")

    subject: Subject | None = None
    body: Body | None = None
    options: OptionsIn | None = None
    decided_by: str = Field(default="unknown", max_length=200)


@routes.get("", response_model=DeadLetters)
async def list_dead_letters(
    app: App,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
) -> Response:
    """Runs that failed as often as they may."""
    items, total = await app.runs.list_dead_letters(limit, offset)
    return json_response(DeadLetters(items=list(items), total=total))


@routes.get("/{run_id}", response_model=DeadLetterDetail, responses=NOT_FOUND_RESPONSE)
async def get(run_id: str, app: App) -> Response:
    """One of them, with the ticket as it was received."""
    return json_response(await app.runs.get_dead_letter(run_id))


@routes.post(
    "/{run_id}/retry",
    response_model=RunView,
    responses={**STILL_RUNNING_RESPONSE, **NOT_FOUND_RESPONSE, **CONFLICT_RESPONSE},
)
async def retry(
    run_id: str, app: App, longest: LongestWait, request: RetryIn | None = None
) -> Response:
    """Try it again. With another subject, body or options it begins anew.

    409 when it is not given up any more.
    """
    given = request or RetryIn()
    options = given.options.to_run_options() if given.options else None
    claim = await app.runs.begin_retry(
        run_id,
        subject=given.subject,
        body=given.body,
        options=options,
        decided_by=given.decided_by,
    )
    return await answer_with_outcome(app, claim, longest)
