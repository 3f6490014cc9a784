"""The gateway.

Slow start, the bound on calls to a failing provider, and waiters that are never forgotten.
"""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from engines.models.failures import (
    Busy,
    CircuitOpen,
    Invalid,
    KeyRefused,
    ModelError,
    ModelTimedOut,
    ProviderFailed,
)
from engines.models.gateway import ModelGateway
from tests.unit.models.open_calls import (
    LONG,
    Clock,
    Provider,
    outcomes,
    settled,
    start,
)


async def step(
    gateway: ModelGateway, work: Callable[[], Awaitable[str]], judge: ModelError | None
) -> str:
    """At most two calls, as a step of a ticket makes them; `judge` finds an answer unusable."""
    for _ in range(2):
        try:
            await gateway.call_model("acme", LONG, work)
        except (CircuitOpen, Busy) as error:
            return type(error).__name__
        except ModelError:
            continue
        if judge:
            gateway.report_unusable("acme", judge)
        else:
            gateway.report_usable("acme")
            return "ok"
    return "failed"


async def ticket(
    gateway: ModelGateway, work: Callable[[], Awaitable[str]], judge: ModelError | None
) -> str:
    await asyncio.gather(step(gateway, work, judge), step(gateway, work, judge))
    return await step(gateway, work, judge)


@pytest.mark.parametrize(
    ("error", "judge", "calls"),
    [
        (ProviderFailed(), None, 4),
        (ModelTimedOut(), None, 4),
        (KeyRefused(), None, 2),
        (None, Invalid(), 4),
    ],
    ids=["fails", "hangs", "key", "unusable"],
)
async def test_thirty_tickets_at_once_make_few_calls(
    error: ModelError | None, judge: ModelError | None, calls: int
) -> None:
    gateway, provider = ModelGateway(128), Provider()
    tickets = [asyncio.create_task(ticket(gateway, provider, judge)) for _ in range(30)]
    await settled()
    assert provider.calls == 2
    while not all(task.done() for task in tickets):
        assert provider.under_way
        await provider.end(error)
    assert provider.calls == calls
    assert provider.most == 2
    assert {task.result() for task in tickets} == {"CircuitOpen"}


async def test_thirty_tickets_at_once_at_a_provider_that_fails_without_waiting() -> (
    None
):
    calls = 0

    async def broken() -> str:
        nonlocal calls
        calls += 1
        raise ProviderFailed

    gateway = ModelGateway(128)
    await asyncio.gather(*(ticket(gateway, broken, None) for _ in range(30)))
    assert calls == 4
    assert gateway.circuit_states() == {"acme": "open"}


async def test_each_usable_answer_doubles_the_calls_at_once_up_to_the_limit() -> None:
    gateway, provider = ModelGateway(10), Provider()
    tasks = start(gateway, provider, 40)
    await settled()
    seen = [len(provider.under_way)]
    while provider.under_way:
        await provider.end()
        seen.append(len(provider.under_way))
    assert seen == [2, 8, 10, 10, 10, 0]
    assert await outcomes(tasks) == ["ok"] * 40


async def test_an_answer_that_nobody_calls_usable_earns_no_trust() -> None:
    gateway, provider = ModelGateway(10), Provider()
    tasks = [
        asyncio.create_task(gateway.call_model("acme", LONG, provider))
        for _ in range(6)
    ]
    await settled()
    for _ in range(3):
        assert len(provider.under_way) == 2
        await provider.end()
    assert await outcomes(tasks) == ["ok"] * 6


async def test_a_limit_of_one_is_one() -> None:
    gateway, provider = ModelGateway(1), Provider()
    tasks = start(gateway, provider, 3)
    await settled()
    while provider.under_way:
        await provider.end()
    assert provider.most == 1
    assert await outcomes(tasks) == ["ok"] * 3


async def test_waiters_fail_the_moment_the_circuit_opens() -> None:
    gateway, provider = ModelGateway(10), Provider()
    tasks = start(gateway, provider, 20)
    await settled()
    gateway.report_unusable("acme", KeyRefused())
    await settled()
    assert [task.done() for task in tasks] == [False] * 2 + [True] * 18
    await provider.end()
    assert await outcomes(tasks) == ["ok"] * 2 + ["CircuitOpen"] * 18
    assert provider.calls == 2


