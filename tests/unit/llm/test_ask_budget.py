"""What a question costs: reserved, settled, and the end of the money."""

import asyncio
import json
import math

import pytest

from contracts.usage import Usage
from engines.llm.ask import ValidAnswer
from engines.models.chat import ChatClient
from engines.models.failures import BudgetSpent, ModelTimedOut
from engines.models.prices import Price, Prices
from engines.models.records import CallRecord
from tests.modelstub import ModelStub
from tests.modelstub.engine import asker_on, models_on
from tests.modelstub.modes import ERRORS, SPOILING
from tests.unit.llm.stub_questions import asked, models_asked, question
from tests.unit.models.open_calls import LONG, Provider, outcomes, settled

PRIMARY, FALLBACK = "compatible/m", "compatible/n"
PRICES = Prices.model_validate(
    {
        "as_of": "2026-01-01",
        "models": {
            PRIMARY: Price(prompt=10, completion=10),
            FALLBACK: Price(prompt=1, completion=1),
        },
    }
)
FULL_CALL = 1024 * 10e-6
"""Dollars that the longest answer of the primary costs, about what is reserved for a call."""

RESERVED = (
    FULL_CALL + math.ceil(len("You classify." + "It is about billing.") / 3.2) * 10e-6
)
"""Dollars that are reserved for the question of these tests."""


@pytest.mark.parametrize(
    ("budget", "fallback", "models"),
    [
        (2 * FULL_CALL, "n", ["m"]),
        (FULL_CALL / 2, "n", ["n"]),
        (0.0, "n", []),
        (FULL_CALL / 2, None, []),
    ],
    ids=["full", "small", "spent", "no small one"],
)
async def test_a_budget_leads_to_the_small_model_and_then_to_none(
    stub: ModelStub,
    chat: ChatClient,
    budget: float,
    fallback: str | None,
    models: list[str],
) -> None:
    asker = asker_on(
        models_on(stub.url, fallback), chat, prices=PRICES, per_ticket_usd=budget
    )
    outcome = await asked(asker)
    assert models_asked(stub) == models
    if not models:
        assert type(outcome) is BudgetSpent
        assert outcome.usage == Usage()
    else:
        assert isinstance(outcome, ValidAnswer)
        cost = {"m": 120 * 10e-6, "n": 120 * 1e-6}[models[0]]
        assert outcome.usage.cost_usd == pytest.approx(cost)


async def test_a_ticket_that_has_spent_its_budget_does_not_stop_another(
    stub: ModelStub, chat: ChatClient
) -> None:
    asker = asker_on(
        models_on(stub.url), chat, prices=PRICES, per_ticket_usd=FULL_CALL * 1.1
    )
    four = [
        await asked(asker, ticket=ticket) for ticket in ("T-1", "T-1", "T-1", "T-2")
    ]
    assert [type(outcome).__name__ for outcome in four] == [
        "ValidAnswer",
        "BudgetSpent",
        "BudgetSpent",
        "ValidAnswer",
    ]


@pytest.mark.parametrize(
    "mode", [mode for mode in SPOILING if mode not in ("nousage", "oddusage")]
)
async def test_money_is_counted_for_answers_that_are_no_good(
    stub: ModelStub, chat: ChatClient, mode: str
) -> None:
    stub.mode = mode
    asker = asker_on(models_on(stub.url), chat, prices=PRICES, attempts=1)
    outcome = await asked(asker)
    assert outcome.usage.cost_usd == pytest.approx(120 * 10e-6)
    assert asker.budget.spent_today() == outcome.usage.cost_usd


