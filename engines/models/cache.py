"""A cache of answers. Concurrent requests for the same answer share one call."""

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
class SharedRequest:
    """A request in flight, and how many callers wait for it."""

    task: asyncio.Task[Any]
    waiter_count: int = 0


class AnswerCache:
    """The `size` answers used last; 0 switches the cache off. Failures are not kept.

    For one event loop.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._answers: LRUCache[Hashable, Any] = LRUCache(maxsize=size)
        self._open_requests: dict[Hashable, SharedRequest] = {}

    async def get_or_make(
        self, key: Hashable, make: Callable[[], Awaitable[T]]
    ) -> tuple[T, bool]:
        """The answer, and whether it was shared (cached, or made by another caller's request).

        The key must hold everything the answer depends on. Raises what `make` raises, to every
        caller who waits, with the usage only for the first. A request is cancelled when no caller
        waits for it any more.
        """
        if not self._size:
            return await make(), False
        if key in self._answers:
            return self._answers[key], True
        known = key in self._open_requests
        flight = self._open_requests[key] if known else self._start_request(key, make)
        await self._wait_for_result(key, flight)
        try:
            return flight.task.result(), known
        except EngineError as error:
            if known:
                raise _without_usage(error) from error
            raise

    def _start_request(
        self, key: Hashable, make: Callable[[], Awaitable[T]]
    ) -> SharedRequest:
        async def run_request() -> T:
            return await make()

        flight = self._open_requests[key] = SharedRequest(
            asyncio.create_task(run_request())
        )
        flight.task.add_done_callback(
            lambda task: self._store_result(key, flight, task)
        )
        return flight

    async def _wait_for_result(self, key: Hashable, flight: SharedRequest) -> None:
        """Wait for the end. When the last waiter leaves before it, the request is cancelled."""
        flight.waiter_count += 1
        try:
            await asyncio.wait([flight.task])
        finally:
            flight.waiter_count -= 1
            if not flight.waiter_count and not flight.task.done():
                self._remove_request(key, flight)
                flight.task.cancel()

    def _store_result(
        self, key: Hashable, flight: SharedRequest, task: asyncio.Task[Any]
    ) -> None:
        self._remove_request(key, flight)
        if not task.cancelled() and task.exception() is None:
            self._answers[key] = task.result()

    def _remove_request(self, key: Hashable, flight: SharedRequest) -> None:
        """Let no more callers join; a newer request under the same key stays."""
        if self._open_requests.get(key) is flight:
            del self._open_requests[key]


def _without_usage(error: EngineError) -> EngineError:
    """The same failure for a caller who did not pay for the call."""
    shared = copy.copy(error)
    shared.usage = Usage()
    return shared
