"""Answering with how a run rests, or, when that takes too long, with where to look."""

from typing import Any

from fastapi import Response

from graph.desk import TicketGraph
from server.api.access import answer
from server.api.answers import ProcessOut, process_out

GOES_ON: dict[int | str, dict[str, Any]] = {202: {"model": ProcessOut, "description": "Goes on"}}


async def outcome_of(desk: TicketGraph, run_id: str, seconds: float, status: int = 200) -> Response:
    """The run when it rests, with `status`; 202 and the run as it is after so many seconds, or while stopping."""
    run = await desk.runner.wait(run_id, seconds)
    headers = {"Location": f"/api/v1/runs/{run_id}"}
    if run is None:
        return answer(process_out(await desk.run(run_id)), 202, headers)
    return answer(process_out(run), status, headers if status == 201 else None)
