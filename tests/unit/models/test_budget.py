"""Budgets: whatever the order of calls, no limit is passed; what was really used is what counts."""

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from contracts.usage import Usage
from engines.models import budget as module
from engines.models.budget import Budget, fill_missing_tokens
from engines.models.failures import BudgetSpent
from engines.models.prices import Price, Prices

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PRICES = Prices(
    as_of=date(2026, 1, 1),
    models={
        "acme/big": Price(prompt=2, cached_prompt=1, completion=10),
        "acme/small": Price(prompt=0.1, completion=0.5),
        "ollama/*": Price(prompt=0, completion=0),
    },
)


class Clock:
    """A time of day that moves when told to."""

    def __init__(self, time: datetime = NOON) -> None:
        self.time = time

    def __call__(self) -> datetime:
        return self.time


def used(prompt: int, completion: int, cached: int = 0) -> Usage:
    return Usage(
        calls=1,
        prompt_tokens=prompt,
        completion_tokens=completion,
        cached_tokens=cached,
        models=("acme/x",),
    )


def test_what_was_used_is_what_it_costs() -> None:
    budget = Budget(PRICES, None, None, None, Clock())
    reservation = budget.reserve_call("t", "d", "acme/big", 1_000, 1_000)
    assert budget.spent_today() == 0
    usage = budget.settle_reservation(
        reservation, used(600_000, 10_000, cached=100_000)
    )
    assert usage == used(600_000, 10_000, cached=100_000).model_copy(
        update={"cost_usd": 1.2}
    )
    assert budget.spent_today() == 1.2
    assert budget.spent_today_by_desk() == {"d": 1.2}


def test_the_ticket_s_budget() -> None:
    budget = Budget(PRICES, 0.01, None, None, Clock())
    budget.settle_reservation(
        budget.reserve_call("t", "d", "acme/big", 500, 900), used(500, 800)
    )
    with pytest.raises(
        BudgetSpent,
        match=r"acme/big may cost 0\.010000 USD; this ticket's budget has 0\.001000 left",
    ):
        budget.reserve_call("t", "d", "acme/big", 0, 1_000)
    budget.reserve_call("t", "d", "acme/small", 0, 1_000)
    budget.reserve_call("other", "d", "acme/big", 0, 1_000)


def test_the_day_s_budget_counts_what_was_spent_before_the_start() -> None:
    budget = Budget(PRICES, None, 1.0, None, Clock(), spent_today={"d": 0.995})
    assert budget.spent_today() == 0.995
    with pytest.raises(BudgetSpent, match=r"the daily budget has 0\.005000 left"):
        budget.reserve_call("t", "d", "acme/big", 0, 501)
    budget.reserve_call("t", "d", "acme/big", 0, 500)
    with pytest.raises(BudgetSpent):
        budget.reserve_call("u", "d", "acme/small", 1, 0)


def test_a_desk_s_budget_is_its_own() -> None:
    budget = Budget(PRICES, None, None, {"d": 0.001}, Clock())
    with pytest.raises(BudgetSpent, match="the d desk's daily budget"):
        budget.reserve_call("t", "d", "acme/big", 0, 101)
    budget.reserve_call("t", "e", "acme/big", 0, 10**9)
    budget.reserve_call("t", "d", "acme/big", 0, 100)


def test_what_is_refused_takes_nothing_of_any_budget() -> None:
    budget = Budget(PRICES, 0.001, 0.001, {"d": 0.001}, Clock())
    for _ in range(3):
        with pytest.raises(BudgetSpent):
            budget.reserve_call("t", "d", "acme/big", 0, 101)
    budget.reserve_call("t", "d", "acme/big", 0, 100)


def test_a_release_gives_back_and_does_nothing_after_a_settlement() -> None:
    budget = Budget(PRICES, 0.001, None, None, Clock())
    budget.release_reservation(budget.reserve_call("t", "d", "acme/big", 0, 100))
    reservation = budget.reserve_call("t", "d", "acme/big", 0, 100)
    budget.settle_reservation(reservation, used(0, 60))
    budget.release_reservation(reservation)
    budget.settle_reservation(reservation, used(0, 60))
    assert budget.spent_today() == 0.0006
    with pytest.raises(BudgetSpent):
        budget.reserve_call("t", "d", "acme/big", 0, 41)
    budget.reserve_call("t", "d", "acme/big", 0, 40)


def test_more_used_than_reserved_is_booked_and_stops_what_follows_but_not_what_is_free() -> (
    None
):
    budget = Budget(PRICES, None, 0.001, None, Clock())
    budget.settle_reservation(
        budget.reserve_call("t", "d", "acme/big", 0, 100), used(0, 300)
    )
    assert budget.spent_today() == 0.003
    with pytest.raises(BudgetSpent, match=r"has 0\.000000 left"):
        budget.reserve_call("u", "d", "acme/small", 1, 0)
    budget.reserve_call("u", "d", "ollama/qwen", 10**6, 10**6)


