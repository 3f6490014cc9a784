"""The circuit breaker: opens on failures in a row, rests, tries with one call."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engines.models.breaker import CircuitBreaker
from engines.models.failures import (
    Busy,
    CircuitOpen,
    FormatRefused,
    Invalid,
    KeyRefused,
    ModelDeclined,
    ModelError,
    ProviderFailed,
    RateLimited,
)

THRESHOLD, REST, LONGEST = 4, 30.0, 300.0
TRUSTED_THRESHOLD = 8


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def opened(clock: Clock) -> CircuitBreaker:
    breaker = CircuitBreaker("acme", clock=clock)
    for _ in range(THRESHOLD):
        breaker.record_failure(ProviderFailed())
    assert breaker.state == "open"
    return breaker


def test_only_failures_in_a_row_open_it() -> None:
    breaker = CircuitBreaker("acme", clock=Clock())
    for _ in range(3):
        for _ in range(THRESHOLD - 1):
            breaker.record_failure(RateLimited())
        breaker.record_success()
    assert breaker.state == "closed"
    for _ in range(TRUSTED_THRESHOLD - 1):
        breaker.record_failure(ProviderFailed())
        breaker.admit_call()
    breaker.record_failure(Invalid())
    assert breaker.state == "open"


def test_one_that_has_never_answered_is_given_up_sooner() -> None:
    breaker = CircuitBreaker("acme", clock=Clock())
    for error in (ProviderFailed(), Invalid(), RateLimited()):
        breaker.record_failure(error)
        breaker.admit_call()
    breaker.record_failure(Invalid())
    assert breaker.state == "open"


def test_a_refused_key_opens_it_at_once() -> None:
    breaker = CircuitBreaker("acme", clock=Clock())
    breaker.record_failure(KeyRefused())
    with pytest.raises(
        CircuitOpen, match=r"^acme rests for another 30 s\. .* refused the key\.$"
    ):
        breaker.admit_call()


@pytest.mark.parametrize(
    "error", [FormatRefused(), ModelDeclined(), Busy(), CircuitOpen()]
)
def test_what_says_nothing_of_the_provider_is_not_counted(error: ModelError) -> None:
    breaker = CircuitBreaker("acme", clock=Clock())
    for _ in range(10 * THRESHOLD):
        breaker.record_failure(error)
    assert breaker.state == "closed"


def test_one_probe_after_the_rest_and_its_success_closes() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.time += REST - 0.001
    with pytest.raises(CircuitOpen):
        breaker.admit_call()
    clock.time += 0.001
    breaker.admit_call()
    assert breaker.state == "half_open"
    with pytest.raises(CircuitOpen, match="being tried with one call"):
        breaker.admit_call()
    breaker.record_success()
    assert breaker.state == "closed"
    for _ in range(THRESHOLD - 1):
        breaker.record_failure(ProviderFailed())
    assert breaker.state == "closed"


def test_the_rest_doubles_while_probes_fail_and_a_success_makes_it_short_again() -> (
    None
):
    clock = Clock()
    breaker = opened(clock)
    for rest in (REST, 60.0, 120.0, 240.0, LONGEST, LONGEST):
        clock.time += rest - 0.5
        with pytest.raises(CircuitOpen):
            breaker.admit_call()
        clock.time += 0.5
        breaker.admit_call()
        breaker.record_failure(ProviderFailed())
        assert breaker.state == "open"
    clock.time += LONGEST
    breaker.admit_call()
    breaker.record_success()
    breaker.record_failure(KeyRefused())
    clock.time += REST
    breaker.admit_call()


def test_late_news_of_earlier_calls_changes_nothing_while_it_is_open() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.time += REST - 1
    breaker.record_success()
    assert breaker.state == "open"
    breaker.record_failure(ProviderFailed())
    clock.time += 1
    breaker.admit_call()


def test_an_abandoned_probe_is_followed_by_another_at_once() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.time += REST
    breaker.admit_call()
    breaker.abandon_probe()
    breaker.admit_call()
    with pytest.raises(CircuitOpen):
        breaker.admit_call()


def test_a_probe_that_nobody_judges_does_not_block_for_ever() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.time += REST
    breaker.admit_call()
    clock.time += REST - 1
    with pytest.raises(CircuitOpen):
        breaker.admit_call()
    clock.time += 1
    breaker.admit_call()
    with pytest.raises(CircuitOpen):
        breaker.admit_call()


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens in whatever order, calls come through as promised."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = CircuitBreaker("acme", clock=self.clock)
        self.in_a_row = 0
        self.threshold = THRESHOLD
        self.opened_at: float | None = None
        self.probes: list[float] = []

    @rule(seconds=st.sampled_from([0.0, 1.0, 29.0, 30.0, 60.0, 300.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.time += seconds

    @rule()
    def asks(self) -> None:
        before = self.breaker.state
        try:
            self.breaker.admit_call()
        except CircuitOpen:
            assert before != "closed"
            return
        if before == "open":
            assert self.opened_at is not None
            assert self.clock.time >= self.opened_at + REST
        if before != "closed":
            assert self.breaker.state == "half_open"
            assert not self.probes or self.clock.time >= self.probes[-1] + REST
            self.probes.append(self.clock.time)

    @rule()
    def after_the_longest_rest_somebody_comes_through(self) -> None:
        self.clock.time += LONGEST
        before = self.breaker.state
        self.breaker.admit_call()
        if before != "closed":
            self.probes.append(self.clock.time)

    @rule(
        error=st.sampled_from(
            [ProviderFailed(), RateLimited(), KeyRefused(), FormatRefused(), Invalid()]
        )
    )
    def fails(self, error: ModelError) -> None:
        before = self.breaker.state
        self.breaker.record_failure(error)
        if before == "closed" and error.counts_as_failure:
            self.in_a_row += 1
            assert (self.breaker.state == "open") == (
                error.opens_circuit or self.in_a_row >= self.threshold
            )
        if before != "open" and self.breaker.state == "open":
            self.opened_at = self.clock.time
            self.threshold = THRESHOLD
            self.probes.clear()

    @rule()
    def succeeds(self) -> None:
        before = self.breaker.state
        self.breaker.record_success()
        assert self.breaker.state == ("open" if before == "open" else "closed")
        if before != "open":
            self.in_a_row = 0
            self.threshold = TRUSTED_THRESHOLD
            self.probes.clear()

    @precondition(lambda self: self.breaker.state == "half_open")
    @rule()
    def probe_is_cancelled(self) -> None:
        self.breaker.abandon_probe()
        self.probes.clear()
        self.breaker.admit_call()
        self.probes.append(self.clock.time)

    @invariant()
    def closed_only_below_the_threshold(self) -> None:
        assert self.breaker.state != "closed" or self.in_a_row < self.threshold


TestAnyOrder = AnyOrder.TestCase
