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

from engines.models.breaker import BreakerState, CircuitBreaker
from engines.models.failures import Busy, ModelError
from engines.models.records import model_provider

T = TypeVar("T")

INITIAL_CALL_LIMIT = 2
"""Calls at once to a model that has not answered yet: a ticket's two that run side by side."""


class ProviderLimit:
    """How many calls of all its models a provider may have under way."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.calls_in_use = 0
        self.arrival_numbers = itertools.count()
        self.model_slots: list[CallSlots] = []

    def admit_waiting(self) -> None:
        """Give the free places to those who have waited longest, of the models that may
        have one more.
        """
        while ready := [
            places
            for places in self.model_slots
            if places.is_free and places.first_arrival is not None
        ]:
            min(ready, key=lambda places: places.first_arrival or 0).admit_first()


class CallSlots:
    """Places for calls of one model under way. Who has waited longest gets the next one.

    For one event loop.
    """

    def __init__(self, limit: int, total: ProviderLimit) -> None:
        self.limit = limit
        self.calls_in_use = 0
        self._provider_limit = total
        self._waiters: OrderedDict[asyncio.Future[None], int] = OrderedDict()
        total.model_slots.append(self)

    @property
    def is_free(self) -> bool:
        """Whether one more call may be under way."""
        return (
            self.calls_in_use < self.limit
            and self._provider_limit.calls_in_use < self._provider_limit.limit
        )

    @property
    def first_arrival(self) -> int | None:
        """The number of the first who waits, in the order in which all came.

        None when nobody does.
        """
        return next(iter(self._waiters.values()), None)

    async def acquire_slot(self) -> None:
        """Wait for a place. Raises what `fail_waiters` was given.

        A cancelled waiter leaves no trace.
        """
        if self.is_free:
            self.take_slot_now()
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters[waiter] = next(self._provider_limit.arrival_numbers)
        try:
            await waiter
        except BaseException:
            self._waiters.pop(waiter, None)
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.release_slot()  # the place came in the same moment as the cancellation
            raise

    def take_slot_now(self) -> None:
        """Take a place, be there one or not."""
        self.calls_in_use += 1
        self._provider_limit.calls_in_use += 1

    def release_slot(self) -> None:
        """Leave a place to the next one waiting, for whichever of the provider's models."""
        self.calls_in_use -= 1
        self._provider_limit.calls_in_use -= 1
        self._provider_limit.admit_waiting()

    def change_limit(self, limit: int) -> None:
        """Have more places or fewer. Calls under way are not touched."""
        self.limit = limit
        self._provider_limit.admit_waiting()

    def fail_waiters(self, error: Callable[[], Exception]) -> None:
        """Fail everyone who waits, now."""
        while self._waiters:
            waiter, _ = self._waiters.popitem(last=False)
            if not waiter.done():
                waiter.set_exception(error())

    def admit_first(self) -> None:
        """Let in the first who waits."""
        waiter, _ = self._waiters.popitem(last=False)
        if not waiter.done():
            self.take_slot_now()
            waiter.set_result(None)


class ModelAdmission:
    """One model's circuit and places."""

    def __init__(
        self, model: str, total: ProviderLimit, rest: float, clock: Callable[[], float]
    ) -> None:
        self.breaker = CircuitBreaker(model, clock=clock, rest=rest)
        self.limit = total.limit
        self.slots = CallSlots(min(INITIAL_CALL_LIMIT, self.limit), total)

    async def acquire_slot(self, seconds: float) -> None:
        """Take a place. Raises CircuitOpen, and Busy when `seconds` have passed."""
        self.breaker.admit_call()
        if self.breaker.state == "half_open":
            self.slots.take_slot_now()  # the probe does not queue behind calls that hang
            return
        try:
            async with asyncio.timeout(seconds):
                await self.slots.acquire_slot()
        except TimeoutError:
            raise Busy(
                f"No place for a call to {self.breaker.model} came free in {seconds:.1f} s."
            ) from None
        try:
            self.breaker.admit_call()
        except ModelError:
            self.slots.release_slot()
            raise

    def record_success(self) -> None:
        """Trust the model with twice as many calls; after a rest, first with a few."""
        was_closed = self.breaker.state == "closed"
        self.breaker.record_success()
        if was_closed:
            self.slots.change_limit(min(2 * self.slots.limit, self.limit))

    def record_failure(self, error: ModelError) -> None:
        """Count a failure; with the one that opens the circuit nobody waits any longer."""
        self.breaker.record_failure(error)
        if self.breaker.state == "open":
            self.slots.limit = min(INITIAL_CALL_LIMIT, self.limit)
            self.slots.fail_waiters(self.breaker.circuit_open_error)


class ModelGateway:
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
        self._cooldown = rest
        self._limit = limit
        self._clock = clock
        self._limit_by_provider: dict[str, ProviderLimit] = {}
        self._admission_by_model: dict[str, ModelAdmission] = {}

    def register_model(self, model: str) -> None:
        """Show this model's circuit from now on, and let it share what happens to its whole
        provider.
        """
        self._get_admission(model)

    async def call_model(
        self, model: str, seconds: float, work: Callable[[], Awaitable[T]]
    ) -> T:
        """What `work` returns. Waits for a place at most `seconds`.

        How long `work` takes is its own affair.

        Raises CircuitOpen and Busy (nothing was sent), and what `work` raises. A ModelError
        counts against the circuit here. Whether an answer is any good is known only to who
        reads it: tell `report_usable` or `report_unusable`.
        """
        lane = self._get_admission(model)
        await lane.acquire_slot(seconds)
        probing = lane.breaker.state == "half_open"
        try:
            return await work()
        except BaseException as error:
            if isinstance(error, ModelError) and error.counts_as_failure:
                self.report_unusable(model, error)
            elif probing:
                lane.breaker.abandon_probe()
            raise
        finally:
            lane.slots.release_slot()

    def report_usable(self, model: str) -> None:
        """An answer of the model was good."""
        self._get_admission(model).record_success()

    def report_unusable(self, model: str, error: ModelError) -> None:
        """A call of the model failed, or its answer was no good.

        What opens a circuit at once, such as a refused key, concerns the provider: it opens
        those of all its models.
        """
        self._get_admission(model).record_failure(error)
        if error.opens_circuit:
            for other, lane in self._admission_by_model.items():
                if other != model and model_provider(other) == model_provider(model):
                    lane.record_failure(error)

    def circuit_states(self) -> dict[str, BreakerState]:
        """The circuit of each model that was expected or called so far."""
        return {
            model: lane.breaker.state
            for model, lane in self._admission_by_model.items()
        }

    def _get_admission(self, model: str) -> ModelAdmission:
        if model not in self._admission_by_model:
            total = self._limit_by_provider.setdefault(
                model_provider(model), ProviderLimit(self._limit)
            )
            self._admission_by_model[model] = ModelAdmission(
                model, total, self._cooldown, self._clock
            )
        return self._admission_by_model[model]
