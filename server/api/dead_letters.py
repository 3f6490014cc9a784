"""Dead letters: runs that were given up, and trying one again."""

from fastapi import Response
from pydantic import BaseModel, Field

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
from server.api.parameters import Limit, Offset, RunId
from server.api.request_models import Body, OptionsIn, Subject, with_example

routes = make_router("/api/v1/dead-letters", "dead letters")


class DeadLetters(BaseModel):
    """Runs that were given up, the oldest first."""

    items: list[DeadLetter] = Field(description="The runs of this page")
    total: int = Field(description="How many there are in all")


class RetryIn(BaseModel):
    """What to change; an empty body resumes the run from its last checkpoint."""

    model_config = with_example(decided_by="ada")

    subject: Subject | None = Field(
        default=None, description="A subject in place of the ticket's"
    )
    body: Body | None = Field(
        default=None, description="A body in place of the ticket's"
    )
    options: OptionsIn | None = Field(
        default=None, description="Options in place of the run's"
    )
    decided_by: str = Field(
        default="unknown", max_length=200, description="Who wants it tried again"
    )


@routes.get("", response_model=DeadLetters)
async def list_dead_letters(
    app: App,
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """Runs that failed at every attempt and were given up, the oldest first."""
    items, total = await app.runs.list_dead_letters(limit, offset)
    return json_response(DeadLetters(items=list(items), total=total))


@routes.get("/{run_id}", response_model=DeadLetterDetail, responses=NOT_FOUND_RESPONSE)
async def get_dead_letter(run_id: RunId, app: App) -> Response:
    """A run that was given up, with the ticket as it was received."""
    return json_response(await app.runs.get_dead_letter(run_id))


@routes.post(
    "/{run_id}/retry",
    response_model=RunView,
    responses={**STILL_RUNNING_RESPONSE, **NOT_FOUND_RESPONSE, **CONFLICT_RESPONSE},
)
async def retry_dead_letter(
    run_id: RunId, app: App, longest: LongestWait, request: RetryIn | None = None
) -> Response:
    """Retry the run from its last checkpoint.

    With another subject, body or options it starts from the beginning. 409 when the run is
    not a dead letter any more.
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
