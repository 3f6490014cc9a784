"""A provider whose calls stay under way until the test ends them, and who calls it by way
of a gateway."""

import asyncio
from collections.abc import Awaitable, Callable

from engines.models.failures import ModelError
from engines.models.gateway import ModelGateway

LONG = 1000.0
"""Seconds that never pass in a test."""


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


class Provider:
    """Calls that stay under way until the test ends them."""

    def __init__(self) -> None:
        self.calls = 0
        self.under_way: list[asyncio.Future[str]] = []
        self.most = 0

    async def __call__(self) -> str:
        self.calls += 1
        ending: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.under_way.append(ending)
        self.most = max(self.most, len(self.under_way))
        try:
            return await ending
        finally:
            self.under_way.remove(ending)

    async def end(self, error: ModelError | None = None) -> None:
        """All calls under way end, and everybody does what follows from that."""
        for ending in [ending for ending in self.under_way if not ending.done()]:
            ending.set_exception(error) if error else ending.set_result("ok")
        await settled()


async def settled() -> None:
    """Let every task run until it waits for something that the test must do."""
    for _ in range(50):
        await asyncio.sleep(0)


async def answered(gateway: ModelGateway, work: Callable[[], Awaitable[str]]) -> str:
    reply = await gateway.call_model("acme", LONG, work)
    gateway.report_usable("acme")
    return reply


def start(
    gateway: ModelGateway, work: Callable[[], Awaitable[str]], count: int
) -> list[asyncio.Task[str]]:
    return [asyncio.create_task(answered(gateway, work)) for _ in range(count)]


async def outcomes(tasks: list[asyncio.Task[str]]) -> list[str]:
    """The names of what came of it: waits, so that a waiter that was forgotten hangs the test."""
    async with asyncio.timeout(5):
        results = await asyncio.gather(*tasks, return_exceptions=True)
    return [
        result if isinstance(result, str) else type(result).__name__
        for result in results
    ]
