"""The way to a model.

Few calls at first, no more than it is trusted with, none while its circuit is open.

A model is named by its id, `provider/name`. Each has a circuit and a slow start of its own;
all models of a provider together have no more calls under way than the limit.
"""

import asyncio
import itertools
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeVar

from engines.models.breaker import Breaker, BreakerState
from engines.models.failures import Busy, ModelError
from engines.models.records import provider_of

T = TypeVar("T")

FIRST_CALLS = 2
"""Calls at once to a model that has not answered yet: a ticket's two that run side by side."""


class Total:
    """How many calls of all its models a provider may have under way."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self.arrivals = itertools.count()
        self.sharing: list[Places] = []

    def admit(self) -> None:
        """Give the free places to those who have waited longest, of the models that may
        have one more.
        """
        while ready := [
            places
            for places in self.sharing
            if places.is_free and places.waits_since is not None
        ]:
            min(ready, key=lambda places: places.waits_since or 0).admit()


class Places:
    """Places for calls of one model under way. Who has waited longest gets the next one.

    For one event loop.
    """

    def __init__(self, limit: int, total: Total) -> None:
        self.limit = limit
        self.used = 0
        self._total = total
        self._waiting: OrderedDict[asyncio.Future[None], int] = OrderedDict()
        total.sharing.append(self)

    @property
    def is_free(self) -> bool:
        """Whether one more call may be under way."""
        return self.used < self.limit and self._total.used < self._total.limit

    @property
    def waits_since(self) -> int | None:
        """The number of the first who waits, in the order in which all came.

        None when nobody does.
        """
        return next(iter(self._waiting.values()), None)

    async def take(self) -> None:
        """Wait for a place. Raises what `send_away` was given.

        A cancelled waiter leaves no trace.
        """
        if self.is_free:
            self.take_at_once()
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = next(self._total.arrivals)
        try:
            await waiter
        except BaseException:
            self._waiting.pop(waiter, None)
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.give_back()  # the place came in the same moment as the cancellation
            raise

    def take_at_once(self) -> None:
        """Take a place, be there one or not."""
        self.used += 1
        self._total.used += 1

    def give_back(self) -> None:
        """Leave a place to the next one waiting, for whichever of the provider's models."""
        self.used -= 1
        self._total.used -= 1
        self._total.admit()

    def change(self, limit: int) -> None:
        """Have more places or fewer. Calls under way are not touched."""
        self.limit = limit
        self._total.admit()

    def send_away(self, error: Callable[[], Exception]) -> None:
        """Fail everyone who waits, now."""
        while self._waiting:
            waiter, _ = self._waiting.popitem(last=False)
            if not waiter.done():
                waiter.set_exception(error())

    def admit(self) -> None:
        """Let in the first who waits."""
        waiter, _ = self._waiting.popitem(last=False)
        if not waiter.done():
            self.take_at_once()
            waiter.set_result(None)


class Lane:
    """One model's circuit and places."""

    def __init__(
        self, model: str, total: Total, rest: float, clock: Callable[[], float]
    ) -> None:
        self.breaker = Breaker(model, clock=clock, rest=rest)
        self.limit = total.limit
        self.places = Places(min(FIRST_CALLS, self.limit), total)

    async def enter(self, seconds: float) -> None:
        """Take a place. Raises CircuitOpen, and Busy when `seconds` have passed."""
        self.breaker.allow()
        if self.breaker.state == "half_open":
            self.places.take_at_once()  # the probe does not queue behind calls that hang
            return
        try:
            async with asyncio.timeout(seconds):
                await self.places.take()
        except TimeoutError:
            raise Busy(
                f"No place for a call to {self.breaker.model} came free in {seconds:.1f} s."
            ) from None
        try:
            self.breaker.allow()
        except ModelError:
            self.places.give_back()
            raise

    def succeeded(self) -> None:
        """Trust the model with twice as many calls; after a rest, first with a few."""
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
    """Calls to all models of one process.

    A model that has not yet answered usably, since the start or since its circuit closed,
    gets two calls at once. Each usable answer doubles that, up to `limit`, which all models
    of a provider share. Nothing is locked while a call is under way.
    """

    def __init__(
        self,
        limit: int,
        clock: Callable[[], float] = time.monotonic,
        rest: float = 30.0,
    ) -> None:
        """`rest` is that of each model's circuit, in seconds: longer than a call may take."""
        self._rest = rest
        self._limit = limit
        self._clock = clock
        self._totals: dict[str, Total] = {}
        self._lanes: dict[str, Lane] = {}

    def expect(self, model: str) -> None:
        """Show this model's circuit from now on, and let it share what happens to its whole
        provider.
        """
        self._lane(model)

    async def call(
        self, model: str, seconds: float, work: Callable[[], Awaitable[T]]
    ) -> T:
        """What `work` returns. Waits for a place at most `seconds`.

        How long `work` takes is its own affair.

        Raises CircuitOpen and Busy (nothing was sent), and what `work` raises. A ModelError
        counts against the circuit here. Whether an answer is any good is known only to who
        reads it: tell `usable` or `unusable`.
        """
        lane = self._lane(model)
        await lane.enter(seconds)
        probing = lane.breaker.state == "half_open"
        try:
            return await work()
        except BaseException as error:
            if isinstance(error, ModelError) and error.breaks:
                self.unusable(model, error)
            elif probing:
                lane.breaker.abandoned()
            raise
        finally:
            lane.places.give_back()

    def usable(self, model: str) -> None:
        """An answer of the model was good."""
        self._lane(model).succeeded()

    def unusable(self, model: str, error: ModelError) -> None:
        """A call of the model failed, or its answer was no good.

        What opens a circuit at once, such as a refused key, concerns the provider: it opens
        those of all its models.
        """
        self._lane(model).failed(error)
        if error.opens:
            for other, lane in self._lanes.items():
                if other != model and provider_of(other) == provider_of(model):
                    lane.failed(error)

    def states(self) -> dict[str, BreakerState]:
        """The circuit of each model that was expected or called so far."""
        return {model: lane.breaker.state for model, lane in self._lanes.items()}

    def _lane(self, model: str) -> Lane:
        if model not in self._lanes:
            total = self._totals.setdefault(provider_of(model), Total(self._limit))
            self._lanes[model] = Lane(model, total, self._rest, self._clock)
        return self._lanes[model]
