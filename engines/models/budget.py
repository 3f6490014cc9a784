"""Budgets.

Reserved before a call, settled after it, so that calls side by side cannot spend the same
money twice.

What a provider does not tell is estimated: the tokens of an answer without figures from its
characters, the cost of a call that was sent and never heard of from its reservation.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from cachetools import LRUCache

from contracts.usage import Usage
from engines.models.failures import BudgetSpent
from engines.models.prices import FREE, PICODOLLARS, Price, Prices

TICKETS: Final = 50_000
"""Tickets whose spending is remembered, the last used ones: far more than are ever under way."""


CHARACTERS_A_TOKEN: Final = 3.2
"""English has about four, identifiers and JSON fewer."""


def tokens_in(characters: int) -> int:
    """An estimate, rather too high than too low."""
    return math.ceil(characters / CHARACTERS_A_TOKEN)


def completed(usage: Usage, prompt: int, answer: int) -> Usage:
    """The usage of an answered call, with tokens estimated where the provider told none.

    `prompt` and `answer` are characters. No prompt has zero tokens, so a zero counts as not told.
    """
    estimated = {
        "prompt_tokens": usage.prompt_tokens or tokens_in(prompt),
        "completion_tokens": usage.completion_tokens or tokens_in(answer),
    }
    return usage.model_copy(update=estimated)


@dataclass(slots=True)
class Account:
    """One budget, in picodollars. A `limit` of None is none."""

    name: str
    limit: int | None
    spent: int = 0
    reserved: int = 0

    def has_room(self, amount: int) -> bool:
        """Whether the amount can still be reserved. What costs nothing always can."""
        return (
            not amount
            or self.limit is None
            or self.spent + self.reserved + amount <= self.limit
        )


@dataclass(eq=False, frozen=True, slots=True)
class Reservation:
    """Money put aside for one call, in the accounts of its ticket, desk and day.

    It keeps the accounts themselves: a call that ends after midnight is settled on the day
    it began.
    """

    price: Price
    amount: int
    accounts: tuple[Account, ...]


class Budget:
    """The money of one process, in USD: per ticket, per UTC day, and per desk and UTC day.

    None is no limit.

    No call is let through when what was spent and what is reserved would go beyond a limit.
    Only a call that used more tokens than were reserved for it can. Nothing here waits, so
    that it is safe on one event loop.
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
        self._ticket_limit = _limit(per_ticket_usd)
        self._day_limit = _limit(per_day_usd)
        self._desk_limits = {
            desk: _limit(usd) for desk, usd in (per_desk_day_usd or {}).items()
        }
        limits = (self._ticket_limit, self._day_limit, *self._desk_limits.values())
        self._unknown = (
            FREE if all(limit is None for limit in limits) else prices.dearest
        )
        self._now = now
        self._tickets: LRUCache[str, Account] = LRUCache(maxsize=TICKETS)
        self._open: set[Reservation] = set()
        self._begin(self._today())
        for desk, usd in (spent_today or {}).items():
            self._desk(desk).spent = round(usd * PICODOLLARS)
            self._all.spent += round(usd * PICODOLLARS)

    def reserve(
        self,
        ticket_id: str,
        desk_id: str,
        model_id: str,
        prompt_tokens: int,
        completion_tokens: int,
    ) -> Reservation:
        """Put aside what a call costs at most. Raises BudgetSpent, having put nothing aside.

        A model without a price counts as the dearest of the table where there is any limit,
        and as free elsewhere.
        """
        self._turn_the_day()
        price = self._prices.of(model_id) or self._unknown
        amount = price.cost(prompt_tokens, completion_tokens)
        accounts = (self._all, self._desk(desk_id), *self._ticket(ticket_id))
        for account in accounts:
            if not account.has_room(amount):
                raise BudgetSpent(_refusal(account, amount, model_id))
        for account in accounts:
            account.reserved += amount
        reservation = Reservation(price, amount, accounts)
        self._open.add(reservation)
        return reservation

    def settle(self, reservation: Reservation, usage: Usage) -> Usage:
        """Book what a call really used, also when it failed. Returns the usage with its `cost_usd`.

        The second time, and after a release, nothing is booked.
        """
        cost = reservation.price.cost(
            usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens
        )
        self._close(reservation, cost)
        return usage.model_copy(update={"cost_usd": cost / PICODOLLARS})

    def forfeit(self, reservation: Reservation, usage: Usage) -> Usage:
        """Book all that was reserved, for a call that was sent and not heard of.

        It may have cost that.

        Returns the usage with it as its `cost_usd`; its tokens stay as they are. The second
        time nothing is booked.
        """
        self._close(reservation, reservation.amount)
        return usage.model_copy(update={"cost_usd": reservation.amount / PICODOLLARS})

    def release(self, reservation: Reservation) -> None:
        """Take a reservation back: nothing was sent.

        Without effect after `settle` and `forfeit`.
        """
        self._close(reservation, 0)

    def spent_today(self) -> float:
        """USD of this UTC day, of all desks."""
        self._turn_the_day()
        return self._all.spent / PICODOLLARS

    def spent_today_by_desk(self) -> dict[str, float]:
        """USD of this UTC day, of each desk that has asked a model."""
        self._turn_the_day()
        return {
            desk: account.spent / PICODOLLARS for desk, account in self._desks.items()
        }

    def _close(self, reservation: Reservation, cost: int) -> None:
        if reservation in self._open:
            self._open.remove(reservation)
            for account in reservation.accounts:
                account.reserved -= reservation.amount
                account.spent += cost

    def _ticket(self, ticket_id: str) -> tuple[Account, ...]:
        if self._ticket_limit is None:
            return ()
        if ticket_id not in self._tickets:
            self._tickets[ticket_id] = Account("this ticket's", self._ticket_limit)
        return (self._tickets[ticket_id],)

    def _desk(self, desk_id: str) -> Account:
        if desk_id not in self._desks:
            self._desks[desk_id] = Account(
                f"the {desk_id} desk's daily", self._desk_limits.get(desk_id)
            )
        return self._desks[desk_id]

    def _today(self) -> date:
        return self._now().astimezone(UTC).date()

    def _turn_the_day(self) -> None:
        today = self._today()
        if (
            today > self._day
        ):  # a clock put back must not bring the same day's money twice
            self._begin(today)

    def _begin(self, day: date) -> None:
        self._day = day
        self._all = Account("the daily", self._day_limit)
        self._desks: dict[str, Account] = {}


def _limit(usd: float | None) -> int | None:
    return None if usd is None else round(usd * PICODOLLARS)


def _refusal(account: Account, amount: int, model_id: str) -> str:
    left = max(0, (account.limit or 0) - account.spent - account.reserved) / PICODOLLARS
    return (
        f"A call of {model_id} may cost {amount / PICODOLLARS:.6f} USD; {account.name} "
        f"budget has {left:.6f} left."
    )
