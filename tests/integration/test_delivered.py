"""From a ticket to the receiver.

A real server on SQLite, API and worker on PostgreSQL, and a kill in between.
"""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import ServerProcess, serving, worker
from tests.integration.ledgers import Place, place_of
from tests.integration.receiver import Receiver

SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes....").decode()
OUTAGE = (
    "Your production system is down for all of our users since nine and we are losing "
    "data every minute."
)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return place_of(request, tmp_path)


async def arrived(receiver: Receiver, many: int) -> None:
    """Until so many deliveries came."""
    while receiver.requests < many:
        receiver.arrived.clear()
        await receiver.arrived.wait()


async def posted(server: ServerProcess, path: str, **sent: Any) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=server.url, timeout=300) as client:
        answer = await client.post(path, json=sent)
    assert answer.is_success, answer.text
    return answer.json()


async def test_what_is_decided_is_delivered_once(
    place: Place, tmp_path: Path, receiver: Receiver
) -> None:
    settings = {"DELIVERY_WEBHOOK_URL": receiver.url, "DELIVERY_WEBHOOK_SECRET": SECRET}
    with ExitStack() as stack:
        if isinstance(place, Path):
            server = await asyncio.to_thread(
                stack.enter_context, serving(tmp_path, **settings)
            )
        else:
            settings["DATABASE_URL"] = place.fresh()
            server = await asyncio.to_thread(
                stack.enter_context, serving(tmp_path, command="api", **settings)
            )
            await asyncio.to_thread(
                stack.enter_context, worker(tmp_path, "worker", **settings)
            )
        run = await posted(
            server,
            "/api/v1/workflow/process",
            subject="Everything is down",
            body=OUTAGE,
            customer_email="a@example.com",
        )
        assert receiver.requests == 0  # nothing before a person has decided
        path = f"/api/v1/approvals/{run['approval']['id']}/decision"
        await posted(server, path, type="edit", text="We are on it.", decided_by="ada")
        async with asyncio.timeout(30):
            await arrived(receiver, 2)
        await asyncio.to_thread(stack.close)
    sent = {body["action"]: body for body in receiver.bodies.values()}
    assert sent.keys() == {"assignment", "reply"}
    assert (sent["reply"]["target"], sent["reply"]["payload"]) == (
        "a@example.com",
        {"text": "We are on it."},
    )
    assert max(receiver.accepted.values()) == 1
    assert all("webhook-signature" in headers for headers in receiver.headers)
    assert receiver.url not in (tmp_path / "server.log").read_text()


async def test_a_server_that_is_killed_while_it_sends_sends_it_once(
    tmp_path: Path, receiver: Receiver
) -> None:
    settings = {"DELIVERY_WEBHOOK_URL": receiver.url, "DELIVERY_TIMEOUT_SECONDS": "1"}
    receiver.then("hang after")
    with ExitStack() as stack:
        server = await asyncio.to_thread(
            stack.enter_context, serving(tmp_path, **settings)
        )
        await posted(
            server,
            "/api/v1/tickets",
            subject="Charged twice",
            body="Order ORD-111 was charged twice.",
        )
        async with asyncio.timeout(30):
            await arrived(receiver, 1)
        server.kill()
    with ExitStack() as stack:
        server = await asyncio.to_thread(
            stack.enter_context, serving(tmp_path, **settings)
        )
        async with asyncio.timeout(30):
            await receiver.searched.wait()
        await asyncio.to_thread(stack.close)  # what was begun comes to its end
    with ExitStack() as stack:
        server = await asyncio.to_thread(
            stack.enter_context, serving(tmp_path, **settings)
        )
        async with httpx.AsyncClient(base_url=server.url, timeout=300) as client:
            (entry,) = (
                await client.get("/api/v1/effects", params={"status": "all"})
            ).json()["items"]
        await asyncio.to_thread(stack.close)
    assert (entry["status"], entry["attempts"], entry["remote_id"]) == (
        "sent",
        1,
        receiver.id_of(entry["key"]),
    )
    assert (receiver.requests, receiver.accepted[entry["key"]]) == (1, 1)