async def test_who_was_given_a_place_as_the_circuit_opened_sends_nothing_and_gives_it_back() -> (
    None
):
    clock = Clock()
    gateway, provider = ModelGateway(1, clock), Provider()

    async def unusable() -> None:
        await gateway.call_model("acme", LONG, provider)
        gateway.report_unusable("acme", KeyRefused())

    first = asyncio.create_task(unusable())
    await settled()
    second = start(gateway, provider, 1)
    await settled()
    await provider.end()
    assert await outcomes(second) == ["CircuitOpen"]
    await first
    assert provider.calls == 1
    clock.time += 30
    for _ in range(3):
        later = start(gateway, provider, 1)
        await settled()
        await provider.end()
        assert await outcomes(later) == ["ok"]


async def test_busy_when_no_place_is_free_in_time_and_nothing_was_sent() -> None:
    gateway, provider = ModelGateway(2), Provider()
    tasks = start(gateway, provider, 2)
    await settled()
    with pytest.raises(Busy, match="No place for a call to acme"):
        await gateway.call_model("acme", 0.0, provider)
    await provider.end()
    assert await outcomes(tasks) == ["ok"] * 2
    assert provider.calls == 2
    assert gateway.circuit_states() == {"acme": "closed"}


async def test_a_free_place_is_taken_even_without_time_to_wait() -> None:
    async def work() -> str:
        return "ok"

    assert await ModelGateway(2).call_model("acme", 0.0, work) == "ok"


async def test_a_timeout_inside_the_work_is_not_a_busy_gateway() -> None:
    async def work() -> str:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await ModelGateway(2).call_model("acme", LONG, work)


async def test_providers_do_not_share_circuits_or_places() -> None:
    gateway, provider = ModelGateway(1), Provider()
    gateway.report_unusable("acme/m", KeyRefused())
    tasks = [
        asyncio.create_task(gateway.call_model(model, LONG, provider))
        for model in ("other/m", "third/m")
    ]
    await settled()
    assert provider.most == 2
    await provider.end()
    assert await outcomes(tasks) == ["ok", "ok"]
    assert gateway.circuit_states() == {
        "acme/m": "open",
        "other/m": "closed",
        "third/m": "closed",
    }


async def test_models_of_a_provider_have_circuits_and_slow_starts_of_their_own() -> (
    None
):
    gateway, provider = ModelGateway(128), Provider()
    for _ in range(4):
        gateway.report_usable("acme/n")
        gateway.report_unusable("acme/m", ModelTimedOut())
    assert gateway.circuit_states() == {"acme/n": "closed", "acme/m": "open"}
    tasks = [
        asyncio.create_task(gateway.call_model(model, LONG, provider))
        for model in ["acme/o"] * 20 + ["acme/n"] * 20
    ]
    await settled()
    assert provider.most == 2 + 20
    while provider.under_way:
        await provider.end()
    assert await outcomes(tasks) == ["ok"] * 40


async def test_models_of_a_provider_share_its_limit() -> None:
    gateway, provider = ModelGateway(3), Provider()
    for model in ("acme/m", "acme/n"):
        gateway.report_usable(model)
    tasks = [
        asyncio.create_task(gateway.call_model(model, LONG, provider))
        for model in ["acme/m", "acme/n"] * 5
    ]
    await settled()
    while provider.under_way:
        await provider.end()
    assert provider.most == 3
    assert await outcomes(tasks) == ["ok"] * 10


async def test_who_waits_for_the_providers_last_place_hears_at_once_that_the_circuit_opened() -> (
    None
):
    gateway, provider = ModelGateway(2), Provider()
    holding = [
        asyncio.create_task(gateway.call_model("acme/n", LONG, provider))
        for _ in range(2)
    ]
    await settled()
    waiting = asyncio.create_task(gateway.call_model("acme/m", LONG, provider))
    await settled()
    gateway.report_unusable("acme/m", KeyRefused())
    assert await outcomes([waiting]) == ["CircuitOpen"]
    await provider.end()
    assert await outcomes(holding) == ["ok", "ok"]


async def test_a_refused_key_opens_the_circuits_of_all_models_of_its_provider() -> None:
    gateway, provider = ModelGateway(8), Provider()
    for model in ("acme/m", "acme/n", "other/m"):
        gateway.register_model(model)
    calling = asyncio.create_task(gateway.call_model("acme/m", LONG, provider))
    await settled()
    await provider.end(KeyRefused())
    assert await outcomes([calling]) == ["KeyRefused"]
    assert gateway.circuit_states() == {
        "acme/m": "open",
        "acme/n": "open",
        "other/m": "closed",
    }


async def test_what_concerns_one_model_leaves_the_others_alone() -> None:
    gateway = ModelGateway(8)
    gateway.register_model("acme/n")
    for _ in range(4):
        gateway.report_unusable("acme/m", ProviderFailed())
    assert gateway.circuit_states() == {"acme/n": "closed", "acme/m": "open"}
