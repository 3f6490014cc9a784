"""One step's question.

Never more calls than allowed, over in time, and everything that was used is counted.
"""

import asyncio
import time
from collections import Counter
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.usage import Usage
from engines.llm.ask import ValidAnswer
from engines.models.chat import ChatClient
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
    RequestRefused,
    Truncated,
)
from engines.models.records import CallRecord
from tests.modelstub import MODES, USAGE, ModelStub
from tests.modelstub.engine import asker_on, models_on
from tests.modelstub.modes import ERRORS, TRANSPORT
from tests.unit.llm.stub_questions import asked, models_asked, question

PRIMARY, FALLBACK = "compatible/m", "compatible/n"
AT_ONCE = [mode for mode in MODES if mode != "timeout"]
HANGING = 60.0
"""Seconds that pass only when something waits that must not."""

UNCOUNTED = {*ERRORS, *TRANSPORT}
ESTIMATED = {"nousage", "oddusage"}


@settings(max_examples=150, deadline=None)
@given(
    modes=st.lists(st.sampled_from(AT_ONCE), min_size=4, max_size=4),
    attempts=st.integers(1, 4),
    fallback=st.sampled_from([None, "n"]),
    rejects=st.sets(st.sampled_from(["json_schema", "json_object", "tools"])),
)
async def test_whatever_the_calls_meet_they_are_few_and_counted(
    shared: tuple[ModelStub, ChatClient],
    modes: list[str],
    attempts: int,
    fallback: str | None,
    rejects: set[str],
) -> None:
    stub, chat = shared
    stub.reset()
    stub.then(*modes)
    stub.rejects, stub.retry_after = rejects, "0"
    records: list[CallRecord] = []
    asker = asker_on(
        models_on(stub.url, fallback), chat, attempts=attempts, observe=records.append
    )
    outcome = await asked(asker)
    usage = outcome.usage
    assert 1 <= usage.calls == len(stub.requests) <= attempts
    assert set(usage.models) == {f"compatible/{model}" for model in models_asked(stub)}
    assert sum((record.usage for record in records), Usage()).tokens == usage.tokens
    assert ESTIMATED & set(modes) or usage.prompt_tokens % USAGE["prompt_tokens"] == 0
    if not rejects:
        met = modes[: usage.calls]
        counted = (
            sum(mode not in UNCOUNTED | ESTIMATED for mode in met)
            * USAGE["total_tokens"]
        )
        assert (
            usage.tokens > counted if ESTIMATED & set(met) else usage.tokens == counted
        )
    assert "ok" not in [record.outcome for record in records[:-1]]
    assert (records[-1].outcome == "ok") == isinstance(outcome, ValidAnswer)


@settings(max_examples=6, deadline=None)
@given(
    modes=st.permutations(["timeout", "500", "malformed"]),
    fallback=st.sampled_from([None, "n"]),
)
async def test_a_call_that_hangs_ends_with_the_step(
    shared: tuple[ModelStub, ChatClient], modes: list[str], fallback: str | None
) -> None:
    stub, chat = shared
    stub.reset()
    stub.then(*modes)
    async with asyncio.timeout(HANGING):
        outcome = await asked(
            asker_on(models_on(stub.url, fallback), chat), seconds=0.8
        )
    assert isinstance(outcome, ModelError)
    assert outcome.usage.calls == len(stub.requests) <= 2


FAILURES: dict[str, type[ModelError]] = {
    "500": ProviderFailed,
    "drop": ProviderFailed,
    "html": ProviderFailed,
    "nochoices": ProviderFailed,
    "429": RateLimited,
    "404": RequestRefused,
    "refusal": ModelDeclined,
    "truncated": Truncated,
    "wrongschema": Invalid,
}


@pytest.mark.parametrize("mode", FAILURES)
async def test_the_fallback_model_is_asked_once_after_the_primary(
    stub: ModelStub, chat: ChatClient, mode: str
) -> None:
    stub.then(mode, "ok")
    stub.retry_after = "0"
    answered = await asked(asker_on(models_on(stub.url, "n"), chat))
    assert isinstance(answered, ValidAnswer)
    assert models_asked(stub) == ["m", "n"]
    assert answered.usage.models == (PRIMARY, FALLBACK)
    assert stub.requests[0].text == stub.requests[1].text


@pytest.mark.parametrize("mode", FAILURES)
async def test_what_fails_twice_is_its_own_failure(
    stub: ModelStub, chat: ChatClient, mode: str
) -> None:
    stub.mode, stub.retry_after = mode, "0"
    assert type(await asked(asker_on(models_on(stub.url, "n"), chat))) is FAILURES[mode]
    assert models_asked(stub) == ["m", "n"]


