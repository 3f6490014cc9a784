"""Runs: their result, their history, their events as they happen, and forks of them."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import Header, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from contracts.result import Checkpoint
from contracts.run_view import RunView, view_run
from server.api.dependencies import (
    GONE_RESPONSE,
    NOT_FOUND_RESPONSE,
    App,
    LongestWait,
    json_response,
    make_router,
)
from server.api.outcome import STILL_RUNNING_RESPONSE, answer_with_outcome
from server.api.parameters import RunId
from server.api.request_models import Body, OptionsIn, Subject, with_example
from ticketgraph.app import TicketGraph

routes = make_router("/api/v1/runs", "runs")


class ForkIn(BaseModel):
    """Where to fork from, and what to change."""

    model_config = with_example(options={"response_tone": "formal"})

    checkpoint_id: str | None = Field(
        default=None,
        max_length=64,
        description="The checkpoint to fork from; without it the run starts again",
    )
    options: OptionsIn | None = Field(
        default=None, description="Options in place of the run's"
    )
    subject: Subject | None = Field(
        default=None, description="A subject in place of the ticket's"
    )
    body: Body | None = Field(
        default=None, description="A body in place of the ticket's"
    )


class History(BaseModel):
    """A run's checkpoints, the first one first."""

    run_id: str = Field(description="The run's id")
    checkpoints: Sequence[Checkpoint] = Field(
        description="Its checkpoints, the first one first"
    )


@routes.get("/{run_id}", response_model=RunView, responses=NOT_FOUND_RESPONSE)
async def get_run(run_id: RunId, app: App) -> Response:
    """A run's result and steps, as they were last stored."""
    return json_response(view_run(await app.runs.get(run_id)))


@routes.get(
    "/{run_id}/history",
    response_model=History,
    responses={**NOT_FOUND_RESPONSE, **GONE_RESPONSE},
)
async def get_run_history(run_id: RunId, app: App) -> Response:
    """Every checkpoint of a run: which node wrote it, and which nodes come next."""
    return json_response(
        History(run_id=run_id, checkpoints=await app.runs.history(run_id))
    )


@routes.post(
    "/{run_id}/fork",
    status_code=201,
    response_model=RunView,
    responses={**STILL_RUNNING_RESPONSE, **NOT_FOUND_RESPONSE, **GONE_RESPONSE},
)
async def fork_run(
    run_id: RunId, request: ForkIn, app: App, longest: LongestWait
) -> Response:
    """Run again from a checkpoint, or from the start with changes.

    A fork sends nothing: its effects are simulated. 202 when it takes longer than
    MAX_WORKFLOW_TIMEOUT_SECONDS.
    """
    changes = {
        name: text
        for name in ("subject", "body")
        if (text := getattr(request, name)) is not None
    }
    options = request.options.to_run_options() if request.options else None
    forked = await app.runs.begin_fork(
        run_id, request.checkpoint_id, options=options, **changes
    )
    return await answer_with_outcome(app, forked, longest, created=True)


@routes.get(
    "/{run_id}/events",
    responses={200: {"content": {"text/event-stream": {}}}, **NOT_FOUND_RESPONSE},
)
async def stream_run_events(
    run_id: RunId,
    app: App,
    last_event_id: Annotated[
        str | None,
        Header(max_length=20, description="Number of the last step that was received"),
    ] = None,
) -> StreamingResponse:
    """The run's steps as server-sent events, until it waits, finishes or fails.

    From the first step, or after the one that `Last-Event-ID` names.
    """
    await app.runs.get(run_id)
    seen = int(last_event_id) if last_event_id and last_event_id.isdigit() else 0
    return StreamingResponse(
        stream_steps(app, run_id, seen), media_type="text/event-stream"
    )


async def stream_steps(
    app: TicketGraph, run_id: str, seen: int
) -> AsyncIterator[bytes]:
    """One `step` event for each step, with its number as id, and a `rest` event at the end."""
    async for number, step in app.runs.stream_steps(run_id, seen):
        yield f"id: {number}\nevent: step\ndata: {step.model_dump_json()}\n\n".encode()
    run = await app.runs.get(run_id)
    yield f'event: rest\ndata: {{"status": "{run.status}"}}\n\n'.encode()
