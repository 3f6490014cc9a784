"""/health while something does not work: models that fail every call, a receiver that refuses."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.model_health import RECENT_CALLS
from tests.conftest import serving
from tests.integration.modelled import Service, within
from tests.integration.receiver import Receiver

MODEL = within(
    {
        "LLM_PROVIDER": "compatible",
        "LLM_BASE_URL": "{stub}/v1",
        "DEFAULT_MODEL": "m",
        "RETRY_MAX_ATTEMPTS": "1",
    }
)
TICKET = {
    "subject": "Charged twice",
    "body": "Order ORD-1 was charged twice.",
    "customer_email": "ada@example.com",
}


async def read_health(client: httpx.AsyncClient) -> dict[str, Any]:
    """What /health says; 200 in all these tests."""
    answer = await client.get("/health")
    assert answer.status_code == 200
    return answer.json()


@MODEL
async def test_a_model_that_fails_every_call_is_unavailable_though_its_circuit_is_closed(
    service: Service,
) -> None:
    service.stub.mode = "refusal"
    while len(service.stub.requests) < RECENT_CALLS:
        before = len(service.stub.requests)
        assert (await read_health(service.http))["status"] == "healthy"
        await service.step("extract")
        assert len(service.stub.requests) > before
    health = await read_health(service.http)
    assert health["status"] == "degraded"
    assert health["dependencies"]["model"] == "unavailable"
    assert health["dependencies"]["provider compatible"] == "unavailable"
    assert health["models"] == [
        {
            "id": "compatible/m",
            "role": "primary",
            "state": "unavailable",
            "circuit": "closed",
        }
    ]
    service.stub.mode = "ok"
    await service.step("extract")
    health = await read_health(service.http)
    assert (health["status"], health["dependencies"]["model"]) == ("healthy",) * 2


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver of deliveries."""
    async with Receiver() as running:
        yield running


async def test_a_receiver_that_does_not_accept_is_degraded_until_it_does(
    tmp_path: Path, receiver: Receiver
) -> None:
    receiver.mode = "error"
    with serving(tmp_path, DELIVERY_WEBHOOK_URL=receiver.url) as server:
        async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
            assert await delivery_health(client) == ("healthy", "healthy")
            await client.post("/api/v1/workflow/process", json=TICKET)
            while await delivery_health(client) != ("degraded", "degraded"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # between two polls of another process
            receiver.mode = "accept"
            while await delivery_health(client) != ("healthy", "healthy"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # between two polls of another process
            assert receiver.accepted


async def delivery_health(client: httpx.AsyncClient) -> tuple[str, str]:
    """The service's health and the receiver's."""
    health = await read_health(client)
    return health["status"], health["dependencies"]["delivery_webhook"]