def test_what_is_forfeited_is_spent_once() -> None:
    budget = Budget(PRICES, 0.001, None, None, Clock())
    reservation = budget.reserve_call("t", "d", "acme/big", 0, 80)
    assert budget.forfeit_reservation(reservation, used(0, 0)) == used(0, 0).model_copy(
        update={"cost_usd": 0.0008}
    )
    budget.forfeit_reservation(reservation, used(0, 0))
    budget.settle_reservation(reservation, used(0, 80))
    budget.release_reservation(reservation)
    assert budget.spent_today() == 0.0008
    with pytest.raises(BudgetSpent):
        budget.reserve_call("t", "d", "acme/big", 0, 21)


def test_tokens_are_estimated_only_where_none_was_told() -> None:
    assert fill_missing_tokens(used(7, 5, cached=2), 3200, 3200) == used(7, 5, cached=2)
    assert fill_missing_tokens(used(7, 0, cached=2), 3200, 33) == used(7, 11, cached=2)
    assert fill_missing_tokens(used(0, 5), 3200, 33) == used(1000, 5)
    assert fill_missing_tokens(used(0, 0), 0, 0) == used(0, 0)


def test_a_budget_of_nothing_lets_only_free_models_through() -> None:
    budget = Budget(PRICES, None, 0.0, None, Clock())
    budget.reserve_call("t", "d", "ollama/qwen", 100, 100)
    with pytest.raises(BudgetSpent):
        budget.reserve_call("t", "d", "acme/small", 1, 0)


@pytest.mark.parametrize(
    ("limits", "cost"),
    [((None, None, None), 0.0), ((9, None, None), 12.0), ((None, 99, None), 12.0)],
)
def test_an_unknown_model_is_the_dearest_where_there_is_a_limit(
    limits: tuple[float | None, float | None, None], cost: float
) -> None:
    budget = Budget(PRICES, *limits, Clock())
    reservation = budget.reserve_call("t", "d", "acme/unheard-of", 0, 0)
    assert (
        budget.settle_reservation(reservation, used(1_000_000, 1_000_000)).cost_usd
        == cost
    )


def test_a_new_utc_day_is_a_new_budget_for_days_and_desks_but_not_for_tickets() -> None:
    clock = Clock(datetime(2026, 3, 1, 23, 59, tzinfo=UTC))
    budget = Budget(PRICES, 0.0015, 0.001, {"d": 0.001}, clock, spent_today={})
    budget.settle_reservation(
        budget.reserve_call("t", "d", "acme/big", 0, 100), used(0, 100)
    )
    clock.time = clock.time.astimezone(timezone(timedelta(hours=-8))) + timedelta(
        seconds=59
    )
    with pytest.raises(BudgetSpent):
        budget.reserve_call("u", "d", "acme/big", 0, 1)
    clock.time += timedelta(seconds=1)
    assert budget.spent_today() == 0
    assert budget.spent_today_by_desk() == {}
    with pytest.raises(BudgetSpent, match="this ticket's"):
        budget.reserve_call("t", "d", "acme/big", 0, 51)
    budget.reserve_call("u", "d", "acme/big", 0, 100)


def test_a_call_that_ends_after_midnight_belongs_to_the_day_it_began() -> None:
    clock = Clock()
    budget = Budget(PRICES, None, 0.001, None, clock)
    reservation = budget.reserve_call("t", "d", "acme/big", 0, 100)
    clock.time += timedelta(days=1)
    budget.reserve_call("u", "d", "acme/big", 0, 100)
    assert budget.settle_reservation(reservation, used(0, 100)).cost_usd == 0.001
    assert budget.spent_today() == 0


def test_a_clock_put_back_brings_no_money_twice() -> None:
    clock = Clock()
    budget = Budget(PRICES, None, 0.001, None, clock)
    budget.settle_reservation(
        budget.reserve_call("t", "d", "acme/big", 0, 100), used(0, 100)
    )
    clock.time -= timedelta(days=1)
    with pytest.raises(BudgetSpent):
        budget.reserve_call("t", "d", "acme/big", 0, 1)
    clock.time += timedelta(days=1)
    assert budget.spent_today() == 0.001


def test_old_tickets_are_forgotten_and_calls_of_theirs_still_settle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_TRACKED_TICKETS", 2)
    budget = Budget(PRICES, 0.001, None, None, Clock())
    reservation = budget.reserve_call("old", "d", "acme/big", 0, 100)
    for ticket in ("a", "b"):
        budget.reserve_call(ticket, "d", "acme/big", 0, 100)
    budget.settle_reservation(reservation, used(0, 100))
    budget.reserve_call("old", "d", "acme/big", 0, 100)
    assert budget.spent_today() == 0.001


async def test_calls_of_one_ticket_side_by_side_do_not_spend_the_same_money() -> None:
    budget = Budget(PRICES, 0.005, None, None, Clock())

    async def call() -> bool:
        await asyncio.sleep(0)
        try:
            reservation = budget.reserve_call("t", "d", "acme/big", 0, 100)
        except BudgetSpent:
            return False
        await asyncio.sleep(0)
        budget.settle_reservation(reservation, used(0, 100))
        return True

    assert sum(await asyncio.gather(*(call() for _ in range(50)))) == 5
    assert budget.spent_today() == 0.005
