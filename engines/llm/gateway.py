"""The way to a provider: few calls at first, no more than it is trusted with, none while its circuit is open."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeVar

from engines.llm.breaker import Breaker, BreakerState
from engines.llm.failures import Busy, ModelError

T = TypeVar("T")

FIRST_CALLS = 2
"""Calls at once to a provider that has not answered yet: a ticket's two that run side by side."""


class Places:
    """Places for calls under way. Who has waited longest gets the next one. For one event loop."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._waiting: OrderedDict[asyncio.Future[None], None] = OrderedDict()

    async def take(self) -> None:
        """Wait for a place. Raises what `send_away` was given. A cancelled waiter leaves no trace."""
        if self.used < self.limit:
            self.used += 1
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = None
        try:
            await waiter
        except BaseException:
            self._waiting.pop(waiter, None)
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.give_back()  # the place came in the same moment as the cancellation
            raise

    def give_back(self) -> None:
        """Leave a place to the next one waiting."""
        self.used -= 1
        self._admit()

    def change(self, limit: int) -> None:
        """Have more places or fewer. Calls under way are not touched."""
        self.limit = limit
        self._admit()

    def send_away(self, error: Callable[[], Exception]) -> None:
        """Fail everyone who waits, now."""
        while self._waiting:
            waiter, _ = self._waiting.popitem(last=False)
            if not waiter.done():
                waiter.set_exception(error())

    def _admit(self) -> None:
        while self._waiting and self.used < self.limit:
            waiter, _ = self._waiting.popitem(last=False)
            if not waiter.done():
                self.used += 1
                waiter.set_result(None)


class Lane:
    """One provider's circuit and places."""

    def __init__(self, provider: str, limit: int, rest: float, clock: Callable[[], float]) -> None:
        self.breaker = Breaker(provider, clock=clock, rest=rest)
        self.limit = limit
        self.places = Places(min(FIRST_CALLS, limit))

    async def enter(self, seconds: float) -> None:
        """Take a place. Raises CircuitOpen, and Busy when `seconds` have passed."""
        self.breaker.allow()
        if self.breaker.state == "half_open":
            self.places.used += 1  # the probe does not queue behind calls that hang
            return
        try:
            async with asyncio.timeout(seconds):
                await self.places.take()
        except TimeoutError:
            raise Busy(f"All {self.places.limit} places for calls to {self.breaker.provider} were taken.") from None
        try:
            self.breaker.allow()
        except ModelError:
            self.places.give_back()
            raise

    def succeeded(self) -> None:
        """Trust the provider with twice as many calls; after a rest, first with a few."""
        was_closed = self.breaker.state == "closed"
        self.breaker.succeeded()
        if was_closed:
            self.places.change(min(2 * self.places.limit, self.limit))

    def failed(self, error: ModelError) -> None:
        """Count a failure; with the one that opens the circuit nobody waits any longer."""
        self.breaker.failed(error)
        if self.breaker.state == "open":
            self.places.limit = min(FIRST_CALLS, self.limit)
            self.places.send_away(self.breaker.refusal)


class Gateway:
    """Calls to all providers of one process.

    A provider that has not yet answered usably, since the start or since its circuit closed, gets two calls at once.
    Each usable answer doubles that, up to `limit`. Nothing is locked while a call is under way.
    """

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic, rest: float = 30.0) -> None:
        """`rest` is that of each provider's circuit, in seconds: longer than a call may take."""
        self._rest = rest
        self._limit = limit
        self._clock = clock
        self._lanes: dict[str, Lane] = {}

    async def call(self, provider: str, seconds: float, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` returns. Waits for a place at most `seconds`; how long `work` takes is its own affair.

        Raises CircuitOpen and Busy (nothing was sent), and what `work` raises. A ModelError counts against the
        circuit here. Whether an answer is any good is known only to who reads it: tell `usable` or `unusable`.
        """
        lane = self._lane(provider)
        await lane.enter(seconds)
        probing = lane.breaker.state == "half_open"
        try:
            return await work()
        except BaseException as error:
            if isinstance(error, ModelError) and error.breaks:
                lane.failed(error)
            elif probing:
                lane.breaker.abandoned()
            raise
        finally:
            lane.places.give_back()

    def usable(self, provider: str) -> None:
        """An answer of the provider was good."""
        self._lane(provider).succeeded()

    def unusable(self, provider: str, error: ModelError) -> None:
        """An answer of the provider was no good: counts as a failed call."""
        self._lane(provider).failed(error)

    def states(self) -> dict[str, BreakerState]:
        """The circuit of each provider that was called so far."""
        return {provider: lane.breaker.state for provider, lane in self._lanes.items()}

    def _lane(self, provider: str) -> Lane:
        if provider not in self._lanes:
            self._lanes[provider] = Lane(provider, self._limit, self._rest, self._clock)
        return self._lanes[provider]
