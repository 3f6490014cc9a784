"""What a question costs: reserved, settled, and the end of the money."""

import asyncio

import pytest

from contracts.usage import Usage
from engines.llm.asking import Answered
from engines.llm.chat import Chat
from engines.llm.failures import BudgetSpent
from engines.llm.prices import Price, Prices
from engines.llm.records import CallRecord
from tests.modelstub import ModelStub
from tests.modelstub.engine import asker_on, models_on
from tests.modelstub.modes import SPOILING
from tests.unit.llm.asking_a_stub import asked, models_asked, question

PRIMARY, FALLBACK = "compatible/m", "compatible/n"
PRICES = Prices.model_validate(
    {
        "as_of": "2026-01-01",
        "models": {PRIMARY: Price(prompt=10, completion=10), FALLBACK: Price(prompt=1, completion=1)},
    }
)
FULL_CALL = 1024 * 10e-6
"""Dollars that the longest answer of the primary costs, about what is reserved for a call."""


@pytest.mark.parametrize(
    ("budget", "fallback", "models"),
    [(2 * FULL_CALL, "n", ["m"]), (FULL_CALL / 2, "n", ["n"]), (0.0, "n", []), (FULL_CALL / 2, None, [])],
    ids=["full", "small", "spent", "no small one"],
)
async def test_a_budget_leads_to_the_small_model_and_then_to_none(
    stub: ModelStub, chat: Chat, budget: float, fallback: str | None, models: list[str]
) -> None:
    asker = asker_on(models_on(stub.url, fallback), chat, prices=PRICES, per_ticket_usd=budget)
    outcome = await asked(asker)
    assert models_asked(stub) == models
    if not models:
        assert type(outcome) is BudgetSpent
        assert outcome.usage == Usage()
    else:
        assert isinstance(outcome, Answered)
        cost = {"m": 120 * 10e-6, "n": 120 * 1e-6}[models[0]]
        assert outcome.usage.cost_usd == pytest.approx(cost)


async def test_a_ticket_that_has_spent_its_budget_does_not_stop_another(stub: ModelStub, chat: Chat) -> None:
    asker = asker_on(models_on(stub.url), chat, prices=PRICES, per_ticket_usd=FULL_CALL * 1.1)
    outcomes = [await asked(asker, ticket=ticket) for ticket in ("T-1", "T-1", "T-1", "T-2")]
    assert [type(outcome).__name__ for outcome in outcomes] == ["Answered", "BudgetSpent", "BudgetSpent", "Answered"]


@pytest.mark.parametrize("mode", [mode for mode in SPOILING if mode not in ("nousage", "oddusage")])
async def test_money_is_counted_for_answers_that_are_no_good(stub: ModelStub, chat: Chat, mode: str) -> None:
    stub.mode = mode
    asker = asker_on(models_on(stub.url), chat, prices=PRICES, attempts=1)
    outcome = await asked(asker)
    assert outcome.usage.cost_usd == pytest.approx(120 * 10e-6)
    assert asker.budget.spent_today() == outcome.usage.cost_usd


async def test_a_cancelled_call_leaves_no_reservation(stub: ModelStub, chat: Chat) -> None:
    stub.mode = "timeout"
    records: list[CallRecord] = []
    asker = asker_on(models_on(stub.url), chat, prices=PRICES, per_ticket_usd=FULL_CALL * 1.1, observe=records.append)
    task = asyncio.create_task(asker.ask(question()))
    await stub.hanging.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [record.outcome for record in records] == ["cancelled"]
    stub.mode = "ok"
    assert isinstance(await asked(asker), Answered)
