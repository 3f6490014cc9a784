"""Budgets: money is reserved before a call and settled after it.

So concurrent calls cannot spend the same money twice. What a provider does not report is
estimated: an answer's tokens from its characters, the cost of a call whose answer never came
from its reservation.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from cachetools import LRUCache

from contracts.usage import Usage
from engines.models.failures import BudgetSpent
from engines.models.prices import FREE_PRICE, PICODOLLARS_PER_USD, Price, Prices

MAX_TRACKED_TICKETS: Final = 50_000
"""Tickets whose spending is remembered, last used first: far more than are ever open."""


CHARACTERS_PER_TOKEN: Final = 3.2
"""English has about four, identifiers and JSON fewer."""


def estimate_tokens(characters: int) -> int:
    """Tokens of so many characters, estimated rather too high than too low."""
    return math.ceil(characters / CHARACTERS_PER_TOKEN)


def fill_missing_tokens(usage: Usage, prompt: int, answer: int) -> Usage:
    """The usage of an answered call, with tokens estimated where the provider reported none.

    `prompt` and `answer` are characters. No prompt has zero tokens, so zero counts as not
    reported.
    """
    estimated = {
        "prompt_tokens": usage.prompt_tokens or estimate_tokens(prompt),
        "completion_tokens": usage.completion_tokens or estimate_tokens(answer),
    }
    return usage.model_copy(update=estimated)


@dataclass(slots=True)
class BudgetAccount:
    """One budget, in picodollars. A `limit` of None means unlimited."""

    name: str
    limit: int | None
    spent: int = 0
    reserved: int = 0

    def has_room(self, amount: int) -> bool:
        """Whether the amount can still be reserved. Zero always can."""
        return (
            not amount
            or self.limit is None
            or self.spent + self.reserved + amount <= self.limit
        )


@dataclass(eq=False, frozen=True, slots=True)
class Reservation:
    """Money reserved for one call, in the accounts of its ticket, desk and day.

    It holds the accounts themselves: a call that ends after midnight is settled on the day it
    began.
    """

    price: Price
    amount: int
    accounts: tuple[BudgetAccount, ...]


class Budget:
    """The money of one process, in USD: per ticket, per UTC day, and per desk and UTC day.

    None is no limit. A call is refused when what was spent and what is reserved would exceed a
    limit; only a call that uses more tokens than were reserved for it can exceed one. Nothing
    here waits, so it is safe on one event loop.
    """

    def __init__(
        self,
        prices: Prices,
        per_ticket_usd: float | None,
        per_day_usd: float | None,
        per_desk_day_usd: Mapping[str, float] | None,
        now: Callable[[], datetime],
        spent_today: Mapping[str, float] | None = None,
    ) -> None:
        """`spent_today` is what each desk spent since midnight UTC before this process started."""
        self._prices = prices
        self._ticket_limit = _to_picodollars(per_ticket_usd)
        self._day_limit = _to_picodollars(per_day_usd)
        self._desk_limits = {
            desk: _to_picodollars(usd) for desk, usd in (per_desk_day_usd or {}).items()
        }
        limits = (self._ticket_limit, self._day_limit, *self._desk_limits.values())
        self._unknown = (
            FREE_PRICE
            if all(limit is None for limit in limits)
            else prices.highest_price
        )
        self._now = now
        self._accounts_by_ticket: LRUCache[str, BudgetAccount] = LRUCache(
            maxsize=MAX_TRACKED_TICKETS
        )
        self._open_reservations: set[Reservation] = set()
        self._start_day(self._utc_today())
        for desk, usd in (spent_today or {}).items():
            self._desk_account(desk).spent = round(usd * PICODOLLARS_PER_USD)
            self._day_account.spent += round(usd * PICODOLLARS_PER_USD)

    def reserve_call(
        self,
        ticket_id: str,
        desk_id: str,
        model_id: str,
        prompt_tokens: int,
        completion_tokens: int,
    ) -> Reservation:
        """Reserve the most that a call may cost. Raises BudgetSpent, with nothing reserved.

        A model without a price counts as the most expensive of the table where there is any limit,
        and as free elsewhere.
        """
        self._roll_over_day()
        price = self._prices.find_price(model_id) or self._unknown
        amount = price.cost_picodollars(prompt_tokens, completion_tokens)
        accounts = (
            self._day_account,
            self._desk_account(desk_id),
            *self._ticket_accounts(ticket_id),
        )
        for account in accounts:
            if not account.has_room(amount):
                raise BudgetSpent(_refusal_message(account, amount, model_id))
        for account in accounts:
            account.reserved += amount
        reservation = Reservation(price, amount, accounts)
        self._open_reservations.add(reservation)
        return reservation

    def settle_reservation(self, reservation: Reservation, usage: Usage) -> Usage:
        """Book what a call really used, also when it failed. Returns the usage with its `cost_usd`.

        A reservation is closed once: a second settlement, or one after a release, books nothing.
        """
        cost = reservation.price.cost_picodollars(
            usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens
        )
        self._close_reservation(reservation, cost)
        return usage.model_copy(update={"cost_usd": cost / PICODOLLARS_PER_USD})

    def forfeit_reservation(self, reservation: Reservation, usage: Usage) -> Usage:
        """Book the whole reservation, for a call that was sent and whose answer never came.

        Returns the usage with it as its `cost_usd`; its tokens stay as they are. A second time
        nothing is booked.
        """
        self._close_reservation(reservation, reservation.amount)
        return usage.model_copy(
            update={"cost_usd": reservation.amount / PICODOLLARS_PER_USD}
        )

    def release_reservation(self, reservation: Reservation) -> None:
        """Give a reservation back: nothing was sent. No effect on one that is closed."""
        self._close_reservation(reservation, 0)

    def spent_today(self) -> float:
        """USD of this UTC day, of all desks."""
        self._roll_over_day()
        return self._day_account.spent / PICODOLLARS_PER_USD

    def spent_today_by_desk(self) -> dict[str, float]:
        """USD of this UTC day, of each desk that has asked a model."""
        self._roll_over_day()
        return {
            desk: account.spent / PICODOLLARS_PER_USD
            for desk, account in self._accounts_by_desk.items()
        }

    def _close_reservation(self, reservation: Reservation, cost: int) -> None:
        if reservation in self._open_reservations:
            self._open_reservations.remove(reservation)
            for account in reservation.accounts:
                account.reserved -= reservation.amount
                account.spent += cost

    def _ticket_accounts(self, ticket_id: str) -> tuple[BudgetAccount, ...]:
        if self._ticket_limit is None:
            return ()
        if ticket_id not in self._accounts_by_ticket:
            self._accounts_by_ticket[ticket_id] = BudgetAccount(
                "this ticket's", self._ticket_limit
            )
        return (self._accounts_by_ticket[ticket_id],)

    def _desk_account(self, desk_id: str) -> BudgetAccount:
        if desk_id not in self._accounts_by_desk:
            self._accounts_by_desk[desk_id] = BudgetAccount(
                f"the {desk_id} desk's daily", self._desk_limits.get(desk_id)
            )
        return self._accounts_by_desk[desk_id]

    def _utc_today(self) -> date:
        return self._now().astimezone(UTC).date()

    def _roll_over_day(self) -> None:
        today = self._utc_today()
        # A clock that is set back must not give the same day's money twice.
        if today > self._day:
            self._start_day(today)

    def _start_day(self, day: date) -> None:
        self._day = day
        self._day_account = BudgetAccount("the daily", self._day_limit)
        self._accounts_by_desk: dict[str, BudgetAccount] = {}


def _to_picodollars(usd: float | None) -> int | None:
    return None if usd is None else round(usd * PICODOLLARS_PER_USD)


def _refusal_message(account: BudgetAccount, amount: int, model_id: str) -> str:
    left = (
        max(0, (account.limit or 0) - account.spent - account.reserved)
        / PICODOLLARS_PER_USD
    )
    return (
        f"A call of {model_id} may cost {amount / PICODOLLARS_PER_USD:.6f} USD; {account.name} "
        f"budget has {left:.6f} left."
    )
