"""The ledger of effects with a real receiver.

Whatever goes wrong, each is accepted at most once and none is lost.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from connectors.port import OutboundEffect
from connectors.webhook import WebhookConnector
from contracts.effect import Effect, Resolution
from contracts.errors import ConflictError, InputError, NotFoundError
from storage import tables
from storage.audit import log as audit
from storage.jobs.port import RetryLaterError
from storage.queries import outbox
from tests.integration.ledgers import (
    Clock,
    KeptJobs,
    Ledger,
    Place,
    database_at,
    empty_sqlite,
    ledger_on,
    on_postgres,
    place_of,
)
from tests.integration.receiver import Receiver
from tests.postgres import PostgresServer
from ticketgraph.checkpoints import fence as fencing
from ticketgraph.effects.outbox import StoredOutbox
from ticketgraph.effects.sender import ATTEMPTS_A_ROUND, EffectSender

TIMEOUT = 0.5


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return place_of(request, tmp_path)


@pytest.fixture
async def ledger(place: Place) -> AsyncIterator[Ledger]:
    """An empty ledger on each database."""
    async with ledger_on(await database_at(place)) as opened:
        yield opened


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Ledger]:
    """An empty ledger whose time can be moved on."""
    async with ledger_on(await empty_sqlite(tmp_path / "ledger.db")) as opened:
        yield opened


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as running:
        yield running


@pytest.fixture
async def connector(receiver: Receiver) -> AsyncIterator[WebhookConnector]:
    made = WebhookConnector(receiver.url, None, TIMEOUT, Clock().now)
    yield made
    await made.close()


def delivery(ledger: Ledger, connector: WebhookConnector | None) -> EffectSender:
    return EffectSender(ledger.database, connector, ledger.clock.now, TIMEOUT)


FAULTS = {
    "accept": "sent",
    "refuse": "refused",
    "too many": "sent",
    "busy": "sent",
    "drop before": "sent",
    "drop after": "sent",
    "500 after": "sent",
    "error": "sent",
    "hang before": "sent",
    "hang after": "sent",
    "garbage after": "sent",
    "no id": "sent",
    "long after": "sent",
    "conflict after": "sent",
    "conflict": "sent",
    "redirect": "sent",
}
"""What becomes of an effect when the first attempt to send it goes like this, and the
receiver can be searched."""


@pytest.mark.parametrize("fault", FAULTS)
async def test_one_fault_costs_nothing_where_the_receiver_can_be_searched(
    sqlite: Ledger, receiver: Receiver, connector: WebhookConnector, fault: str
) -> None:
    key = await sqlite.record()
    receiver.then(fault)
    await sqlite.work(lambda: delivery(sqlite, connector).deliver_effect(key))
    entry = await sqlite.entry(key)
    assert entry["status"] == FAULTS[fault]
    assert receiver.accepted[key] == (0 if entry["status"] == "refused" else 1)
    assert entry["remote_id"] == (
        receiver.id_of(key) if entry["status"] == "sent" else None
    )
    assert entry["settled_at"] is not None


@pytest.mark.parametrize(
    "fault", ["drop before", "hang after", "too many", "conflict after"]
)
async def test_the_same_on_postgresql(
    postgres: PostgresServer,
    receiver: Receiver,
    connector: WebhookConnector,
    fault: str,
) -> None:
    async with ledger_on(on_postgres(postgres)) as ledger:
        key = await ledger.record()
        receiver.then(fault)
        await ledger.work(lambda: delivery(ledger, connector).deliver_effect(key))
        assert (await ledger.entry(key))["status"] == FAULTS[fault]
        assert receiver.accepted[key] == 1


@pytest.mark.parametrize(
    ("fault", "search"),
    [
        *((fault, "forbidden") for fault in FAULTS),
        *(
            ("drop after", search)
            for search in ("bare 404", "another page", "fails", "hangs")
        ),
    ],
)
async def test_where_it_cannot_be_searched_a_person_is_asked(
    sqlite: Ledger,
    receiver: Receiver,
    connector: WebhookConnector,
    fault: str,
    search: str,
) -> None:
    key = await sqlite.record()
    receiver.then(fault)
    receiver.search = search
    await sqlite.work(lambda: delivery(sqlite, connector).deliver_effect(key))
    entry = await sqlite.entry(key)
    certain = {
        "accept": "sent",
        "conflict after": "sent",
        "too many": "sent",
        "busy": "sent",
        "refuse": "refused",
    }
    assert entry["status"] == certain.get(fault, "unknown")
    assert receiver.requests == (2 if fault in ("too many", "busy") else 1)
    assert receiver.accepted[key] <= 1


@pytest.mark.parametrize(
    "fault", ["drop before", "error", "hang before", "too many", "busy", "redirect"]
)
async def test_one_that_never_gets_better_ends_with_a_person(
    sqlite: Ledger, receiver: Receiver, connector: WebhookConnector, fault: str
) -> None:
    key = await sqlite.record()
    receiver.mode = fault
    await sqlite.work(lambda: delivery(sqlite, connector).deliver_effect(key))
    entry = await sqlite.entry(key)
    assert (entry["attempts"], receiver.requests) == (
        ATTEMPTS_A_ROUND,
        ATTEMPTS_A_ROUND,
    )
    assert entry["status"] == (
        "refused" if fault in ("too many", "busy") else "unknown"
    )
    assert (receiver.accepted[key], "attempts were made" in entry["error"]) == (0, True)


async def test_who_is_down_for_a_while_gets_it_when_back(
    sqlite: Ledger, receiver: Receiver, connector: WebhookConnector
) -> None:
    key = await sqlite.record()
    await receiver.stop()
    for _ in range(5):
        with pytest.raises(RetryLaterError) as again:
            await delivery(sqlite, connector).deliver_effect(key)
        assert (await sqlite.entry(key))["status"] == "queued"
        sqlite.clock.pass_by(again.value.seconds)
    await receiver.start()
    await sqlite.work(lambda: delivery(sqlite, connector).deliver_effect(key))
    assert ((await sqlite.entry(key))["status"], receiver.accepted[key]) == ("sent", 1)


async def test_down_for_long_is_a_persons_matter(
    sqlite: Ledger, receiver: Receiver, connector: WebhookConnector
) -> None:
    key = await sqlite.record()
    await receiver.stop()
    before = sqlite.clock.now()
    await sqlite.work(lambda: delivery(sqlite, connector).deliver_effect(key))
    entry = await sqlite.entry(key)
    assert (entry["status"], entry["attempts"]) == ("refused", ATTEMPTS_A_ROUND)
    assert 3600 < (sqlite.clock.now() - before).total_seconds() < 4000
    await receiver.start()
    await sqlite.outbox.resolve_effect(
        key, Resolution(outcome="send_again", decided_by="ada")
    )
    await sqlite.work(lambda: delivery(sqlite, connector).deliver_effect(key))
    assert ((await sqlite.entry(key))["status"], receiver.accepted[key]) == ("sent", 1)


async def test_many_at_once_send_it_once(
    ledger: Ledger, receiver: Receiver, connector: WebhookConnector
) -> None:
    keys = [await ledger.record(number) for number in range(5)]
    receiver.then("hang after", "500 after")
    workers = [delivery(ledger, connector) for _ in range(4)]

    async def work(worker: EffectSender, key: str) -> None:
        await ledger.work(lambda: worker.deliver_effect(key))

    await asyncio.gather(*(work(worker, key) for worker in workers for key in keys))
    assert [(await ledger.entry(key))["status"] for key in keys] == ["sent"] * 5
    assert [receiver.accepted[key] for key in keys] == [1] * 5


async def test_whoever_comes_while_it_is_sent_waits(
    ledger: Ledger, receiver: Receiver, connector: WebhookConnector
) -> None:
    key = await ledger.record()
    receiver.then("hang after")
    first = asyncio.create_task(delivery(ledger, connector).deliver_effect(key))
    arrived = asyncio.create_task(receiver.arrived.wait())
    await asyncio.wait({arrived, first}, return_when=asyncio.FIRST_COMPLETED)
    assert arrived.done(), "it was too late to send it"
    with pytest.raises(RetryLaterError) as again:
        await delivery(ledger, connector).deliver_effect(key)
    assert 0 < again.value.seconds <= 1.5 * TIMEOUT
    assert receiver.searches == 0
    with pytest.raises(RetryLaterError):
        await first
    await ledger.work(lambda: delivery(ledger, connector).deliver_effect(key))
    assert ((await ledger.entry(key))["status"], receiver.accepted[key]) == ("sent", 1)


class Frozen(WebhookConnector):
    """A connector whose process stands still right before it sends, until it is thawed."""

    def __init__(self, url: str) -> None:
        super().__init__(url, None, TIMEOUT, Clock().now)
        self.thawed = asyncio.Event()
        self.frozen = asyncio.Event()
        self.late = asyncio.Event()

    async def send(self, effect: OutboundEffect, before: float) -> str:
        self.frozen.set()
        while not self.thawed.is_set():
            try:
                await self.thawed.wait()
            except asyncio.CancelledError:
                self.late.set()  # and nothing else: it stands still
        return await super().send(effect, before)


async def test_one_who_wakes_up_late_sends_nothing_and_settles_nothing(
    ledger: Ledger, receiver: Receiver, connector: WebhookConnector
) -> None:
    key = await ledger.record()
    late = Frozen(receiver.url)
    zombie = asyncio.create_task(delivery(ledger, late).deliver_effect(key))
    await late.frozen.wait()
    await ledger.pause(1.5 * TIMEOUT)
    await ledger.work(lambda: delivery(ledger, connector).deliver_effect(key))
    settled = await ledger.entry(key)
    await late.late.wait()
    late.thawed.set()
    with pytest.raises(RetryLaterError):
        await zombie
    await late.close()
    assert (settled["status"], settled["attempts"]) == ("sent", 2)
    assert await ledger.entry(key) == settled
    assert (receiver.accepted[key], receiver.requests) == (1, 1)


async def test_without_a_connector_nothing_is_queued_and_what_is_queued_waits(
    ledger: Ledger, receiver: Receiver, connector: WebhookConnector
) -> None:
    bare = StoredOutbox(ledger.database, ledger.clock.now)
    effect = outbox_effect("TKT-1:reply:bare")
    async with ledger.database.open_write() as connection:
        await bare.record_effects(
            connection, "TKT-1", "run-1", [effect], ledger.clock.now()
        )
    assert (await ledger.entry(effect.key))["status"] == "recorded"
    await delivery(ledger, connector).deliver_effect(effect.key)
    assert receiver.requests == 0
    key = await ledger.record()
    with pytest.raises(RetryLaterError):
        await delivery(ledger, None).deliver_effect(key)
    assert (await ledger.entry(key))["status"] == "queued"


def outbox_effect(key: str) -> Effect:
    return Effect(action="reply", target="ada@example.com", key=key)


async def test_a_link_is_only_recorded(ledger: Ledger) -> None:
    key = await ledger.record(action="link")
    assert ((await ledger.entry(key))["status"], ledger.jobs.tasks) == ("recorded", [])


async def test_what_is_known_is_not_queued_again(ledger: Ledger) -> None:
    key = await ledger.record()
    await ledger.record()
    assert [task.subject for task in ledger.jobs.tasks] == [key]


async def test_queued_rows_of_older_versions_are_never_sent(
    ledger: Ledger, receiver: Receiver, connector: WebhookConnector
) -> None:
    key = await ledger.record()
    async with ledger.database.open_write() as connection:
        await connection.execute(update(tables.outbox).values(started_at=None))
    ledger.jobs.tasks.clear()
    assert (await ledger.entry(key))["status"] == "recorded"
    assert await ledger.outbox.enqueue_lost_effects() == 0
    await delivery(ledger, connector).deliver_effect(key)
    assert receiver.requests == 0
    async with ledger.database.open_read() as connection:
        shown = {
            which: len(await outbox.list_effects_page(connection, which, 10, 0))
            for which in ("recorded", "queued", "all")
        }  # type: ignore[arg-type]
    assert shown == {"recorded": 1, "queued": 0, "all": 1}


async def test_what_lost_its_task_gets_one(
    ledger: Ledger, receiver: Receiver, connector: WebhookConnector
) -> None:
    kept, lost, done = [await ledger.record(number) for number in range(3)]
    await ledger.work(lambda: delivery(ledger, connector).deliver_effect(done))
    ledger.jobs.tasks = [task for task in ledger.jobs.tasks if task.subject == kept]
    assert await ledger.outbox.enqueue_lost_effects() == 1
    assert [task.subject for task in ledger.jobs.tasks] == [kept, lost]


async def test_a_transaction_that_fails_leaves_no_effect(ledger: Ledger) -> None:
    async def failing() -> None:
        async with ledger.database.open_write() as connection:
            effects = [outbox_effect("TKT-1:reply:1")]
            await ledger.outbox.record_effects(
                connection, "TKT-1", "run-1", effects, ledger.clock.now()
            )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()
    with pytest.raises(NotFoundError):
        await ledger.entry("TKT-1:reply:1")


async def parked(
    ledger: Ledger, receiver: Receiver, connector: WebhookConnector
) -> str:
    """An effect that was accepted, of which we know nothing."""
    key = await ledger.record()
    receiver.then("hang after")
    receiver.search = "forbidden"
    await ledger.work(lambda: delivery(ledger, connector).deliver_effect(key))
    assert (await ledger.entry(key))["status"] == "unknown"
    return key


@pytest.mark.parametrize(
    ("outcome", "status"),
    [("sent", "sent"), ("drop", "dropped"), ("send_again", "queued")],
)
async def test_a_person_decides_once(
    ledger: Ledger,
    receiver: Receiver,
    connector: WebhookConnector,
    outcome: str,
    status: str,
) -> None:
    key = await parked(ledger, receiver, connector)
    ledger.jobs.tasks.clear()
    given = Resolution(outcome=outcome, decided_by="ada", remote_id="4711")  # type: ignore[arg-type]
    results = await asyncio.gather(
        *(ledger.outbox.resolve_effect(key, given) for _ in range(5)),
        return_exceptions=True,
    )
    (won,) = [result for result in results if not isinstance(result, BaseException)]
    assert (won.status, won.remote_id) == (
        status,
        "4711" if outcome == "sent" else None,
    )
    assert [
        type(result) for result in results if isinstance(result, BaseException)
    ] == [ConflictError] * 4
    assert [task.subject for task in ledger.jobs.tasks] == (
        [key] if outcome == "send_again" else []
    )
    async with ledger.database.open_read() as connection:
        (record,) = await audit.list_audit_page(connection, None)
    assert (record["kind"], record["actor"], record["ticket_id"]) == (
        "effect",
        "ada",
        "TKT-1",
    )
    assert key in record["detail"]
    assert "example.com" not in record["detail"]


async def test_send_again_needs_a_connector(
    ledger: Ledger, receiver: Receiver, connector: WebhookConnector
) -> None:
    key = await parked(ledger, receiver, connector)
    bare = StoredOutbox(ledger.database, ledger.clock.now)
    with pytest.raises(InputError, match="DELIVERY_WEBHOOK_URL"):
        await bare.resolve_effect(key, Resolution(outcome="send_again"))
    with pytest.raises(NotFoundError):
        await bare.resolve_effect("TKT-1:reply:none", Resolution(outcome="drop"))


async def test_a_run_that_was_overtaken_records_nothing(ledger: Ledger) -> None:
    at = ledger.clock.now()
    ticket = {
        "id": "TKT-1",
        "desk": "d",
        "subject": "s",
        "body": "b",
        "metadata": {},
        "source": "api",
    }
    ticket |= {"received_at": at, "updated_at": at, "status": "received"}
    run = {
        "id": "run-1",
        "ticket_id": "TKT-1",
        "flow_version": 1,
        "status": "running",
        "options": {},
        "attempts": 0,
    }
    async with ledger.database.open_write() as connection:
        await connection.execute(insert(tables.tickets), ticket)
        await connection.execute(
            insert(tables.runs), {**run, "epoch": 2, "created_at": at, "updated_at": at}
        )
    effect = outbox_effect("TKT-1:reply:1")
    with fencing.hold_epoch(1), pytest.raises(fencing.StaleEpochError):
        await ledger.outbox.put("TKT-1", "run-1", [effect])
    assert ledger.jobs == KeptJobs()
    with fencing.hold_epoch(2):
        assert await ledger.outbox.put("TKT-1", "run-1", [effect])
    assert ([task.subject for task in ledger.jobs.tasks], ledger.jobs.woken) == (
        [effect.key],
        1,
    )
    assert (
        await ledger.outbox.put(
            "TKT-1", "run-of-studio", [outbox_effect("TKT-1:reply:2")]
        )
        is False
    )
