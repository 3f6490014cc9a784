"""Answering with how a run rests, or, when that takes too long, with where to look."""

from typing import Any

from fastapi import Response

from server.api.dependencies import json_response
from server.api.response_models import ProcessOut, process_out
from ticketgraph.app import TicketGraph
from ticketgraph.runs.claim import Claim
from ticketgraph.runs.results import build_running_run

STILL_RUNNING_RESPONSE: dict[int | str, dict[str, Any]] = {
    202: {"model": ProcessOut, "description": "Goes on"}
}


async def wait_for_outcome(
    app: TicketGraph, job: Claim, seconds: float, status: int = 200
) -> Response:
    """The run when it rests, with `status`.

    After so many seconds, or while stopping, 202 and that it goes on.

    What was taken in before is never answered with an error, even if the database goes away
    meanwhile.
    """
    run = await app.runner.wait_for_run(job.run_id, seconds)
    headers = {"Location": f"/api/v1/runs/{job.run_id}"}
    if run is None:
        return json_response(process_out(build_running_run(job)), 202, headers)
    return json_response(process_out(run), status, headers if status == 201 else None)
