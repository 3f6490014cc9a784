"""The graph over HTTP: all of it, or one step."""

from typing import Any

from fastapi import Response

from contracts.classification import Classification
from contracts.extraction import ExtractedField, Extraction
from contracts.run_view import RunView, view_routing
from server.api.dependencies import (
    CONFLICT_RESPONSE,
    App,
    IdempotencyKey,
    LongestWait,
    json_response,
    make_router,
)
from server.api.outcome import STILL_RUNNING_RESPONSE, answer_with_outcome
from server.api.request_models import (
    ClassificationIn,
    ClassifyIn,
    ExtractIn,
    ExtractionIn,
    ProcessIn,
    RespondIn,
    RouteIn,
)
from server.api.response_models import (
    ClassifyOut,
    ExtractOut,
    RespondOut,
    RouteOut,
)
from server.http.prefer import Preferred

routes = make_router("/api/v1/workflow", "workflow")


@routes.post(
    "/process",
    response_model=RunView,
    responses=STILL_RUNNING_RESPONSE | CONFLICT_RESPONSE,
)
async def process_ticket(
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
    claim = await app.tickets.submit(
        request.ticket.to_new_ticket(), request.options.to_run_options(), key=key
    )
    return await answer_with_outcome(app, claim, longest, prefer)


@routes.post("/classify", response_model=ClassifyOut)
async def classify_ticket(request: ClassifyIn, app: App) -> Response:
    """Classify a ticket: category and severity. Nothing is stored."""
    found = await app.single_steps.classify_ticket(request.ticket.to_new_ticket())
    return json_response(ClassifyOut(**dict(found), classification=found))


@routes.post("/extract", response_model=ExtractOut)
async def extract_fields(request: ExtractIn, app: App) -> Response:
    """Extract the fields of a ticket. Nothing is stored."""
    found = await app.single_steps.extract_fields(
        request.ticket.to_new_ticket(), request.category
    )
    return json_response(ExtractOut(**dict(found), extraction=found))


@routes.post("/respond", response_model=RespondOut)
async def draft_reply(request: RespondIn, app: App) -> Response:
    """Draft a reply. Nothing is stored, nothing is sent."""
    made, fields = (
        to_classification(request.classification),
        to_extraction(request.extraction),
    )
    written = await app.single_steps.draft_reply(
        request.ticket.to_new_ticket(), made, fields, request.options.to_run_options()
    )
    return json_response(RespondOut(**dict(written), response_draft=written))


@routes.post("/route", response_model=RouteOut)
async def route_ticket(request: RouteIn, app: App) -> Response:
    """Route a ticket: team, priority, disposition. Nothing is stored."""
    made, fields = (
        to_classification(request.classification),
        to_extraction(request.extraction),
    )
    decided: Any = view_routing(
        await app.single_steps.route_ticket(
            request.ticket.to_new_ticket(), made, fields
        )
    )
    return json_response(RouteOut(**dict(decided), routing=decided))


def to_classification(given: ClassificationIn) -> Classification:
    """The client's classification. Its confidence is the client's word and not calibrated."""
    return Classification(
        **given.model_dump(),
        calibrated=False,
        reasoning="Given by the caller.",
        engine="none",
    )


def to_extraction(given: ExtractionIn) -> Extraction:
    """The client's fields."""
    return Extraction(
        fields=tuple(ExtractedField(**field.model_dump()) for field in given.fields),
        engine="none",
    )
