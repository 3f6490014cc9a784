"""Requests to the server on a data folder, with its refusals as our errors."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import httpx
from pydantic import BaseModel
from pydantic_core import to_json

from contracts.errors import (
    ConflictError,
    GoneError,
    InputError,
    NotFoundError,
    TicketGraphError,
    UnavailableError,
)
from contracts.result import Run

Answer = TypeVar("Answer", bound=BaseModel)

PAGE_SIZE = 500
"""Items of one request for a list; the API gives no more."""

WAIT_SECONDS = 20
"""How long one request waits for a run to be settled; then the next one does."""

CLIENT_ERRORS: tuple[type[TicketGraphError], ...] = (
    InputError,
    NotFoundError,
    ConflictError,
    GoneError,
)

SERVER_GONE = (
    "The server on this data folder does not answer any more. What it was given before is "
    "stored and goes on when it is started again."
)


class ServerClient:
    """One server. Everything raises what the same call of the Python API raises."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def get(self, answer: type[Answer], path: str, **params: Any) -> Answer:
        """What is at a path."""
        response = await self.send_request("GET", path, params=params)
        return answer.model_validate_json(response.content)

    async def post(
        self, answer: type[Answer], path: str, body: Mapping[str, Any]
    ) -> Answer:
        """What the server answers to a body."""
        response = await self.send_request(
            "POST",
            path,
            content=to_json(body),
            headers={"Content-Type": "application/json"},
        )
        return answer.model_validate_json(response.content)

    async def list_items(
        self, item: type[Answer], path: str, limit: int, offset: int, **params: Any
    ) -> tuple[list[Answer], int]:
        """Up to `limit` items of a list from `offset` on, and how many there are in all.

        The number is 0 where the list does not say it.
        """
        items = list[Answer]()
        total = 0
        for start in range(0, limit, PAGE_SIZE):
            size = min(PAGE_SIZE, limit - start)
            bounds = {"limit": size, "offset": offset + start}
            page = await self.get(Page[item], path, **params, **bounds)
            items += page.items
            total = page.total
            if len(page.items) < size:
                break
        return items, total

    async def start_run(self, path: str, body: Mapping[str, Any]) -> Run:
        """Ask for something that makes a run go on, and wait for the run."""
        started = await self.post(RunReference, path, body)
        return await self.wait_for_run(started.run_id)

    async def wait_for_run(self, run_id: str) -> Run:
        """The run once it is finished, failed or waits for a person."""
        path = f"/commands/runs/{run_id}"
        while True:
            run = await self.get(Run, path, seconds=WAIT_SECONDS)
            if run.status != "running":
                return run

    async def send_request(
        self, method: str, path: str, **parts: Any
    ) -> httpx.Response:
        """The response. Raises the error that the server answered with, or UnavailableError."""
        try:
            response = await self.http.request(method, path, **parts)
        except httpx.TransportError:
            raise UnavailableError(SERVER_GONE) from None
        if response.is_success:
            return response
        raise refusal_of(response)


class Page(BaseModel, Generic[Answer]):
    """A part of a list."""

    items: list[Answer]
    total: int = 0


class RunReference(BaseModel):
    """The part of an answer that names the run."""

    run_id: str


def refusal_of(response: httpx.Response) -> TicketGraphError:
    """The error that a problem document stands for."""
    try:
        problem: dict[str, Any] = response.json()
    except ValueError:
        problem = {}
    faults = [
        f"{fault['field']}: {fault['problem']}." for fault in problem.get("errors", ())
    ]
    detail = " ".join(faults) or problem.get("detail", "") or response.reason_phrase
    kinds = {int(kind.status): kind for kind in CLIENT_ERRORS}
    return kinds.get(response.status_code, UnavailableError)(detail)
