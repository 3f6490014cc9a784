"""The gateway after a rest: one call, and what may become of it."""

import asyncio

import pytest

from engines.models.failures import FormatRefused, KeyRefused
from engines.models.gateway import ModelGateway
from tests.unit.models.open_calls import (
    LONG,
    Clock,
    Provider,
    outcomes,
    settled,
    start,
)


async def test_after_a_rest_one_call_then_two_then_more() -> None:
    clock = Clock()
    gateway, provider = ModelGateway(16, clock=clock), Provider()
    gateway.report_usable("acme")
    gateway.report_unusable("acme", KeyRefused())
    clock.time += 30
    probe, *others = start(gateway, provider, 5)
    await settled()
    assert gateway.circuit_states() == {"acme": "half_open"}
    assert await outcomes(others) == ["CircuitOpen"] * 4
    await provider.end()
    assert await outcomes([probe]) == ["ok"]
    assert gateway.circuit_states() == {"acme": "closed"}
    tasks = start(gateway, provider, 20)
    await settled()
    assert len(provider.under_way) == 2
    await provider.end()
    assert len(provider.under_way) == 8
    await provider.end()
    await provider.end()
    assert await outcomes(tasks) == ["ok"] * 20


async def test_the_probe_does_not_queue_behind_calls_that_hang() -> None:
    clock = Clock()
    gateway, provider = ModelGateway(2, clock=clock), Provider()
    hanging = start(gateway, provider, 2)
    await settled()
    gateway.report_unusable("acme", KeyRefused())
    clock.time += 30
    probe = start(gateway, provider, 1)
    await settled()
    assert provider.calls == 3
    await provider.end()
    assert await outcomes(hanging + probe) == ["ok"] * 3


@pytest.mark.parametrize("how", ["cancelled", "no verdict", "bug"])
async def test_a_probe_that_tells_nothing_makes_room_for_the_next(how: str) -> None:
    clock = Clock()
    gateway, provider = ModelGateway(4, clock=clock), Provider()
    gateway.report_unusable("acme", KeyRefused())
    clock.time += 30
    (probe,) = start(gateway, provider, 1)
    await settled()
    if how == "cancelled":
        probe.cancel()
    else:
        provider.under_way[0].set_exception(
            FormatRefused() if how == "no verdict" else ZeroDivisionError()
        )
    await asyncio.wait([probe])
    following = start(gateway, provider, 2)
    await settled()
    assert len(provider.under_way) == 1
    await provider.end()
    assert await outcomes(following) == ["ok", "CircuitOpen"]
    assert gateway.circuit_states() == {"acme": "closed"}


async def test_a_probe_whose_answer_nobody_judges_is_given_up_after_a_rest() -> None:
    clock = Clock()
    gateway, provider = ModelGateway(4, clock=clock), Provider()
    gateway.report_unusable("acme", KeyRefused())
    clock.time += 30
    probe = asyncio.create_task(gateway.call_model("acme", LONG, provider))
    await settled()
    await provider.end()
    assert await outcomes([probe]) == ["ok"]
    assert await outcomes(start(gateway, provider, 1)) == ["CircuitOpen"]
    clock.time += 30
    following = start(gateway, provider, 1)
    await settled()
    await provider.end()
    assert await outcomes(following) == ["ok"]
