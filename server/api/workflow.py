"""The graph over HTTP: all of it, or one step."""

from typing import Any

from fastapi import Response

from contracts.classification import Classification
from contracts.extraction import ExtractedField, Extraction
from server.api.access import (
    CONFLICT,
    App,
    IdempotencyKey,
    LongestWait,
    answer,
    replay_of,
    router,
)
from server.api.answers import (
    ClassifyOut,
    ExtractOut,
    ProcessOut,
    RespondOut,
    RouteOut,
    process_out,
    routing_of,
)
from server.api.outcome import GOES_ON
from server.api.requests import (
    ClassificationIn,
    ClassifyIn,
    ExtractIn,
    ExtractionIn,
    ProcessIn,
    RespondIn,
    RouteIn,
)
from server.http.prefer import Preferred
from ticketgraph.app import TicketGraph
from ticketgraph.runs.results import under_way
from ticketgraph.single_steps import Steps

routes = router("/api/v1/workflow", "workflow")


@routes.post("/process", response_model=ProcessOut, responses=GOES_ON | CONFLICT)
async def process(
    request: ProcessIn,
    app: App,
    longest: LongestWait,
    prefer: Preferred,
    key: IdempotencyKey,
) -> Response:
    """Store a ticket and run it through the graph.

    200 with the whole result, also when a person is asked.

    202 when the run takes longer than MAX_WORKFLOW_TIMEOUT_SECONDS, or than the caller
    prefers to wait: it goes on, and Location says where to look.
    """
    job = await app.runner.submit(
        request.ticket.ticket(), request.options.options(), key=key
    )
    run = await app.runner.wait(job.run_id, prefer.seconds(longest), fresh=job.fresh)
    headers = replay_of(job) | prefer.applied(finished=run is not None)
    if run:
        return answer(process_out(run), 200, headers)
    headers["Location"] = f"/api/v1/runs/{job.run_id}"
    return answer(process_out(under_way(job)), 202, headers)


@routes.post("/classify", response_model=ClassifyOut)
async def classify(request: ClassifyIn, app: App) -> Response:
    """Category and severity. Nothing is stored."""
    found = await steps(app).classification(request.ticket.ticket())
    return answer(ClassifyOut(**dict(found), classification=found))


@routes.post("/extract", response_model=ExtractOut)
async def extract(request: ExtractIn, app: App) -> Response:
    """The fields. Nothing is stored."""
    found = await steps(app).extraction(request.ticket.ticket(), request.category)
    return answer(ExtractOut(**dict(found), extraction=found))


@routes.post("/respond", response_model=RespondOut)
async def respond(request: RespondIn, app: App) -> Response:
    """A reply draft. Nothing is stored, nothing is sent."""
    made, fields = classified(request.classification), extracted(request.extraction)
    written = await steps(app).reply(
        request.ticket.ticket(), made, fields, request.options.options()
    )
    return answer(RespondOut(**dict(written), response_draft=written))


@routes.post("/route", response_model=RouteOut)
async def route(request: RouteIn, app: App) -> Response:
    """Team, priority, disposition. Nothing is stored."""
    made, fields = classified(request.classification), extracted(request.extraction)
    decided: Any = routing_of(
        await steps(app).routing(request.ticket.ticket(), made, fields)
    )
    return answer(RouteOut(**dict(decided), routing=decided))


def steps(app: TicketGraph) -> Steps:
    """The single steps on this process's services."""
    return Steps(app.assembly.services)


def classified(given: ClassificationIn) -> Classification:
    """The client's classification. Its confidence is the client's word and not calibrated."""
    return Classification(
        **given.model_dump(),
        calibrated=False,
        reasoning="Given by the caller.",
        engine="none",
    )


def extracted(given: ExtractionIn) -> Extraction:
    """The client's fields."""
    return Extraction(
        fields=tuple(ExtractedField(**field.model_dump()) for field in given.fields),
        engine="none",
    )
