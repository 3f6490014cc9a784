"""Waits for a run and answers: with its outcome, or with 202 and where to look."""

from typing import Any

from fastapi import Response
from structlog.contextvars import bind_contextvars

from contracts.result import Run
from contracts.run_view import RunView, view_run
from server.api.dependencies import json_response, replay_header
from server.http.prefer import Preference
from ticketgraph.app import TicketGraph
from ticketgraph.runs.claim import Claim
from ticketgraph.runs.results import build_running_run

STILL_RUNNING_RESPONSE: dict[int | str, dict[str, Any]] = {
    202: {
        "model": RunView,
        "description": "The run is still in progress; Location says where to look",
    }
}


async def wait_for_outcome(
    app: TicketGraph, claim: Claim, seconds: float
) -> tuple[Run, int]:
    """The settled run and 200, or after so many seconds, or while stopping, a running one and 202.

    A ticket that was stored is never answered with an error, even if the database becomes
    unavailable during the wait.
    """
    run = await app.runs.wait(claim.run_id, seconds, fresh=claim.fresh)
    return (run, 200) if run else (build_running_run(claim), 202)


async def answer_with_outcome(
    app: TicketGraph,
    claim: Claim,
    longest: float,
    prefer: Preference | None = None,
    *,
    created: bool = False,
) -> Response:
    """The run as clients read it, after at most `longest` seconds or those they `prefer`.

    200, or 201 where it was `created`; 202 while it runs. 201 and 202 say where to look. The
    request's line in the log gets the ids of the ticket and the run.
    """
    bind_contextvars(ticket_id=claim.ticket.id, run_id=claim.run_id)
    seconds = prefer.wait_seconds(longest) if prefer else longest
    run, status = await wait_for_outcome(app, claim, seconds)
    headers = replay_header(claim)
    if prefer:
        headers |= prefer.applied_header(finished=status == 200)
    if created or status == 202:
        headers["Location"] = f"/api/v1/runs/{claim.run_id}"
    return json_response(
        view_run(run), 201 if created and status == 200 else status, headers
    )
