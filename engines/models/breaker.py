"""A circuit breaker: a model that keeps failing is not called for a cool-down, then probed.

The states and their names are those of M. Nygard, "Release It!" (2007). For one event loop:
nothing here waits, so nothing needs a lock.
"""

import time
from collections.abc import Callable
from typing import Literal

from engines.models.failures import CircuitOpen, ModelError

BreakerState = Literal["closed", "open", "half_open"]


class CircuitBreaker:
    """The circuit of one model.

    `threshold` failures in a row open it, or `trusted_threshold` when the model has answered
    since the circuit was last closed: a model that fails three calls of ten has four failures in
    a row every minute, and is still worth calling. An error with `opens_circuit` opens it alone.

    After a cool-down of `rest` seconds one call is let through, the probe. Its success closes
    the circuit; its failure doubles the cool-down, up to `longest_rest`. Results of other calls
    change nothing while the circuit is open. `rest` must be longer than a call may take, so that
    no earlier call is under way when the probe is judged.
    """

    def __init__(
        self,
        model: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        threshold: int = 4,
        trusted_threshold: int = 8,
        rest: float = 30.0,
        longest_rest: float = 300.0,
    ) -> None:
        self.model = model
        self._clock = clock
        self._threshold = self._initial_threshold = threshold
        self._trusted_threshold = trusted_threshold
        self._initial_cooldown = self._cooldown = rest
        self._max_cooldown = longest_rest
        self._state: BreakerState = "closed"
        self._failures = 0
        self._open_until = 0.0
        self._last_failure = ""

    @property
    def state(self) -> BreakerState:
        """The state. It stays `open` after the cool-down until a call asks to be admitted."""
        return self._state

    def admit_call(self) -> None:
        """Admit a call; it becomes the probe unless the circuit is closed. Raises CircuitOpen.

        A probe that reports nothing for `rest` seconds is given up, and the next call is the probe.
        """
        if self._state == "closed":
            return
        if self._clock() < self._open_until:
            raise self.circuit_open_error()
        self._state = "half_open"
        self._open_until = self._clock() + self._initial_cooldown

    def record_success(self) -> None:
        """A call had a usable answer."""
        if self._state != "open":
            self._state = "closed"
            self._failures = 0
            self._threshold = self._trusted_threshold
            self._cooldown = self._initial_cooldown

    def record_failure(self, error: ModelError) -> None:
        """A call failed.

        An error without `counts_as_failure` says nothing about the model's health and is ignored.
        """
        if self._state == "open" or not error.counts_as_failure:
            return
        self._failures += 1
        self._last_failure = error.title
        if self._state == "half_open":
            self._cooldown = min(2 * self._cooldown, self._max_cooldown)
        elif self._failures < self._threshold and not error.opens_circuit:
            return
        self._state = "open"
        self._threshold = self._initial_threshold
        self._open_until = self._clock() + self._cooldown

    def abandon_probe(self) -> None:
        """The probe ended without a result, for example cancelled.

        The next call may be the probe.
        """
        if self._state == "half_open":
            self._state = "open"
            self._open_until = self._clock()

    def circuit_open_error(self) -> CircuitOpen:
        """The error of a call that is not admitted."""
        if self._state == "half_open":
            return CircuitOpen(
                f"{self.model} is being tried with one call. "
                f"Its last failure: {self._last_failure}"
            )
        seconds = max(0.0, self._open_until - self._clock())
        return CircuitOpen(
            f"{self.model} rests for another {seconds:.0f} s. "
            f"Its last failure: {self._last_failure}"
        )
