"""Any number of deliverers, each of which may stand still, for ever or until it is too
late, between any two of its steps; a receiver that answers, loses answers, is late or says
no; and a person who decides. Found by Hypothesis."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from connectors.port import (
    NotAcceptedError,
    OutboundEffect,
    RefusedError,
    UnsearchableError,
)
from contracts.effect import Resolution
from storage.database.database import Database, Transaction
from storage.database.sqlite import SqliteDatabase
from storage.jobs.port import RetryLaterError
from tests.integration.ledgers import KeptJobs, Ledger, empty_sqlite
from ticketgraph.effects.outbox import StoredOutbox
from ticketgraph.effects.sender import EffectSender

TIMEOUT = 1000.0
"""Seconds of a clock that only the machine moves."""

EPOCH = datetime(2026, 5, 4, tzinfo=UTC)
WORKERS = 3
EXAMPLES = 200
SENDINGS = st.sampled_from(
    ["answer", "answer lost", "lost", "late", "not accepted", "refused"]
)
SEARCHES = st.sampled_from(["works", "works", "works", "fails", "impossible"])


class World:
    """The receiver and the clock."""

    def __init__(self) -> None:
        self.time = 0.0
        self.accepted: Counter[str] = Counter()
        self.in_flight: list[tuple[float, str]] = []
        self.sending, self.search = "answer", "works"

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.time)

    def pass_by(self, seconds: float) -> None:
        """Time goes on.

        Whatever is under way is accepted within the half of the timeout that
        docs/connectors.md allows.
        """
        self.time += seconds
        for latest, marker in [*self.in_flight]:
            if latest <= self.time:
                self.in_flight.remove((latest, marker))
                self.accepted[marker] += 1


class Deliverer:
    """A process with one job, which does a step when it is let.

    It is a Connector and sees the ledger through gates.
    """

    def __init__(self, world: World, database: Database, key: str) -> None:
        self.world, self.key = world, key
        self.reopened = 0
        self.at_gate, self.go = asyncio.Event(), asyncio.Event()
        delivery = EffectSender(
            Gated(database, self), self, world.now, TIMEOUT, lambda: world.time
        )  # type: ignore[arg-type]
        self.task = asyncio.ensure_future(delivery.deliver_effect(key))

    async def gate(self) -> None:
        """Stand still."""
        self.at_gate.set()
        await self.go.wait()
        self.go.clear()

    async def step(self) -> None:
        """Let it go on to its next gate, or to its end."""
        self.go.set()
        self.at_gate.clear()
        await self.rest()

    async def rest(self) -> None:
        """Until it stands at a gate or has ended."""
        waiting = asyncio.ensure_future(self.at_gate.wait())
        await asyncio.wait({waiting, self.task}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    async def send(self, effect: OutboundEffect, before: float) -> str:
        await self.gate()
        world, sending = self.world, self.world.sending
        if world.time >= before:
            raise NotAcceptedError("too late")
        if sending == "late":
            world.in_flight.append((before + TIMEOUT / 2, effect.marker))
        world.accepted[effect.marker] += sending.startswith("answer")
        await self.gate()
        match sending:
            case "answer":
                return "remote"
            case "not accepted":
                raise NotAcceptedError("busy")
            case "refused":
                raise RefusedError("no")
        raise ConnectionError

    async def find(self, marker: str) -> str | None:
        await self.gate()
        found, search = (
            "remote" if self.world.accepted[marker] else None,
            self.world.search,
        )
        await self.gate()
        if search == "fails":
            raise ConnectionError
        if search == "impossible":
            raise UnsearchableError("no")
        return found


class Gated:
    """A database before and behind whose transactions somebody may stand still."""

    def __init__(self, database: Database, deliverer: Deliverer) -> None:
        self.database, self.deliverer = database, deliverer

    async def run_transaction(self, work: Transaction[Any]) -> Any:
        await self.deliverer.gate()
        result = await self.database.run_transaction(work)
        await self.deliverer.gate()
        return result


class Effects(RuleBasedStateMachine):
    """One effect's life after the other; those who stand still may still be at an earlier one."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        database: SqliteDatabase,
        numbers: Iterator[int],
    ) -> None:
        super().__init__()
        self.loop, self.database, self.numbers = loop, database, numbers
        self.tables = sqlite3.connect(database.name, isolation_level=None)
        self.world = World()
        self.outbox = StoredOutbox(database, self.world.now, KeptJobs())
        self.ledger = Ledger(database)
        self.keys: list[str] = []
        self.reopened = 0
        self.there_is_an_effect()
        self.deliverers: list[Deliverer] = []
        self.crashed: list[Deliverer] = []

    def run(self, work: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(work)

    def status_of(self, key: str) -> str:
        return self.tables.execute(
            "SELECT status FROM outbox WHERE key = ?", (key,)
        ).fetchone()[0]

    @property
    def key(self) -> str:
        """The newest."""
        return self.keys[-1]

    @property
    def status(self) -> str:
        return self.status_of(self.key)

    @precondition(lambda self: self.status in ("sent", "dropped", "refused"))
    @rule()
    def there_is_an_effect(self) -> None:
        self.keys.append(self.run(self.ledger.record(next(self.numbers))))

    async def begin(self) -> Deliverer:
        deliverer = Deliverer(self.world, self.database, self.key)
        deliverer.reopened = self.reopened
        self.deliverers.append(deliverer)
        await deliverer.rest()
        return deliverer

    @rule(
        which=st.integers(0, WORKERS - 1),
        steps=st.sampled_from([1, 2, 3, 9]),
        sending=SENDINGS,
        search=SEARCHES,
    )
    def somebody_goes_on(
        self, which: int, steps: int, sending: str, search: str
    ) -> None:
        known = which < len(self.deliverers)
        deliverer = self.deliverers[which] if known else self.run(self.begin())
        self.world.sending, self.world.search = sending, search
        for _ in range(steps):
            if deliverer.task.done():
                break
            self.run(deliverer.step())
        if deliverer.task.done():
            self.deliverers.remove(deliverer)
            self.ended(deliverer)

    def ended(self, deliverer: Deliverer) -> None:
        """A job that was done to its end leaves nothing on its way but what has a new job.

        All others come again.
        """
        error = deliverer.task.exception()
        assert error is None or isinstance(error, RetryLaterError), error
        if error is None and deliverer.reopened == self.reopened:
            assert self.status_of(deliverer.key) not in ("queued", "sending")

    @precondition(lambda self: len(self.deliverers) == WORKERS)
    @rule(which=st.integers(0, WORKERS - 1))
    def somebody_is_killed(self, which: int) -> None:
        self.crashed.append(self.deliverers.pop(which))

    @rule(
        seconds=st.sampled_from([1.0, TIMEOUT / 2, TIMEOUT, 1.5 * TIMEOUT, 4 * TIMEOUT])
    )
    def time_goes_on(self, seconds: float) -> None:
        self.world.pass_by(seconds)

    @precondition(lambda self: self.status in ("unknown", "refused"))
    @rule(drops=st.booleans())
    def a_person_decides(self, drops: bool) -> None:
        outcome = (
            "sent"
            if self.world.accepted[self.key]
            else "drop"
            if drops
            else "send_again"
        )
        self.reopened += outcome == "send_again"
        self.run(self.outbox.resolve_effect(self.key, Resolution(outcome=outcome)))  # type: ignore[arg-type]

    @invariant()
    def it_is_accepted_once_at_most(self) -> None:
        under_way = Counter(marker for _, marker in self.world.in_flight)
        assert max((self.world.accepted + under_way).values(), default=0) <= 1

    @invariant()
    def the_ledger_claims_nothing_that_is_not_so(self) -> None:
        for key in self.keys:
            status, accepted = self.status_of(key), self.world.accepted[key]
            assert status != "sent" or accepted == 1
            assert status not in ("refused", "dropped") or accepted == 0

    def teardown(self) -> None:
        try:
            self.all_comes_to_an_end()
        finally:
            self.tables.close()
            for deliverer in (*self.deliverers, *self.crashed):
                deliverer.task.cancel()
                self.run(asyncio.wait({deliverer.task}))

    def all_comes_to_an_end(self) -> None:
        """With nobody left but one who works well, the effect is soon sent or with a person."""
        self.crashed += self.deliverers
        self.world.sending, self.world.search = "answer", "works"
        for _ in range(10):
            self.deliverers = []
            deliverer = self.run(self.begin())
            while not deliverer.task.done():
                self.run(deliverer.step())
            error = deliverer.task.exception()
            if error is None:
                break
            assert isinstance(error, RetryLaterError), error
            self.world.pass_by(error.seconds)
        assert self.status in ("sent", "unknown", "refused", "dropped")
        self.it_is_accepted_once_at_most()
        self.the_ledger_claims_nothing_that_is_not_so()


def test_no_order_of_steps_accepts_twice_or_loses(tmp_path: Path) -> None:
    loop, numbers = asyncio.new_event_loop(), count()
    database = loop.run_until_complete(empty_sqlite(tmp_path / "ledger.db"))
    try:
        run_state_machine_as_test(
            lambda: Effects(loop, database, numbers),
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=40,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        loop.run_until_complete(database.close())
        loop.close()