@pytest.mark.parametrize("mode", ["nousage", "oddusage"])
async def test_tokens_that_nobody_told_are_estimated(
    stub: ModelStub, chat: ChatClient, mode: str
) -> None:
    stub.mode, stub.answer = (
        mode,
        {"reasoning": "So.", "category": "billing", "severity": "low", "fields": []},
    )
    records: list[CallRecord] = []
    asker = asker_on(models_on(stub.url), chat, prices=PRICES, observe=records.append)
    outcome = await asked(asker)
    assert isinstance(outcome, ValidAnswer)
    prompt, answer = (
        len("You classify." + "It is about billing."),
        len(json.dumps(stub.answer)),
    )
    tokens = (math.ceil(prompt / 3.2), math.ceil(answer / 3.2))
    assert (outcome.usage.prompt_tokens, outcome.usage.completion_tokens) == tokens
    assert (
        outcome.usage.cost_usd
        == asker.budget.spent_today()
        == pytest.approx(sum(tokens) * 10e-6)
    )
    assert [record.usage for record in records] == [outcome.usage]


async def test_a_budget_ends_also_where_nobody_tells_tokens(
    stub: ModelStub, chat: ChatClient
) -> None:
    stub.mode = "nousage"
    asker = asker_on(
        models_on(stub.url), chat, prices=PRICES, per_ticket_usd=FULL_CALL * 1.1
    )
    ten = [await asked(asker) for _ in range(10)]
    assert type(ten[-1]) is BudgetSpent
    assert len(stub.requests) < 10


async def test_a_call_that_timed_out_costs_what_was_reserved(
    stub: ModelStub, chat: ChatClient
) -> None:
    stub.mode = "timeout"
    asker = asker_on(
        models_on(stub.url), chat, prices=PRICES, per_ticket_usd=FULL_CALL * 1.1
    )
    outcome = await asked(asker, seconds=0.6)
    assert type(outcome) is ModelTimedOut
    assert (outcome.usage.calls, outcome.usage.models, outcome.usage.tokens) == (
        1,
        (PRIMARY,),
        0,
    )
    assert (
        outcome.usage.cost_usd == asker.budget.spent_today() == pytest.approx(RESERVED)
    )
    assert type(await asked(asker, seconds=0.6)) is BudgetSpent
    assert len(stub.requests) == 1


async def test_a_call_cancelled_after_it_was_sent_costs_what_was_reserved(
    stub: ModelStub, chat: ChatClient
) -> None:
    stub.mode = "timeout"
    records: list[CallRecord] = []
    asker = asker_on(
        models_on(stub.url),
        chat,
        prices=PRICES,
        per_ticket_usd=FULL_CALL * 1.1,
        observe=records.append,
    )
    task = asyncio.create_task(asker.ask_model(question()))
    await stub.hanging.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [
        (record.outcome, record.usage.calls, record.usage.models) for record in records
    ] == [("cancelled", 1, (PRIMARY,))]
    assert (
        records[0].usage.cost_usd
        == asker.budget.spent_today()
        == pytest.approx(RESERVED)
    )
    assert type(await asked(asker)) is BudgetSpent


async def test_a_call_cancelled_before_it_was_sent_costs_nothing(
    stub: ModelStub, chat: ChatClient
) -> None:
    records: list[CallRecord] = []
    asker = asker_on(
        models_on(stub.url),
        chat,
        prices=PRICES,
        per_ticket_usd=FULL_CALL * 1.1,
        observe=records.append,
    )
    provider = Provider()
    holding = [
        asyncio.create_task(asker.gateway.call_model(PRIMARY, LONG, provider))
        for _ in range(2)
    ]
    await settled()
    task = asyncio.create_task(asker.ask_model(question()))
    await settled()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await provider.end()
    assert await outcomes(holding) == ["ok", "ok"]
    assert [(record.outcome, record.usage) for record in records] == [
        ("cancelled", Usage())
    ]
    assert asker.budget.spent_today() == 0
    assert isinstance(await asked(asker), ValidAnswer)


@pytest.mark.parametrize("mode", ERRORS)
async def test_what_is_refused_with_an_http_error_costs_nothing(
    stub: ModelStub, chat: ChatClient, mode: str
) -> None:
    stub.mode, stub.retry_after = mode, "60"
    asker = asker_on(models_on(stub.url), chat, prices=PRICES, attempts=1)
    outcome = await asked(asker)
    assert (outcome.usage.calls, outcome.usage.cost_usd) == (1, 0)
    assert asker.budget.spent_today() == 0