@pytest.mark.parametrize(
    "mode", ["malformed", "wrongschema", "empty", "cut", "truncated"]
)
async def test_without_a_fallback_a_broken_answer_is_repaired_once(
    stub: ModelStub, chat: ChatClient, mode: str
) -> None:
    stub.mode = mode
    outcome = await asked(asker_on(models_on(stub.url, max_tokens=100), chat))
    assert isinstance(outcome, ModelError)
    assert outcome.usage == Usage(
        calls=2,
        prompt_tokens=200,
        completion_tokens=40,
        cached_tokens=80,
        models=(PRIMARY,),
    )
    first, second = stub.requests
    assert "It is about billing." in second.text
    assert second.text != first.text
    assert second.body["max_tokens"] == (200 if mode in ("truncated", "cut") else 100)


async def test_the_repair_names_what_was_wrong_and_repeats_nothing(
    stub: ModelStub, chat: ChatClient
) -> None:
    stub.then("wrongschema", "ok")
    assert isinstance(await asked(asker_on(models_on(stub.url), chat)), ValidAnswer)
    repair = stub.requests[1].text
    assert "category: literal_error" in repair
    assert "hardware" not in repair
    assert "made_up" not in repair


async def test_a_refused_key_is_not_tried_again(
    stub: ModelStub, chat: ChatClient
) -> None:
    stub.mode = "401"
    asker = asker_on(models_on(stub.url, "n"), chat)
    assert type(await asked(asker)) is KeyRefused
    assert type(await asked(asker)) is CircuitOpen
    assert models_asked(stub) == ["m"]


async def test_a_rate_limit_that_outlasts_the_step_ends_it_at_once(
    stub: ModelStub, chat: ChatClient
) -> None:
    stub.mode, stub.retry_after = "429", "1000"
    async with asyncio.timeout(HANGING):
        outcome = await asked(asker_on(models_on(stub.url), chat), seconds=999.0)
    assert type(outcome) is RateLimited
    assert len(stub.requests) == 1


async def test_a_rate_limit_that_ends_in_time_is_waited_for(
    stub: ModelStub, chat: ChatClient
) -> None:
    stub.then("429", "ok")
    stub.retry_after = "0.2"
    started = time.monotonic()
    assert isinstance(await asked(asker_on(models_on(stub.url), chat)), ValidAnswer)
    assert time.monotonic() - started >= 0.2
    assert models_asked(stub) == ["m", "m"]


async def test_a_way_of_asking_that_was_refused_is_remembered(
    stub: ModelStub, chat: ChatClient
) -> None:
    stub.rejects = {"json_schema"}
    asker = asker_on(models_on(stub.url), chat)
    first, second = await asked(asker, ticket="T-1"), await asked(asker, ticket="T-2")
    assert (first.usage.calls, second.usage.calls) == (2, 1)
    assert [received.body["response_format"]["type"] for received in stub.requests] == [
        "json_schema",
        "json_object",
        "json_object",
    ]


async def test_the_ladder_has_as_many_calls_as_any_other_failure(
    stub: ModelStub, chat: ChatClient
) -> None:
    stub.rejects = {"json_schema", "json_object", "tools"}
    asker = asker_on(models_on(stub.url), chat)
    assert type(await asked(asker)) is FormatRefused
    assert len(stub.requests) == 2
    second = await asked(asker)
    assert isinstance(second, ValidAnswer)
    assert len(stub.requests) == 4
    assert "response_format" not in stub.requests[-1].body


async def test_tickets_side_by_side_do_not_refuse_more_than_the_provider_did(
    stub: ModelStub, chat: ChatClient
) -> None:
    stub.rejects = {"json_schema"}
    asker = asker_on(models_on(stub.url), chat)
    outcomes = await asyncio.gather(
        *(asked(asker, ticket=f"T-{number}") for number in range(20))
    )
    assert all(isinstance(outcome, ValidAnswer) for outcome in outcomes)
    ways = Counter(
        received.body["response_format"]["type"] for received in stub.requests
    )
    assert ways["json_object"] == 20
    assert ways["json_schema"] <= 2


async def test_a_step_waits_for_a_place_no_longer_than_leaves_time_for_a_call(
    stub: ModelStub, chat: ChatClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engines.llm.ask.MIN_CALL_SECONDS", HANGING)
    stub.mode = "timeout"
    asker = asker_on(models_on(stub.url), chat, concurrency=1)
    calling = asyncio.create_task(asked(asker, seconds=HANGING))
    await stub.hanging.wait()
    second = await asked(asker, seconds=1.0)  # half of it for waiting, half for a call
    assert (type(second), second.usage) == (Busy, Usage())
    assert not calling.done()
    calling.cancel()
    await asyncio.wait({calling})
    assert len(stub.requests) == 1


async def test_a_call_that_is_cut_off_at_its_deadline_counts_against_the_circuit(
    stub: ModelStub, chat: ChatClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = 0.0
    monkeypatch.setattr(
        "engines.llm.ask.time",
        SimpleNamespace(monotonic=lambda: time.monotonic() + passed),
    )
    stub.mode = "timeout"
    asker = asker_on(models_on(stub.url), chat)
    for _ in range(4):
        stub.hanging.clear()
        task = asyncio.create_task(asker.ask_model(question(seconds=HANGING)))
        await stub.hanging.wait()
        passed += HANGING  # a loop so busy that both deadlines are over when it looks
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert type(await asked(asker)) is CircuitOpen
