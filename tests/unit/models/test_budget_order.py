"""Reserve, settle, forfeit, release and midnight in any order, against a ledger of its own."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
)

from contracts.usage import Usage
from engines.models.budget import Budget, Reservation
from engines.models.failures import BudgetSpent
from engines.models.prices import Price, Prices

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PRICES = Prices(
    as_of=date(2026, 1, 1),
    models={"acme/big": Price(prompt=2, cached_prompt=1, completion=10)},
)


class AnyOrder(RuleBasedStateMachine):
    """Reserve, settle, forfeit, release and midnight in any order.

    An independent ledger never finds a limit passed.
    """

    reservations = Bundle("reservations")

    @initialize(
        ticket=st.one_of(st.none(), st.integers(0, 5_000)),
        day=st.one_of(st.none(), st.integers(0, 20_000)),
        desk=st.one_of(st.none(), st.integers(0, 10_000)),
        before=st.integers(0, 100),
    )
    def begin(
        self, ticket: int | None, day: int | None, desk: int | None, before: int
    ) -> None:
        """Limits in millionths of a dollar, which is tenths of a token's price here."""
        self.limits = {"ticket": ticket, "day": day, "desk": desk}
        self.now = NOON
        per_desk = None if desk is None else {"x": desk / 1e6}
        ticket_usd, day_usd = (
            None if limit is None else limit / 1e6 for limit in (ticket, day)
        )
        self.budget = Budget(
            PRICES, ticket_usd, day_usd, per_desk, lambda: self.now, {"x": before / 1e6}
        )
        today = str(NOON.date())
        self.ledger: dict[tuple[str, str], int] = {
            ("day", today): before,
            ("desk", f"x {today}"): before,
        }

    def entries(self, ticket: str, desk: str) -> list[tuple[str, str]]:
        day = str(self.now.date())
        return [("ticket", ticket), ("day", day)] + (
            [("desk", f"{desk} {day}")] if desk == "x" else []
        )

    def fits(self, entries: list[tuple[str, str]], amount: int) -> bool:
        for entry in entries:
            limit = self.limits[entry[0]]
            if (
                limit is not None
                and amount
                and self.ledger.get(entry, 0) + amount > limit
            ):
                return False
        return True

    def book(self, entries: list[tuple[str, str]], amount: int) -> None:
        for entry in entries:
            self.ledger[entry] = self.ledger.get(entry, 0) + amount

    @rule(
        target=reservations,
        ticket=st.sampled_from("abc"),
        desk=st.sampled_from("xy"),
        prompt=st.integers(0, 300),
        completion=st.integers(0, 200),
    )
    def reserve(
        self, ticket: str, desk: str, prompt: int, completion: int
    ) -> tuple[Reservation, list[tuple[str, str]], int, int] | None:
        entries, amount = self.entries(ticket, desk), 2 * prompt + 10 * completion
        try:
            reservation = self.budget.reserve_call(
                ticket, desk, "acme/big", prompt, completion
            )
        except BudgetSpent:
            assert not self.fits(entries, amount)
            return None
        assert self.fits(entries, amount)
        self.book(entries, amount)
        return reservation, entries, prompt, completion

    @rule(held=consumes(reservations), data=st.data())
    def settle(
        self,
        held: tuple[Reservation, list[tuple[str, str]], int, int] | None,
        data: st.DataObject,
    ) -> None:
        if held is None:
            return
        reservation, entries, prompt, completion = held
        really = (
            data.draw(st.integers(0, prompt)),
            data.draw(st.integers(0, completion)),
        )
        cached = data.draw(st.integers(0, really[0]))
        cost = 2 * really[0] - cached + 10 * really[1]
        assert self.budget.settle_reservation(
            reservation,
            Usage(
                prompt_tokens=really[0],
                completion_tokens=really[1],
                cached_tokens=cached,
            ),
        ).cost_usd == pytest.approx(cost / 1e6)
        self.book(entries, cost - 2 * prompt - 10 * completion)

    @rule(held=consumes(reservations))
    def release(
        self, held: tuple[Reservation, list[tuple[str, str]], int, int] | None
    ) -> None:
        if held is not None:
            self.budget.release_reservation(held[0])
            self.book(held[1], -2 * held[2] - 10 * held[3])

    @rule(held=consumes(reservations))
    def forfeit(
        self, held: tuple[Reservation, list[tuple[str, str]], int, int] | None
    ) -> None:
        if held is not None:
            cost = self.budget.forfeit_reservation(held[0], Usage(calls=1)).cost_usd
            assert cost == pytest.approx((2 * held[2] + 10 * held[3]) / 1e6)

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def no_limit_is_passed(self) -> None:
        for (kind, _), amount in getattr(self, "ledger", {}).items():
            limit = self.limits[kind]
            before = 0 if kind == "ticket" else 100
            assert limit is None or amount <= max(limit, before)


TestAnyOrder = AnyOrder.TestCase
