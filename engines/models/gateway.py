"""The gateway to models: limits concurrent calls, and stops calls while a circuit is open.

A model is named by its id, `provider/name`. Each has a circuit breaker and a slow start of
its own; all models of a provider share one limit of concurrent calls.
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
"""Concurrent calls to a model that has not answered yet: a ticket makes two in parallel."""


class ProviderLimit:
    """The limit of concurrent calls to one provider, over all its models."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.calls_in_use = 0
        self.arrival_numbers = itertools.count()
        self.model_slots: list[CallSlots] = []

    def admit_waiting(self) -> None:
        """Give free slots to the longest waiting calls, of models that may have one more."""
        while ready := [
            slots
            for slots in self.model_slots
            if slots.is_free and slots.first_arrival is not None
        ]:
            min(ready, key=lambda slots: slots.first_arrival or 0).admit_first()


class CallSlots:
    """Slots for concurrent calls of one model, given out in order of arrival.

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
        """Whether one more call may start."""
        return (
            self.calls_in_use < self.limit
            and self._provider_limit.calls_in_use < self._provider_limit.limit
        )

    @property
    def first_arrival(self) -> int | None:
        """The arrival number, over all models of the provider, of the longest waiting call.

        None when no call waits.
        """
        return next(iter(self._waiters.values()), None)

    async def acquire_slot(self) -> None:
        """Wait for a slot. Raises what `fail_waiters` was given.

        A cancelled waiter keeps no slot.
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
                self.release_slot()  # granted at the same moment as the cancellation
            raise

    def take_slot_now(self) -> None:
        """Take a slot, even beyond the limit."""
        self.calls_in_use += 1
        self._provider_limit.calls_in_use += 1

    def release_slot(self) -> None:
        """Free a slot for the next waiting call of any of the provider's models."""
        self.calls_in_use -= 1
        self._provider_limit.calls_in_use -= 1
        self._provider_limit.admit_waiting()

    def change_limit(self, limit: int) -> None:
        """Raise or lower the limit. Calls in flight are not touched."""
        self.limit = limit
        self._provider_limit.admit_waiting()

    def fail_waiters(self, error: Callable[[], Exception]) -> None:
        """Fail every waiting call now."""
        while self._waiters:
            waiter, _ = self._waiters.popitem(last=False)
            if not waiter.done():
                waiter.set_exception(error())

    def admit_first(self) -> None:
        """Admit the longest waiting call."""
        waiter, _ = self._waiters.popitem(last=False)
        if not waiter.done():
            self.take_slot_now()
            waiter.set_result(None)


class ModelAdmission:
    """One model's circuit breaker and call slots."""

    def __init__(
        self, model: str, total: ProviderLimit, rest: float, clock: Callable[[], float]
    ) -> None:
        self.breaker = CircuitBreaker(model, clock=clock, rest=rest)
        self.limit = total.limit
        self.slots = CallSlots(min(INITIAL_CALL_LIMIT, self.limit), total)

    async def acquire_slot(self, seconds: float) -> None:
        """Take a slot. Raises CircuitOpen, and Busy when `seconds` have passed."""
        self.breaker.admit_call()
        if self.breaker.state == "half_open":
            # The probe does not queue behind calls that hang.
            self.slots.take_slot_now()
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
        """Double the model's slots; after a cool-down it starts again with a few."""
        was_closed = self.breaker.state == "closed"
        self.breaker.record_success()
        if was_closed:
            self.slots.change_limit(min(2 * self.slots.limit, self.limit))

    def record_failure(self, error: ModelError) -> None:
        """Count a failure; when it opens the circuit, all waiting calls fail."""
        self.breaker.record_failure(error)
        if self.breaker.state == "open":
            self.slots.limit = min(INITIAL_CALL_LIMIT, self.limit)
            self.slots.fail_waiters(self.breaker.circuit_open_error)


class ModelGateway:
    """Admits calls to all models of one process.

    A model without a usable answer, since the start or since its circuit closed, gets two
    concurrent calls. Each usable answer doubles that, up to `limit`, which all models of a
    provider share. No lock is held while a call is in flight.
    """

    def __init__(
        self,
        limit: int,
        clock: Callable[[], float] = time.monotonic,
        rest: float = 30.0,
    ) -> None:
        """`rest` is the cool-down of each circuit, in seconds: longer than a call may take."""
        self._cooldown = rest
        self._limit = limit
        self._clock = clock
        self._limit_by_provider: dict[str, ProviderLimit] = {}
        self._admission_by_model: dict[str, ModelAdmission] = {}

    def register_model(self, model: str) -> None:
        """Create the model's circuit now.

        So it is reported from the start, and shares failures that concern its whole provider.
        """
        self._get_admission(model)

    async def call_model(
        self, model: str, seconds: float, work: Callable[[], Awaitable[T]]
    ) -> T:
        """What `work` returns, once there is a slot. Waits at most `seconds` for one.

        `work` has to limit its own time. Raises CircuitOpen and Busy (nothing was sent), and what
        `work` raises; a ModelError counts against the circuit here. Only the caller knows whether
        an answer is usable, and reports it by `report_usable` or `report_unusable`.
        """
        admission = self._get_admission(model)
        await admission.acquire_slot(seconds)
        probing = admission.breaker.state == "half_open"
        try:
            return await work()
        except BaseException as error:
            if isinstance(error, ModelError) and error.counts_as_failure:
                self.report_unusable(model, error)
            elif probing:
                admission.breaker.abandon_probe()
            raise
        finally:
            admission.slots.release_slot()

    def report_usable(self, model: str) -> None:
        """An answer of the model was usable."""
        self._get_admission(model).record_success()

    def report_unusable(self, model: str, error: ModelError) -> None:
        """A call of the model failed, or its answer was unusable.

        An error with `opens_circuit`, such as a refused key, concerns the provider: it opens the
        circuits of all its models.
        """
        self._get_admission(model).record_failure(error)
        if error.opens_circuit:
            for other, admission in self._admission_by_model.items():
                if other != model and model_provider(other) == model_provider(model):
                    admission.record_failure(error)

    def circuit_states(self) -> dict[str, BreakerState]:
        """The circuit of each registered or called model, by model id."""
        return {
            model: admission.breaker.state
            for model, admission in self._admission_by_model.items()
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
