"""Two models of one provider: what fails of one is learned, however well the other answers."""

import asyncio
from collections import Counter

import pytest

from engines.llm.ask import ValidAnswer
from engines.models.chat import ChatClient
from engines.models.failures import (
    Busy,
    CircuitOpen,
    KeyRefused,
    ModelError,
    ModelTimedOut,
    ProviderFailed,
)
from engines.models.records import CallRecord
from tests.modelstub import ModelStub
from tests.modelstub.engine import asker_on, models_on
from tests.unit.llm.stub_questions import asked, models_asked
from tests.unit.models.open_calls import LONG, Provider, outcomes, settled

PRIMARY, FALLBACK = "compatible/m", "compatible/n"


@pytest.mark.parametrize("mode", ["timeout", "404", "500", "malformed"])
async def test_a_primary_that_fails_is_left_alone_although_the_fallback_answers(
    stub: ModelStub, chat: ChatClient, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 0.6 s for the primary, and all the time it needs for the fallback
    monkeypatch.setattr("engines.llm.ask.PRIMARY_TIME_SHARE", 0.02)
    seconds = 30.0
    asker = asker_on(models_on(stub.url, "n"), chat)
    stub.then(*[mode, "ok"] * 4)
    for _ in range(4):
        assert isinstance(await asked(asker, seconds=seconds), ValidAnswer)
    assert Counter(models_asked(stub)) == {"m": 4, "n": 4}
    stub.requests.clear()
    answered = await asked(asker, seconds=seconds)
    assert isinstance(answered, ValidAnswer)
    assert models_asked(stub) == ["n"]
    assert (answered.usage.calls, answered.usage.models) == (1, (FALLBACK,))
    assert asker.gateway.circuit_states() == {PRIMARY: "open", FALLBACK: "closed"}


async def test_a_call_that_was_not_sent_is_none_of_the_attempts(
    stub: ModelStub, chat: ChatClient
) -> None:
    records: list[CallRecord] = []
    asker = asker_on(models_on(stub.url, "n"), chat, attempts=1, observe=records.append)
    for _ in range(4):
        asker.gateway.report_unusable(PRIMARY, ProviderFailed())
    assert isinstance(await asked(asker), ValidAnswer)
    assert [(record.model, record.outcome) for record in records] == [
        (PRIMARY, "CircuitOpen"),
        (FALLBACK, "ok"),
    ]
    assert models_asked(stub) == ["n"]


async def test_a_busy_primary_leads_to_the_fallback(
    stub: ModelStub, chat: ChatClient
) -> None:
    records: list[CallRecord] = []
    asker, provider = (
        asker_on(models_on(stub.url, "n"), chat, observe=records.append),
        Provider(),
    )
    hanging = [
        asyncio.create_task(asker.gateway.call_model(PRIMARY, LONG, provider))
        for _ in range(2)
    ]
    await settled()
    answered = await asked(asker, seconds=2.0)
    assert isinstance(answered, ValidAnswer)
    assert answered.usage.models == (FALLBACK,)
    assert [(record.model, record.outcome) for record in records] == [
        (PRIMARY, "Busy"),
        (FALLBACK, "ok"),
    ]
    await provider.end()
    assert await outcomes(hanging) == ["ok", "ok"]


async def test_two_models_at_rest_end_the_step_at_once(
    stub: ModelStub, chat: ChatClient
) -> None:
    asker = asker_on(models_on(stub.url, "n"), chat)
    for model in (PRIMARY, FALLBACK):
        for _ in range(4):
            asker.gateway.report_unusable(model, ProviderFailed())
    outcome = await asked(asker)
    assert type(outcome) is CircuitOpen
    assert outcome.usage.calls == 0
    assert stub.requests == []


async def test_a_refused_key_closes_the_way_to_both_models(
    stub: ModelStub, chat: ChatClient
) -> None:
    stub.mode = "401"
    asker = asker_on(models_on(stub.url, "n"), chat)
    assert type(await asked(asker)) is KeyRefused
    assert asker.gateway.circuit_states() == {PRIMARY: "open", FALLBACK: "open"}
    assert type(await asked(asker)) is CircuitOpen
    assert models_asked(stub) == ["m"]


@pytest.mark.parametrize("mode", ["500", "malformed", "401", "timeout"])
async def test_thirty_cold_questions_at_a_dead_provider_make_few_calls(
    stub: ModelStub, chat: ChatClient, mode: str
) -> None:
    stub.mode = mode
    asker = asker_on(models_on(stub.url, "n"), chat)
    outcomes = await asyncio.gather(
        *(asked(asker, ticket=f"T-{n}", seconds=2.0) for n in range(30))
    )
    assert all(isinstance(outcome, ModelError) for outcome in outcomes)
    assert len(stub.requests) <= 12
    again = await asked(asker, seconds=2.0)
    assert isinstance(again, CircuitOpen | ModelTimedOut | Busy)
    assert len(stub.requests) <= 12
