"""Answering with how a run rests, or, when that takes too long, with where to look."""

from typing import Any

from fastapi import Response

from server.api.access import answer
from server.api.answers import ProcessOut, process_out
from ticketgraph.app import TicketGraph
from ticketgraph.runs.claim import Job
from ticketgraph.runs.results import under_way

GOES_ON: dict[int | str, dict[str, Any]] = {
    202: {"model": ProcessOut, "description": "Goes on"}
}


async def outcome_of(
    app: TicketGraph, job: Job, seconds: float, status: int = 200
) -> Response:
    """The run when it rests, with `status`.

    After so many seconds, or while stopping, 202 and that it goes on.

    What was taken in before is never answered with an error, even if the database goes away
    meanwhile.
    """
    run = await app.runner.wait(job.run_id, seconds)
    headers = {"Location": f"/api/v1/runs/{job.run_id}"}
    if run is None:
        return answer(process_out(under_way(job)), 202, headers)
    return answer(process_out(run), status, headers if status == 201 else None)
