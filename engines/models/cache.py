"""Answers to identical requests.

Kept for a while, and asked for once when several want them at the same time.
"""

import asyncio
import copy
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

from cachetools import LRUCache

from contracts.errors import EngineError
from contracts.usage import Usage

T = TypeVar("T")


@dataclass
class Flight:
    """A request under way, and how many wait for it."""

    task: asyncio.Task[Any]
    waiting: int = 0


class AnswerCache:
    """The `size` answers used last; 0 switches it off. Failures are not kept.

    For one event loop.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._answers: LRUCache[Hashable, Any] = LRUCache(maxsize=size)
        self._flights: dict[Hashable, Flight] = {}

    async def get(
        self, key: Hashable, make: Callable[[], Awaitable[T]]
    ) -> tuple[T, bool]:
        """The answer, and whether somebody else's request brought it.

        The key must hold all that the answer rests on.

        Raises what `make` raises, to all who wait for it, with the usage only for the one
        who asked first. A request goes on until nobody waits for it any more.
        """
        if not self._size:
            return await make(), False
        if key in self._answers:
            return self._answers[key], True
        known = key in self._flights
        flight = self._flights[key] if known else self._start(key, make)
        await self._landing(key, flight)
        try:
            return flight.task.result(), known
        except EngineError as error:
            if known:
                raise _without_usage(error) from error
            raise

    def _start(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> Flight:
        async def fly() -> T:
            return await make()

        flight = self._flights[key] = Flight(asyncio.create_task(fly()))
        flight.task.add_done_callback(lambda task: self._landed(key, flight, task))
        return flight

    async def _landing(self, key: Hashable, flight: Flight) -> None:
        """Wait for the end. When the last one leaves before, the request is cancelled."""
        flight.waiting += 1
        try:
            await asyncio.wait([flight.task])
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._forget(key, flight)
                flight.task.cancel()

    def _landed(self, key: Hashable, flight: Flight, task: asyncio.Task[Any]) -> None:
        self._forget(key, flight)
        if not task.cancelled() and task.exception() is None:
            self._answers[key] = task.result()

    def _forget(self, key: Hashable, flight: Flight) -> None:
        """Let nobody join any more; whoever took the key since keeps it."""
        if self._flights.get(key) is flight:
            del self._flights[key]


def _without_usage(error: EngineError) -> EngineError:
    """The same failure, for who did not pay for it."""
    shared = copy.copy(error)
    shared.usage = Usage()
    return shared
