"""A server process with models, in the environment that a test names, and what to ask it."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.modelstub import ModelStub, Received

PRICES = "as_of: 2026-01-01\nmodels:\n  '*': {prompt: 0, completion: 10000}\n"
"""With 64 tokens at most and the stub's 20: a call reserves 0.64 USD and costs 0.20."""


@dataclass(frozen=True)
class Service:
    """A server, and the model it asks."""

    http: httpx.AsyncClient
    stub: ModelStub
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def ticket(self) -> dict[str, str]:
        """A ticket of a new customer, about something new."""
        number = next(self.numbers)
        body = (
            f"A billing question: invoice {'abcdefghijklmnopqrstuvwxyz'[number] * 3} was "
            "charged twice."
        )
        return {
            "subject": f"Charged twice {number}",
            "body": body,
            "customer_email": f"c{number}@example.com",
        }

    async def step(
        self, name: str = "classify", ticket: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """What a single step answers; it makes one call of the model if all goes well."""
        answer = await self.http.post(
            f"/api/v1/workflow/{name}", json={"ticket": ticket or self.ticket()}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def process(self) -> dict[str, Any]:
        """A whole run; three calls of the model if all goes well."""
        answer = await self.http.post(
            "/api/v1/workflow/process", json={"ticket": self.ticket()}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def asked(self) -> Received:
        """The request that classifying one ticket makes."""
        await self.step()
        (request,) = self.stub.requests
        return request

    async def model(self) -> str:
        """The primary model and its state, as /health shows them."""
        primary = (await self.http.get("/health")).json()["models"][0]
        return f"{primary['id']}: {primary['state']}"


def within(environment: Mapping[str, str]) -> pytest.MarkDecorator:
    """Runs a test on a server in this environment, where `{stub}` and `{folder}` stand for
    the places of this run.

    Tests in a row that name the same environment share one server.
    """
    return pytest.mark.parametrize("started", [environment], indirect=True, ids=[""])


def models(requests: Sequence[Received]) -> list[str]:
    """The models that were asked, in order."""
    return [request.body["model"] for request in requests]


def outputs(requests: Sequence[Received]) -> list[str]:
    """What was asked for, in the order of the alphabet."""
    return sorted(
        request.body["response_format"]["json_schema"]["name"] for request in requests
    )


def ran(done: Mapping[str, Any]) -> list[str]:
    """The steps that a run took, without those that it skipped."""
    return [
        step["step_name"]
        for step in done["workflow_steps"]
        if step["status"] != "skipped"
    ]
